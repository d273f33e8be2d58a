//! Compression, in and out: one table of codecs, what undoes each and what does it.

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
