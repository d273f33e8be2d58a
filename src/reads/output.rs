//! Writes reads and tables: FASTQ, FASTA or BAM, plain or compressed, as a whole or not at all.

mod annotation;
mod commit;
mod failure;
mod folder;
mod format;
mod letters;
mod place;
mod strays;
mod suffix;
mod writer;

pub use commit::{Existing, Pending, Placing, commit_all};
pub(crate) use failure::failed;
pub use folder::MadeFolder;
pub use format::{FileFormat, SequenceFormat};
pub use letters::{Names, Said, write_annotated, write_record};
pub use place::{check_place, stray_of};
pub use suffix::{Content, misleading_suffix};
pub use writer::{Writer, create, create_bgzf};
