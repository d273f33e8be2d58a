"""The network that makes calls along the read: data, training, decoding, export."""
