//! Indexes: shards that read only their own part read, one after the other, what a single run reads.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use proptest::prelude::*;
use readseeker::reads::output::create;
use readseeker::reads::{
    self, Alignments, EncoderConfig, Grouping, Index, InputConfig, Inputs, MateNames, Part, Template, build_index,
};
use readseeker::shard::Shard;

use crate::shards::compare_by;
use crate::support::{Bench, bases, fastq, stderr, testdata};

const TWO: NonZero<usize> = NonZero::new(2).unwrap();

fn config(files: &[PathBuf], part: Option<Part>, (grouping, alignments): (Grouping, Alignments)) -> InputConfig {
    InputConfig {
        inputs: Inputs::Files(files.to_vec()),
        grouping,
        mate_names: MateNames::Compared,
        alignments,
        collate: None,
        reference: None,
        read_ahead: 1 << 16,
        workers: TWO,
        part,
    }
}

async fn read(config: &InputConfig) -> Vec<Template> {
    reads::open(config, Arc::default()).await.unwrap().stream.try_collect().await.unwrap()
}

/// Checks that the parts of all shards together hold each template once, in order, and as many as the index says.
async fn check(folder: &Path, files: &[PathBuf], shards: u64) {
    let path = folder.join("index");
    std::fs::write(&path, build_index(files, TWO).await.unwrap().to_json()).unwrap();
    for grouping in [Grouping::Templates, Grouping::Each] {
        for alignments in [Alignments::Dropped, Alignments::Kept] {
            let how = (grouping, alignments);
            let whole = config(files, None, how);
            let index = Index::open(&path, &whole.inputs).unwrap();
            let (mut next, mut joined) = (0, Vec::new());
            for number in 1..=shards {
                let shard: Shard = format!("{number}/{shards}").parse().unwrap();
                let (templates, part) = index.part(&shard.range(index.templates()), &whole.inputs);
                assert_eq!(templates.start, next);
                next = templates.end;
                joined.extend(read(&config(files, Some(part), how)).await);
            }
            assert_eq!(next, index.templates());
            assert!(joined == read(&whole).await, "{files:?} in {shards}: {how:?}");
        }
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// FASTQ records as tools write them and as they do not: blank lines, several lines, Windows line ends, no bases.
fn record(n: usize, length: usize, style: u8, mate: u8) -> String {
    let (bases, end) = (bases(n as u64, length), if style == 1 { "\r\n" } else { "\n" });
    let lines = |text: &str| match style {
        2 if length > 10 => format!("{}\n{}", &text[..length / 2], &text[length / 2..]),
        _ => text.to_owned(),
    };
    let blank = if style == 3 { "\n\n" } else { "" };
    let (bases, scores) = (lines(&bases), lines(&"@".repeat(length)));
    format!("@r{n}/{mate}{end}{bases}{end}+{end}{scores}{end}{blank}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_template_is_in_one_part(
        records in prop::collection::vec((prop_oneof![0..200_usize, Just(30_000)], 0..4_u8), 0..40),
        shards in 1..9_u64,
        compressed: bool,
        pairs: bool,
    ) {
        let bench = Bench::new();
        let mates = if pairs { 2 } else { 1 };
        wait(async {
            let mut files = Vec::new();
            for mate in 1..=mates {
                let text: Vec<String> =
                    records.iter().enumerate().map(|(n, &(length, style))| record(n, length, style, mate)).collect();
                let path = bench.path(&format!("{mate}.fq{}", if compressed { ".gz" } else { "" }));
                let (mut writer, pending) = create(&path, EncoderConfig { workers: TWO, level: None }).await.unwrap();
                writer.write(text.concat().as_bytes()).await.unwrap();
                writer.finish().await.unwrap();
                pending.commit().unwrap();
                files.push(path);
            }
            check(&bench.path("."), &files, shards).await;
        });
    }
}

#[test]
fn templates_of_a_bam_are_never_parted() {
    let bench = Bench::new();
    for name in ["community.bam", "aligners/minimap2.bam", "aligners/bwa.bam", "aligners/bowtie2.bam"] {
        for shards in [1, 2, 7, 61] {
            wait(check(&bench.path("."), &[testdata(name)], shards));
        }
    }
}

#[test]
fn shards_with_an_index_add_up_to_a_single_run() {
    let bench = Bench::new();
    let bam = testdata("community.bam").into_os_string().into_string().unwrap();
    let index = |reads: &[&str]| {
        let output = bench.run(&[&["index", "-o", "index", "--force"], reads].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        bench.path("index").into_os_string().into_string().unwrap()
    };
    compare_by(&[&bam], 3, &["--model", "compact"], Some(&index(&[&bam])));
    let few = bench.write("few.fa", ">a\nACGT\n>b\nAC\nGT\n");
    let few = few.to_str().unwrap();
    compare_by(&[few], 5, &[], Some(&index(&[few])));
    let mates = ["/1", "/2"].map(|mate| {
        let name = format!("m{}.fq", &mate[1..]);
        bench.write(&name, fastq(700, 120, mate)).into_os_string().into_string().unwrap()
    });
    let mates = mates.each_ref().map(String::as_str);
    compare_by(&mates, 4, &["--sample", "0.4"], Some(&index(&mates)));
}

#[test]
fn an_index_of_something_else_is_refused() {
    let bench = Bench::new();
    let text = fastq(50, 100, "");
    bench.write("a.fq", &text);
    bench.write("b.fq", text.replace("@r49", "@x49"));
    bench.write("a.fq.gz", std::fs::read(testdata("community_R1.fq.gz")).unwrap());
    // For gzip this is one whole file, but decompression can start at its first block only.
    let block = [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0][..], b"BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0"].concat();
    bench.write("mixed.fq.gz", [block, std::fs::read(testdata("community_R1.fq.gz")).unwrap()].concat());
    let made = bench.run(&["index", "a.fq", "-o", "a.idx"]);
    assert!(made.status.success(), "{}", stderr(&made));
    for (args, code, problem) in [
        (&["b.fq", "--index", "a.idx"][..], 3, "a.idx: it is the index of other files than b.fq"),
        (&["a.fq", "b.fq", "--paired", "--index", "a.idx"], 3, "it is the index of other files"),
        (&["a.fq", "--index", "b.fq"], 3, "it is no index of this version"),
        (&["a.fq", "--index", "none"], 3, "No such file"),
        (&["a.fq", "--interleaved", "--index", "a.idx"], 2, "cannot be used with"),
    ] {
        let output = bench.run_split(&[args, &["--shard", "1/2"]].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
    for (args, code, problem) in [
        (
            &["index", "a.fq.gz", "-o", "x"][..],
            3,
            "it does not support random access (is it plain gzip, SAM or CRAM?)\nhint: compress FASTQ and FASTA with bgzip",
        ),
        (
            &["index", "mixed.fq.gz", "-o", "x"],
            3,
            "after its BGZF blocks the file continues with gzip that is not BGZF\n",
        ),
        (&["index", "a.fq", "-o", "a.idx"], 2, "a.idx exists"),
        (&["index", "a.fq", "-o", "a.fq", "--force"], 2, "is both input and output"),
    ] {
        let output = bench.run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
    }
    bench.write("cut.fq", &text[..text.len() - 300]);
    let output = bench.run(&["index", "a.fq", "cut.fq", "-o", "x"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!bench.path("x").exists());
}
