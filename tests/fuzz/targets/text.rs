//! FASTQ, FASTA, SAM and all compressions: any bytes as a file, read as letters and, where it is SAM, for a BAM output.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Inputs};
use readseeker_fuzz::{check_alignments, check_letters, crash_on_panics, folder, read, settings};

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let folder = folder();
    let path = folder.path().join("in");
    std::fs::write(&path, data).expect("a file can be written");
    let is_text = data.first().is_none_or(|first| first.is_ascii());
    let inputs = Inputs::Files(vec![path]);
    if let Some((_, templates)) = read(&settings(inputs.clone(), Alignments::Dropped, None)) {
        check_letters(folder.path(), &templates);
    }
    // Letters become unaligned records, SAM aligned ones.
    if let Some((header, templates)) = read(&settings(inputs, Alignments::Kept, None)).filter(|_| is_text) {
        check_alignments(folder.path(), &header, &templates);
    }
});
