//! Headers: text as the header of a SAM and a BAM file; after a NUL, the reference sequences that BAM lists after the
//! text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Inputs};
use readseeker_fuzz::{bgzf, check_alignments, crash_on_panics, folder, read, settings};

/// An unmapped read, in SAM.
const READ: &[u8] = b"r\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n";

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let (text, sequences) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let length = u32::try_from(text.len()).expect("inputs are small").to_le_bytes();
    let bam = bgzf(&[b"BAM\x01", &length, text, sequences].concat());
    for file in [[text, READ].concat(), bam] {
        let folder = folder();
        let path = folder.path().join("in");
        std::fs::write(&path, file).expect("a file can be written");
        if let Some((header, templates)) = read(&settings(Inputs::Files(vec![path]), Alignments::Kept, None)) {
            check_alignments(folder.path(), &header, &templates);
            // The header as a run writes it.
            check_alignments(folder.path(), &header.with_program("readseeker", "0", "readseeker split"), &templates);
        }
    }
});
