//! A reference: FASTA and its index, split from the input at its first NUL, for a CRAM that needs one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Inputs};
use readseeker_fuzz::{crash_on_panics, folder, read, settings};

const CRAM: &[u8] = include_bytes!("../../../testdata/odd/mapped.3.0.cram");

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let folder = folder();
    let mut parts = data.splitn(2, |&byte| byte == 0);
    for name in ["ref.fa", "ref.fa.fai"] {
        // Without a second part there is no index.
        if let Some(part) = parts.next() {
            std::fs::write(folder.path().join(name), part).expect("a file can be written");
        }
    }
    let path = folder.path().join("in.cram");
    std::fs::write(&path, CRAM).expect("a file can be written");
    let reference = Some(folder.path().join("ref.fa"));
    // Whatever is read matches its checksums; that it is read or refused is enough.
    let _read_or_refused = read(&settings(Inputs::Files(vec![path]), Alignments::Dropped, reference));
});
