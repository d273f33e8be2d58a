//! CRAM: all checksums are corrected, so that the decoders are reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Inputs};
use readseeker_fuzz::{check_alignments, check_letters, crash_on_panics, folder, read, settings};

/// The length of the file definition, which precedes the first container.
const FILE_DEFINITION: usize = 26;

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let mut data = data.to_vec();
    let _as_far_as_it_makes_sense = mend(&mut data);
    let folder = folder();
    let path = folder.path().join("in");
    std::fs::write(&path, &data).expect("a file can be written");
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/odd/reference.fa");
    let config = settings(Inputs::Files(vec![path]), Alignments::Kept, Some(reference.into()));
    if let Some((header, templates)) = read(&config) {
        check_letters(folder.path(), &templates);
        check_alignments(folder.path(), &header, &templates);
    }
});

/// Corrects the checksums after the headers of containers and after blocks.
fn mend(data: &mut [u8]) -> Option<()> {
    let mut at = FILE_DEFINITION;
    while at < data.len() {
        let start = at;
        let length = usize::try_from(i32::from_le_bytes(*data.get(at..)?.first_chunk()?)).ok()?;
        at += 4;
        for longest in [4, 4, 4, 4, 8, 8, 4] {
            number(data, &mut at, longest)?;
        }
        for _ in 0..number(data, &mut at, 4)? {
            number(data, &mut at, 4)?;
        }
        sign(data, start, &mut at)?;
        let end = at.checked_add(length).filter(|&end| end <= data.len())?;
        while at < end {
            let start = at;
            at += 2;
            number(data, &mut at, 4)?;
            let stored = number(data, &mut at, 4)?;
            number(data, &mut at, 4)?;
            at = at.checked_add(usize::try_from(stored).ok()?)?;
            sign(data, start, &mut at)?;
        }
        at = end;
    }
    Some(())
}

/// Writes the checksum of the bytes from `start` to `at`, and moves `at` past it.
fn sign(data: &mut [u8], start: usize, at: &mut usize) -> Option<()> {
    let checksum = crc32fast::hash(data.get(start..*at)?);
    data.get_mut(*at..)?.first_chunk_mut::<4>()?.copy_from_slice(&checksum.to_le_bytes());
    *at += 4;
    Some(())
}

/// Parses a number in ITF8 or LTF8; only the value of an ITF8 matters here.
fn number(data: &[u8], at: &mut usize, longest: u32) -> Option<u32> {
    let bytes = data.get(*at..)?;
    let first = *bytes.first()?;
    let more = first.leading_ones().min(longest);
    let rest = bytes.get(1..=more as usize)?;
    *at += 1 + rest.len();
    let head = u32::from(first) & (0xff_u32 >> (more + 1).min(8));
    let value = match (longest, more) {
        (4, 4) => {
            rest[..3].iter().fold(u32::from(first & 15), |value, &byte| value << 8 | u32::from(byte)) << 4
                | u32::from(rest[3] & 15)
        }
        _ => rest.iter().fold(head, |value, &byte| value << 8 | u32::from(byte)),
    };
    Some(value)
}
