//! BAM: the fuzzed bytes are wrapped in BGZF, so that checksums are right and the parser is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Inputs};
use readseeker_fuzz::{bgzf, check_alignments, check_letters, crash_on_panics, folder, read, settings};

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let folder = folder();
    let path = folder.path().join("in");
    std::fs::write(&path, bgzf(&[b"BAM\x01", data].concat())).expect("a file can be written");
    let inputs = Inputs::Files(vec![path]);
    if let Some((_, templates)) = read(&settings(inputs.clone(), Alignments::Dropped, None)) {
        check_letters(folder.path(), &templates);
    }
    if let Some((header, templates)) = read(&settings(inputs, Alignments::Kept, None)) {
        check_alignments(folder.path(), &header, &templates);
    }
});
