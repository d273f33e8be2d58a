//! Shared by the fuzz targets: bytes become files, files become templates, and what was written back must read the
//! same.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use futures::StreamExt;
use readseeker::reads::output::{Names, SequenceFormat, write_record};
use readseeker::reads::{self, Alignments, Grouping, Header, InputConfig, Inputs, MateNames, Template};

/// A temporary folder, in memory if the system supports it.
#[must_use]
pub fn folder() -> tempfile::TempDir {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
    folder.expect("a folder can be made")
}

/// Turns every panic from here on into a crash, except those that the CRAM reader catches and reports.
pub fn crash_on_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            if !reads::is_damage_reported_elsewhere() {
                eprintln!("{panic}");
                std::process::abort();
            }
        }));
    });
}

/// The settings with which a run would read these inputs.
#[must_use]
pub fn settings(inputs: Inputs, alignments: Alignments, reference: Option<PathBuf>) -> InputConfig {
    InputConfig {
        part: None,
        inputs,
        grouping: Grouping::Each,
        mate_names: MateNames::Compared,
        alignments,
        collate: None,
        reference,
        read_ahead: 1 << 20,
        workers: NonZero::<usize>::MIN,
    }
}

/// Reads everything in an input. `None` if the input is refused.
#[must_use]
pub fn read(config: &InputConfig) -> Option<(Header, Vec<Template>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut opened = reads::open(config, Arc::default()).await.ok()?;
        let mut templates = Vec::new();
        while let Some(template) = opened.stream.next().await {
            templates.push(template.ok()?);
        }
        Some((opened.header, templates))
    })
}

/// Checks that templates written as FASTQ are read back as the same letters.
pub fn check_letters(folder: &Path, templates: &[Template]) {
    let (mut text, mut expected) = (Vec::new(), Vec::new());
    for segment in templates.iter().flat_map(|template| &template.segments) {
        write_record(segment, SequenceFormat::Fastq, Names::AsRead, &mut text);
        expected.push(segment.bases().to_vec());
    }
    let path = folder.join("again.fq");
    std::fs::write(&path, &text).expect("a file can be written");
    let again = settings(Inputs::Files(vec![path]), Alignments::Dropped, None);
    let (_, again) = read(&again).expect("what was written can be read");
    let bases: Vec<_> = again.iter().flat_map(|t| &t.segments).map(|segment| segment.bases().to_vec()).collect();
    assert!(bases == expected, "what is read is what was written");
}

/// Checks that records kept for a BAM output are read back unchanged.
pub fn check_alignments(folder: &Path, header: &Header, templates: &[Template]) {
    let mut payload = header.to_bam();
    for alignment in templates.iter().flat_map(|template| &template.alignments) {
        alignment.write(None, &mut payload);
    }
    let path = folder.join("again.bam");
    std::fs::write(&path, bgzf(&payload)).expect("a file can be written");
    let (again, read) =
        read(&settings(Inputs::Files(vec![path]), Alignments::Kept, None)).expect("our BAM can be read");
    let mut back = again.to_bam();
    for alignment in read.iter().flat_map(|template| &template.alignments) {
        alignment.write(None, &mut back);
    }
    assert!(back == payload, "what is read is what was written");
}

/// Wraps bytes in BGZF blocks without compression.
#[must_use]
pub fn bgzf(payload: &[u8]) -> Vec<u8> {
    const MOST: usize = 60_000;
    /// The empty block that ends a BAM file; readers accept no other.
    const END: [u8; 28] = [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0, 27, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut file = Vec::new();
    for block in payload.chunks(MOST) {
        let length = u16::try_from(block.len()).expect("a block is shorter");
        file.extend([31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0]);
        file.extend((length + 5 + 25).to_le_bytes()); // its own length less one
        file.push(1);
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
        file.extend(crc32fast::hash(block).to_le_bytes());
        file.extend(u32::from(length).to_le_bytes());
    }
    file.extend(END);
    file
}
