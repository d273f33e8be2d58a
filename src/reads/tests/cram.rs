//! CRAM of every kind that samtools writes (`testdata/odd/make.py`) compared with BAM of the same reads.

use tokio::io::AsyncReadExt;

use super::*;
use crate::reads::Format;

const KINDS: [&str; 5] = ["3.0", "3.1", "3.1_archive", "embedded", "no_reference"];

/// The templates of a CRAM, read with or without a reference.
async fn read_cram(path: PathBuf, reference: Option<PathBuf>) -> Result<Vec<Template>> {
    let inputs = Inputs::Lanes(vec![Input::Single(path)]);
    let (mate_names, alignments, collate) = (MateNames::Compared, Alignments::Dropped, None);
    let (grouping, read_ahead, workers) = (Grouping::Each, READ_AHEAD, WORKERS);
    let config =
        InputConfig { inputs, grouping, mate_names, alignments, collate, reference, read_ahead, workers, part: None };
    let templates = open(&config, Arc::default()).await?;
    assert_eq!(templates.format, Some(Format::Cram));
    templates.stream.try_collect().await
}

async fn complaint(path: PathBuf, reference: Option<PathBuf>) -> String {
    message(&read_cram(path, reference).await.unwrap_err())
}

#[tokio::test]
async fn every_kind_of_cram_holds_the_reads_of_its_bam() {
    for order in ["mapped", "mapped_sorted"] {
        let (bam, _) = read_with(Input::Single(odd(&format!("{order}.bam"))), Grouping::Each).await;
        let bam = bam.unwrap();
        assert_eq!(bam.len(), 129);
        for kind in KINDS {
            let path = odd(&format!("{order}.{kind}.cram"));
            let cram = read_cram(path.clone(), Some(odd("reference.fa"))).await.unwrap();
            assert!(cram == bam, "{order}, {kind}");
            if ["embedded", "no_reference"].contains(&kind) {
                assert!(read_cram(path, None).await.unwrap() == bam, "{order}, {kind}, no reference given");
            }
        }
    }
}

/// Only a file with many names shows whether the name decoders handle them all.
#[tokio::test]
async fn many_names_are_those_of_the_bam() {
    let (bam, _) = read_with(Input::Single(odd("many.bam")), Grouping::Each).await;
    let bam = bam.unwrap();
    let names: std::collections::HashSet<&[u8]> = bam.iter().map(Template::name).collect();
    assert_eq!(names.len(), 1200);
    for kind in ["3.0", "3.1", "3.1_archive"] {
        assert!(read_cram(odd(&format!("many.{kind}.cram")), None).await.unwrap() == bam, "{kind}");
    }
}

