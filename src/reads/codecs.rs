//! Compression and decompression: one table of codecs, with a decoder and an encoder for each.

mod bgzf_blocks;
mod bgzf_frames;
mod bgzf_reader;
mod blocks;
pub(super) mod codec;
mod decoders;
pub(super) mod decompress;
pub(super) mod encoder;
mod gzip_members;
mod source;
mod step;
mod stream;
