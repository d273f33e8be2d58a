//! Files that are truncated, damaged, misnamed or out of step: each must end in an error that says so, or be read.

use tokio::io::AsyncWriteExt;

use super::*;

/// The error message for a file with these bytes.
async fn complaint(bytes: impl AsRef<[u8]>) -> String {
    let files = Files::new();
    message(&read(files.write("reads", bytes)).await.unwrap_err())
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = async_compression::tokio::write::GzipEncoder::new(Vec::new());
    encoder.write_all(bytes).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

async fn bgzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = noodles::bgzf::r#async::io::Writer::new(Vec::new());
    encoder.write_all(bytes).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

/// The offsets where BGZF blocks end.
fn block_ends(bgzf: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    while let Some(size) = bgzf.get(ends[ends.len() - 1] + 16..) {
        ends.push(ends[ends.len() - 1] + usize::from(u16::from_le_bytes([size[0], size[1]])) + 1);
        if ends[ends.len() - 1] == bgzf.len() {
            break;
        }
    }
    ends.split_off(1)
}

/// A FASTQ file of several hundred kilobytes that compresses badly.
fn long_fastq() -> Vec<u8> {
    let record = |n: u32| {
        let bases: String =
            (0..99).map(|i| char::from(b"ACGT"[(n.wrapping_mul(2_654_435_761) >> (i % 30)) as usize % 4])).collect();
        format!("@r{n}\n{bases}\n+\n{}\n", "I".repeat(99))
    };
    (0..2000).map(record).collect::<String>().into_bytes()
}

#[tokio::test]
async fn a_bam_cut_anywhere_is_noticed() {
    let bam = std::fs::read(odd("alignments.bam")).unwrap();
    let ends = block_ends(&bam);
    assert!(ends.len() > 2, "blocks of data, and the end marker");
    let no_marker = complaint(&bam[..ends[ends.len() - 2]]).await;
    assert!(no_marker.contains("reads: record "), "{no_marker}");
    assert!(no_marker.contains("the file is cut short"), "{no_marker}");
    let mut cuts =
        vec![ends[0], ends[0] + 1, ends[0] + 17, ends[0] + 30, ends[0] - 1, bam.len() - 1, bam.len() - 27, 40, 18];
    cuts.extend((19..bam.len()).step_by(3989));
    for cut in cuts {
        let message = complaint(&bam[..cut]).await;
        assert!(message.contains("the file is cut short"), "cut at {cut}: {message}");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_a_bam_is_noticed() {
    let mut bam = std::fs::read(odd("alignments.bam")).unwrap();
    bam[30_000] ^= 4;
    let message = complaint(bam).await;
    assert!(message.contains("the compressed data is damaged: "), "{message}");
}

#[tokio::test]
async fn a_cut_gzip_is_noticed() {
    for whole in [gzip(&long_fastq()).await, bgzip(&long_fastq()).await] {
        let mut cuts = vec![whole.len() - 1, whole.len() - 8, whole.len() - 29, whole.len() / 2];
        // Without the end marker a BGZF file is still whole.
        cuts.extend(block_ends(&whole).into_iter().filter(|&end| end < whole.len() - 28));
        for cut in cuts {
            let message = complaint(&whole[..cut]).await;
            assert!(message.contains("the file is cut short"), "cut at {cut} of {}: {message}", whole.len());
        }
    }
}

/// A gzip member's checksum comes last, so the damaged text may be noticed before it.
#[tokio::test]
async fn a_flipped_bit_in_a_gzip_is_noticed() {
    for mut damaged in [gzip(&long_fastq()).await, bgzip(&long_fastq()).await] {
        for at in (20..damaged.len() - 40).step_by(damaged.len() / 15) {
            damaged[at] ^= 1;
            complaint(&damaged).await;
            damaged[at] ^= 1;
        }
    }
}

/// The number of reads in a file with these bytes, and the codes of its warnings.
async fn read_and_warned(bytes: &[u8]) -> (usize, String) {
    let files = Files::new();
    let (templates, counts) = read_with(Input::Single(files.write("reads.gz", bytes)), Grouping::Templates).await;
    (
        templates.unwrap().len(),
        counts.warnings().iter().map(crate::warning::Warning::code).collect::<Vec<_>>().join(","),
    )
}

#[tokio::test]
async fn text_without_the_end_marker_of_bgzf_is_read_with_a_warning() {
    let whole = bgzip(&long_fastq()).await;
    assert_eq!(read_and_warned(&whole).await, (2000, String::new()));
    assert_eq!(read_and_warned(&whole[..whole.len() - 28]).await, (2000, "no_end_marker".to_owned()));
    let (marked, more) = (bgzip(b"@a\nACGT\n+\nIIII\n").await, gzip(b"@b\nACGT\n+\nIIII\n").await);
    assert_eq!(read_and_warned(&[&marked[..], &more].concat()).await, (2, String::new()));
    assert_eq!(
        read_and_warned(&[&marked[..marked.len() - 28], &more, &marked].concat()).await,
        (3, "no_end_marker".to_owned())
    );
    assert_eq!(read_and_warned(&[&marked[..], &[0; 100]].concat()).await.0, 1);
}

#[tokio::test]
async fn what_follows_bgzf_blocks_is_called_what_it_is() {
    let bam = std::fs::read(odd("apart.bam")).unwrap();
    let text = bgzip(b"@a\nACGT\n+\nIIII\n").await;
    for (whole, garbage) in [(&bam, &b"garbage"[..]), (&text, b"garbage"), (&bam, b"x")] {
        let message = complaint([whole, garbage].concat()).await;
        assert!(message.contains("after its BGZF blocks the file continues with something that is not"), "{message}");
    }
    for (more, called) in [(gzip(b"x").await, "gzip that is not BGZF"), (vec![0; 99], "zeros")] {
        let message = complaint([&bam[..], &more].concat()).await;
        assert!(message.contains(&format!("after its BGZF blocks the file continues with {called}")), "{message}");
    }
    for cut in 1..28 {
        let message = complaint([&bam[..], &text[..cut]].concat()).await;
        assert!(message.contains("the file is cut short"), "{cut}: {message}");
    }
}

#[tokio::test]
async fn members_and_blocks_after_an_end_are_read_on() {
    let (a, b) = (b"@a\nACGT\n+\nIIII\n", b"@b\nACGT\n+\nIIII\n");
    let files = Files::new();
    for members in [[gzip(a).await, gzip(b).await], [bgzip(a).await, bgzip(b).await], [gzip(a).await, bgzip(b).await]] {
        let path = files.write("two.gz", members.concat());
        assert_eq!(read(path).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn bam_inside_plain_gzip_is_called_that() {
    let bam = std::fs::read(odd("apart.bam")).unwrap();
    let mut raw = Vec::new();
    let mut decoder = async_compression::tokio::bufread::GzipDecoder::new(bam.as_slice());
    decoder.multiple_members(true);
    tokio::io::AsyncReadExt::read_to_end(&mut decoder, &mut raw).await.unwrap();
    assert!(complaint(gzip(&raw).await).await.contains("BAM, but not compressed with BGZF"));
    assert!(complaint(&raw).await.contains("BAM, but not compressed with BGZF"));
    assert!(complaint(gzip(&bam).await).await.contains("compressed twice"));
}

#[tokio::test]
async fn other_compressions_and_formats_are_named() {
    let lz4 = complaint(b"\x04\x22\x4d\x18xxxx").await;
    assert!(lz4.contains("compressed with lz4"), "{lz4}");
    assert!(complaint(b"PK\x03\x04").await.contains("zip"));
    assert!(complaint(b"7z\xbc\xaf\x27\x1cxx").await.contains("7z"));
    assert!(complaint(b"\x1f\x9d\x90xx").await.contains("compress (.Z)"));
    assert!(complaint(gzip(b"\x28\xb5\x2f\xfdxxxx").await).await.contains("compressed twice"));
    let garbage = complaint(b"\x07\x9f\x00garbage").await;
    assert!(garbage.contains("not a BAM, SAM, CRAM, FASTQ or FASTA file: it starts with \"\\x07\\x9f"), "{garbage}");
    assert!(complaint(b"   ").await.contains("not a BAM"));
    assert!(complaint(b"\x1f\x8b").await.contains("the file is cut short"));
    assert!(complaint(gzip(b"garbage").await).await.contains("not a BAM"));
}

#[tokio::test]
async fn garbage_between_records_is_noticed() {
    let message = complaint(b"@a\nACGT\n+\nIIII\n\x00\x01\x02\n").await;
    assert!(message.contains("reads: record 2: expected \"@\" at the start of the record"), "{message}");
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped_and_so_are_blank_lines() {
    let files = Files::new();
    for text in ["@a\nA\n+\nI\n\n\r\n@b\nA\n+\nI\n\n", ">a\nA\n\n>b\nA\n\n", "\n@a\nA\nC\n+\nII\n@b\nA\n+\nI"] {
        for start in ["", "\u{feff}"] {
            let path = files.write("reads", start.to_owned() + text);
            assert_eq!(records(read(path).await.unwrap()).iter().map(Record::header).collect::<Vec<_>>(), [b"a", b"b"]);
        }
    }
    let sam = "\u{feff}@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n";
    assert_eq!(read(files.write("reads", sam)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_blank_line_between_records_of_sam_is_refused() {
    let line = "r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n";
    for text in
        [format!("@HD\tVN:1.6\n\n{line}"), format!("{line}\r\n{line}"), format!("{line}{}{line}", "\n".repeat(600_000))]
    {
        let message = complaint(text).await;
        assert!(message.contains("not a valid SAM record: it is an empty line"), "{message}");
    }
    let files = Files::new();
    assert_eq!(read(files.write("reads", line.to_owned() + &"\n".repeat(600_000))).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_of_a_reference_holds_no_control_character() {
    for (place, column) in [("a\tb\0\t", "RNEXT"), ("\x01\t*\t", "RNAME")] {
        let (rname, rnext) = place.split_once('\t').unwrap();
        let message = complaint(format!("@HD\tVN:1.6\nr\t4\t{rname}\t0\t0\t*\t{rnext}0\t0\tA\tI\n")).await;
        assert!(message.contains(&format!("its {column} holds a control character")), "{message}");
    }
}

#[tokio::test]
async fn interleaved_mates_that_are_the_same_reads_are_refused() {
    let files = Files::new();
    let twice = |reads: u32| {
        let record = |n: u32| format!("@r{n}\nACGT\n+\nIIII\n").repeat(2);
        (0..reads).map(record).collect::<Vec<_>>().concat()
    };
    let read = async |text: String| read_with(Input::Interleaved(files.write("il", text)), Grouping::Templates).await.0;
    for reads in [2, 1500] {
        let message = message(&read(twice(reads)).await.unwrap_err());
        assert!(message.contains("R1 and R2 are the same reads"), "{message}");
    }
    assert_eq!(read(twice(1)).await.unwrap().len(), 1, "a single pair proves nothing");
    assert_eq!(read(twice(2) + "@b\nACGT\n+\nIIII\n@b\nTTTT\n+\nIIII\n").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_gzip_member_with_flags_that_nobody_knows_is_refused() {
    let record = b"@a\nACGT\n+\nIIII\n";
    let mut member = gzip(record).await;
    for flag in [0x20, 0x40, 0x80] {
        member[3] |= flag;
        for before in [Vec::new(), gzip(record).await, bgzip(record).await] {
            let message = complaint([&before[..], &member].concat()).await;
            assert!(message.contains("reserved flags"), "{message}");
        }
        member[3] ^= flag;
    }
}

#[tokio::test]
async fn any_number_of_blank_lines_after_the_last_record_is_fine() {
    let files = Files::new();
    for (record, reads) in [("@a\nA\n+\nI\n", 1), (">a\nA\n", 1), ("", 0)] {
        let path = files.write("reads", record.to_owned() + &"\n".repeat(3_000_000));
        assert_eq!(read(path).await.unwrap().len(), reads);
    }
}

#[tokio::test]
async fn order_may_be_trusted_instead_of_names() {
    let files = Files::new();
    let record = |name: &str| format!("@{name}\nACGT\n+\nIIII\n");
    let [r1, r2] = [files.write("r1", record("a/1") + &record("b")), files.write("r2", record("x") + &record("y/1"))];
    let short = files.write("short", record("x"));
    let il = files.write("il", record("a/1") + &record("x"));
    let read = async |input, alignments| {
        let mate_names = MateNames::Trusted;
        let config = InputConfig { mate_names, alignments, ..config(input, Grouping::Templates) };
        open(&config, Arc::default()).await?.stream.try_collect::<Vec<Template>>().await
    };
    for (input, pairs) in [(Input::Pair(r1.clone(), r2.clone()), 2), (Input::Interleaved(il), 1)] {
        let templates = read(input, Alignments::Dropped).await.unwrap();
        assert_eq!(templates.len(), pairs);
        let mates = templates.iter().flat_map(|pair| pair.segments.iter().map(|segment| segment.mate.number()));
        assert!(mates.eq([1, 2].into_iter().cycle().take(2 * pairs)));
    }
    let short = read(Input::Pair(r1.clone(), short), Alignments::Dropped).await;
    assert!(message(&short.unwrap_err()).contains("\"b\" and the end of the file"));
    let kept = read(Input::Pair(r1, r2), Alignments::Kept).await;
    assert!(message(&kept.unwrap_err()).contains("R1 and R2 differ at pair 1"), "BAM tells mates by their names");
}

#[tokio::test]
async fn two_files_of_the_same_reads_are_refused() {
    let files = Files::new();
    let text = |pairs: usize| {
        let record = |n: usize| {
            format!(
                "@r{n}
ACGT{}
+
IIII{n}
",
                "A".repeat(n.to_string().len())
            )
        };
        (0..pairs).map(record).collect::<Vec<_>>().concat()
    };
    for pairs in [2, 999, 1000, 1001] {
        let [r1, r2] = ["r1", "r2"].map(|name| files.write(name, text(pairs)));
        let same = message(&read_pair(r1.clone(), r2).await.unwrap_err());
        assert!(same.contains("R1 and R2 are the same reads"), "{pairs}: {same}");
        let other = text(pairs).replacen("ACGT", "CCGT", 1);
        assert_eq!(read_pair(r1, files.write("r2", other)).await.unwrap().len(), pairs);
    }
}

#[tokio::test]
async fn a_missing_file_and_a_folder_are_errors_of_the_input() {
    let files = Files::new();
    let missing = message(&read(files.path("none.fq")).await.unwrap_err());
    assert!(missing.contains("none.fq: No such file"), "{missing}");
    let folder = message(&read(files.0.path()).await.unwrap_err());
    assert!(folder.contains("directory"), "{folder}");
}

#[tokio::test]
async fn empty_files_are_fine() {
    let files = Files::new();
    for bytes in [b"".to_vec(), b"\n\r\n".to_vec(), gzip(b"").await, bgzip(b"").await] {
        let path = files.write("empty", bytes);
        assert_eq!(read(&path).await.unwrap(), []);
        assert_eq!(read_pair(path.clone(), path.clone()).await.unwrap(), []);
        assert_eq!(read_with(Input::Interleaved(path), Grouping::Templates).await.0.unwrap(), []);
    }
}

#[tokio::test]
async fn records_without_bases_are_dropped_and_counted() {
    let files = Files::new();
    let r1 = files.write("r1", b"@a\n\n+\n\n@b\nA\n+\nI\n@c\n\n+\n\n");
    let r2 = files.write("r2", b"@a\nC\n+\nI\n@b\nA\n+\nI\n@c\n\n+\n\n");
    let (single, counts) = read_with(Input::Single(r1.clone()), Grouping::Templates).await;
    assert_eq!((single.unwrap().len(), counts.without_bases.get(), counts.records.get()), (1, 2, 3));
    let (pairs, counts) = read_with(Input::Pair(r1, r2), Grouping::Templates).await;
    let pairs = pairs.unwrap();
    assert_eq!(pairs.iter().map(|pair| pair.segments.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pairs[0].segments[0].mate.number(), 2);
    assert_eq!((counts.without_bases.get(), counts.records.get(), counts.orphans.get()), (3, 6, 0));
}

#[tokio::test]
async fn mates_out_of_step_are_noticed() {
    let files = Files::new();
    let record = |name: &str| format!("@{name}\nACGT\n+\nIIII\n");
    let r1 = files.write("r1", record("a/1") + &record("b 1:N:0:1") + &record("c"));
    let r2 = files.write("r2", record("a/2") + &record("b 2:N:0:1") + &record("d/2 x"));
    let differ = message(&read_pair(r1.clone(), r2).await.unwrap_err());
    assert!(differ.contains("R1 and R2 differ at pair 3: \"c\" and \"d/2\""), "{differ}");
    let short = files.write("short", record("a/2") + &record("b"));
    let ended = message(&read_pair(r1.clone(), short.clone()).await.unwrap_err());
    assert!(ended.contains("R1 and R2 differ at pair 3: \"c\" and the end of the file"), "{ended}");
    let short = files.write("short", record("a") + &record("b"));
    let ended = message(&read_pair(short, r1.clone()).await.unwrap_err());
    assert!(ended.contains("pair 3: the end of the file and \"c\""), "{ended}");
    let twice = message(&read_pair(r1.clone(), files.write("again", record("a/1"))).await.unwrap_err());
    assert!(twice.contains("pair 1: \"a/1\" and \"a/1\" are not marked as first and second mate"), "{twice}");
    let casava = |number: u8| files.write(&number.to_string(), record(&format!("a {number}:N:0:ACGT")));
    let swapped = message(&read_pair(casava(2), casava(1)).await.unwrap_err());
    assert!(swapped.contains("seem to be swapped: pair 1 is \"a 2:N:0:ACGT\" and \"a 1:N:0:ACGT\""), "{swapped}");
    let sra = |number: u8| files.write(&number.to_string(), record(&format!("SRR1.1.{number} 1 length=4")));
    assert_eq!(read_pair(sra(1), sra(2)).await.unwrap()[0].segments[1].name(), b"SRR1.1");
    let reads = (1..=2).map(|n| record(&format!("SRR1.{n}"))).collect::<String>();
    let single = read_with(Input::Interleaved(files.write("single", reads)), Grouping::Templates).await.0;
    assert!(message(&single.unwrap_err()).contains("\"SRR1.1\" and \"SRR1.2\""), "reads, and no mates");
    let fasta = files.write("fasta", ">a\nACGT\n");
    let mixed = message(&read_pair(r1, fasta).await.unwrap_err());
    assert!(mixed.contains("of different formats: FASTQ and FASTA"), "{mixed}");
}

#[tokio::test]
async fn interleaved_mates_are_paired_and_checked() {
    let files = Files::new();
    let record = |name: &str| format!("@{name}\nACGT\n+\nIIII\n");
    let interleaved = |text: String| read_with(Input::Interleaved(files.write("il", text)), Grouping::Templates);
    let (pairs, _) = interleaved(record("a/1") + &record("a/2") + &record("b x") + &record("b y")).await;
    let pairs = pairs.unwrap();
    let mates: Vec<_> =
        pairs.iter().map(|pair| [pair.segments[0].mate.number(), pair.segments[1].mate.number()]).collect();
    assert_eq!(mates, [[1, 2], [1, 2]]);
    assert_eq!(pairs[0].segments[1].header(), b"a/2");
    let odd = message(&interleaved(record("a") + &record("a") + &record("b")).await.0.unwrap_err());
    assert!(odd.contains("il: record 3 (b): the last record has no mate"), "{odd}");
    let differ = message(&interleaved(record("a") + &record("a") + &record("b") + &record("c")).await.0.unwrap_err());
    assert!(differ.contains("differ at pair 2: \"b\" and \"c\""), "{differ}");
    let path = files.write("il", record("a/1") + &record("a/2"));
    let (each, _) = read_with(Input::Interleaved(path), Grouping::Each).await;
    assert_eq!(each.unwrap().len(), 2);
}

#[tokio::test]
async fn alignments_name_their_mates_themselves() {
    let bam = odd("apart.bam");
    for input in [Input::Pair(bam.clone(), bam.clone()), Input::Interleaved(bam)] {
        let error = read_with(input, Grouping::Templates).await.0.unwrap_err();
        assert!(matches!(error, Error::Layout(_)), "{error}");
        assert!(explain(&error).contains("is BAM, whose records already say which mate they are"), "{error}");
    }
}

fn pipes<const N: usize>(files: &Files, names: [&str; N]) -> [PathBuf; N] {
    let pipes = names.map(|name| files.path(name));
    assert!(std::process::Command::new("mkfifo").args(&pipes).status().unwrap().success());
    pipes
}

/// Reads from a pipe, which cannot seek or be opened twice, and which delivers small pieces.
#[tokio::test]
async fn named_pipes_are_read() {
    let files = Files::new();
    let [pipe] = pipes(&files, ["pipe"]);
    let bam = std::fs::read(odd("alignments.bam")).unwrap();
    let writer = {
        let pipe = pipe.clone();
        tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::options().write(true).open(pipe).unwrap();
            for piece in bam.chunks(997) {
                std::io::Write::write_all(&mut file, piece).unwrap();
            }
        })
    };
    let templates = read(pipe).await.unwrap();
    writer.await.unwrap();
    assert_eq!(templates, read(odd("alignments.bam")).await.unwrap());
}

#[tokio::test]
async fn two_named_pipes_are_opened_at_once() {
    let files = Files::new();
    let pipes = pipes(&files, ["r1", "r2"]);
    let writer = {
        let pipes = pipes.clone();
        tokio::task::spawn_blocking(move || {
            let mut files = pipes.map(|pipe| std::fs::File::options().write(true).open(pipe).unwrap());
            for n in 0..3000 {
                for (mate, file) in files.iter_mut().enumerate() {
                    let record = format!("@r{n}/{}\nACGT\n+\nIIII\n", mate + 1);
                    std::io::Write::write_all(file, record.as_bytes()).unwrap();
                }
            }
        })
    };
    let [r1, r2] = pipes;
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), read_pair(r1, r2)).await;
    writer.await.unwrap();
    assert_eq!(read.expect("no deadlock").unwrap().len(), 3000);
}

/// One program writes R1 far ahead of R2, as pipelines with `paste` and `tee` do.
#[tokio::test]
async fn a_pipe_that_is_written_far_ahead_of_the_other_is_read_ahead() {
    let files = Files::new();
    let pipes = pipes(&files, ["r1", "r2"]);
    let writer = {
        let pipes = pipes.clone();
        tokio::task::spawn_blocking(move || {
            // All of R1 is written before R2 is even opened.
            for (mate, pipe) in pipes.into_iter().enumerate() {
                let reads = (0..30_000).map(|n| format!("@r{n}/{}\nACGT{}\n+\nIIIIIIIIII\n", mate + 1, "ACGTAC"));
                std::fs::write(pipe, reads.collect::<String>()).unwrap();
            }
        })
    };
    let [r1, r2] = pipes;
    let read = tokio::time::timeout(std::time::Duration::from_mins(1), read_pair(r1, r2)).await;
    assert_eq!(read.expect("no deadlock").unwrap().len(), 30_000);
    writer.await.unwrap();
}