/// Flags, positions and tags pass through to a BAM output too. MD and NM, which CRAM leaves out, are not recomputed.
#[tokio::test]
async fn its_records_are_those_of_the_bam_whole() {
    let bam = tokio::fs::File::open(odd("mapped.bam")).await.unwrap();
    let expected = lines(noodles::bgzf::r#async::io::Reader::new(bam)).await;
    assert_eq!(expected.len(), 129);
    for kind in KINDS {
        let stored = tokio::fs::File::open(odd(&format!("mapped.{kind}.cram"))).await.unwrap();
        let lines =
            lines(crate::reads::formats::cram::as_bam(stored, Some(odd("reference.fa")), Arc::default()).unwrap())
                .await;
        for (line, expected) in lines.iter().zip(&expected) {
            assert_eq!(line, expected, "{kind}");
        }
        assert_eq!(lines.len(), expected.len());
    }
}

/// A BAM file's records as SAM, without MD and NM.
async fn lines(mut bam: impl tokio::io::AsyncRead + Unpin) -> Vec<String> {
    use noodles::sam::alignment::io::Write as _;
    let mut bytes = Vec::new();
    bam.read_to_end(&mut bytes).await.unwrap();
    let mut reader = noodles::bam::io::Reader::from(bytes.as_slice());
    let header = reader.read_header().unwrap();
    let mut writer = noodles::sam::io::Writer::new(Vec::new());
    for record in reader.records() {
        writer.write_alignment_record(&header, &record.unwrap()).unwrap();
    }
    let text = String::from_utf8(writer.into_inner()).unwrap();
    let kept = |field: &&str| !field.starts_with("MD:") && !field.starts_with("NM:");
    text.lines().map(|line| line.split('\t').filter(kept).collect::<Vec<_>>().join("\t")).collect()
}

#[tokio::test]
async fn a_reference_that_is_needed_and_not_given_is_asked_for() {
    for order in ["mapped", "mapped_sorted"] {
        for kind in ["3.0", "3.1", "3.1_archive"] {
            let message = complaint(odd(&format!("{order}.{kind}.cram")), None).await;
            assert!(message.contains("needs the reference it was made with"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_reference_that_is_another_is_refused() {
    let files = Files::new();
    let right = std::fs::read_to_string(odd("reference.fa")).unwrap();
    let base = right.find('\n').unwrap() + 1;
    let mut wrong = right.clone().into_bytes();
    wrong[base] = if wrong[base] == b'A' { b'C' } else { b'A' };
    let wrong = files.write("wrong.fa", wrong);
    let missing = files.write("missing.fa", right.replace(">b ", ">x "));
    for (reference, named) in [(wrong, "a differs"), (missing, "b differs")] {
        for file in ["mapped.3.0.cram", "mapped_sorted.3.0.cram"] {
            let message = complaint(odd(file), Some(reference.clone())).await;
            assert!(message.contains("the reference given is not the one"), "{message}");
            assert!(message.contains(named), "{message}");
        }
    }
    let none = complaint(odd("mapped.3.0.cram"), Some(files.path("none.fa"))).await;
    assert!(none.contains("cannot read the reference") && none.contains("No such file"), "{none}");
}

#[tokio::test]
async fn a_reference_is_found_as_htslib_finds_it() {
    let files = Files::new();
    let reference = std::fs::read_to_string(odd("reference.fa")).unwrap();
    let bam = read_with(Input::Single(odd("mapped.bam")), Grouping::Each).await.0.unwrap();
    let blank = files.write("blank.fa", reference.clone() + "\n\n");
    assert!(read_cram(odd("mapped.3.0.cram"), Some(blank)).await.unwrap() == bam);
    let mut encoder = async_compression::tokio::write::GzipEncoder::new(Vec::new());
    tokio::io::AsyncWriteExt::write_all(&mut encoder, reference.as_bytes()).await.unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut encoder).await.unwrap();
    let gzip = complaint(odd("mapped.3.0.cram"), Some(files.write("gzip.fa.gz", encoder.into_inner()))).await;
    assert!(gzip.contains("gzip.fa.gz is compressed with gzip, not BGZF"), "{gzip}");
    let bgzf = [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0][..], b"BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0"].concat();
    let no_index = complaint(odd("mapped.3.0.cram"), Some(files.write("bgzf.fa.gz", bgzf))).await;
    assert!(no_index.contains("bgzf.fa.gz has no index") && no_index.contains("bgzf.fa.gz.fai"), "{no_index}");
}

#[tokio::test]
async fn an_end_that_is_not_the_end_of_a_cram_is_refused() {
    let files = Files::new();
    let mut bytes = std::fs::read(odd("mapped.no_reference.cram")).unwrap();
    let length = bytes.len();
    bytes[length - 9] ^= 1;
    let message = complaint(files.write("end.cram", &bytes), None).await;
    assert!(message.contains("a block does not match its checksum"), "{message}");
    let checksum = libdeflater::crc32(&bytes[length - 15..length - 4]);
    bytes[length - 4..].copy_from_slice(&checksum.to_le_bytes());
    let message = complaint(files.write("end.cram", &bytes), None).await;
    assert!(message.contains("the container that ends it is not the one"), "{message}");
}

#[tokio::test]
async fn a_cram_cut_anywhere_is_noticed() {
    let files = Files::new();
    let whole = std::fs::read(odd("mapped_sorted.no_reference.cram")).unwrap();
    let end = whole.len() - 38; // the container that ends every file
    let cuts = (30..whole.len()).step_by(211).chain([end, end + 1, end + 20, whole.len() - 15, whole.len() - 1]);
    for cut in cuts {
        let message = complaint(files.write("cut.cram", &whole[..cut]), None).await;
        assert!(message.contains("the file is cut short"), "cut at {cut} of {}: {message}", whole.len());
    }
    let more = complaint(files.write("more.cram", [&whole[..], b"x"].concat()), None).await;
    assert!(more.contains("something after its end"), "{more}");
}

#[tokio::test]
async fn a_damaged_cram_is_noticed() {
    let files = Files::new();
    let mut damaged = std::fs::read(odd("mapped.3.1_archive.cram")).unwrap();
    // Skips the file definition, whose name may be anything. Damage in the header's padding leaves the templates
    // unchanged.
    for at in (26..damaged.len()).step_by(173) {
        damaged[at] ^= 4;
        let path = files.write("damaged.cram", &damaged);
        match read_cram(path, Some(odd("reference.fa"))).await {
            Ok(templates) => assert!(
                templates == read_cram(odd("mapped.3.1_archive.cram"), Some(odd("reference.fa"))).await.unwrap(),
                "at {at}"
            ),
            Err(error) => drop(message(&error)),
        }
        damaged[at] ^= 4;
    }
}

/// A file of `testdata/odd` with some bytes of a block changed and the block's checksum corrected.
fn forged(files: &Files, name: &str, block: std::ops::Range<usize>, changes: &[(usize, u8)]) -> PathBuf {
    let mut bytes = std::fs::read(odd(name)).unwrap();
    let (from, to) = (block.start, block.end - 4);
    assert_eq!(libdeflater::crc32(&bytes[from..to]).to_le_bytes(), bytes[to..block.end], "the block is elsewhere");
    for &(at, byte) in changes {
        bytes[at] = byte;
    }
    let checksum = libdeflater::crc32(&bytes[from..to]);
    bytes[to..block.end].copy_from_slice(&checksum.to_le_bytes());
    files.write("forged.cram", bytes)
}

/// samtools 1.16 refuses these as well.
#[tokio::test]
async fn what_no_checksum_tells_is_noticed() {
    let files = Files::new();
    for (name, block, changes, said) in [
        ("mapped.3.1.cram", 11966..12293, &[(12005, 0x3b)][..], "the frequencies in a block do not add up"),
        ("mapped.3.1.cram", 11966..12293, &[(11979, 0x07), (11985, 0x01)], "the frequencies in a block"),
        ("mapped.embedded.cram", 30296..30352, &[(30342, 0x85)], "the reference within a slice does not match"),
        ("mapped.no_reference.cram", 2683..2704, &[(2691, 0x01)], "bases in record"),
        ("mapped.no_reference.cram", 560..572, &[(565, 0x93)], "a record has flags that there are not"),
        ("mapped.no_reference.cram", 198..442, &[(283, 0x00)], "a Huffman code has not one length for each symbol"),
        ("mapped.3.0.cram", 1477..1489, &[(1482, 0x20)], "lies outside of its slice's extent"),
        ("mapped.no_reference.cram", 3511..3698, &[(3520, 0x00)], "is at position 0, but not marked as unmapped"),
        ("mapped_sorted.3.1.cram", 11850..11877, &[(11866, 0x00), (11867, 0xf6)], "records claim far more bases"),
    ] {
        let message = complaint(forged(&files, name, block, changes), Some(odd("reference.fa"))).await;
        assert!(message.contains(said), "{name}: {message}");
    }
}

/// BAM tags may hold any text, as in htslib.
#[tokio::test]
async fn tags_may_hold_any_text() {
    let stored = tokio::fs::File::open(odd("any_text.cram")).await.unwrap();
    let mut bytes = Vec::new();
    let mut bam = crate::reads::formats::cram::as_bam(stored, None, Arc::default()).unwrap();
    bam.read_to_end(&mut bytes).await.unwrap();
    let mut reader = noodles::bam::io::Reader::from(bytes.as_slice());
    reader.read_header().unwrap();
    let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
    let tags: Vec<String> = records[0].data().iter().map(|field| format!("{:?}", field.unwrap())).collect();
    let text = tags.join(" ");
    assert_eq!((records.len(), tags.len()), (1, 5), "{text}");
    for shown in ["String(\"5 µg\")", "[Ok(1), Ok(-2)]", "Float(0.5)", "Character(120)", "(-70000)"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}

#[tokio::test]
async fn a_version_we_do_not_read_is_named_with_what_reads_it() {
    let files = Files::new();
    let mut old = std::fs::read(odd("mapped.3.0.cram")).unwrap();
    old[4..6].copy_from_slice(&[2, 1]);
    let message = complaint(files.write("old.cram", old), None).await;
    assert!(message.contains("it is of version 2.1, not 3.x"), "{message}");
}
