//! Windows over long reads: each is scored like a read of its own, in every format, even if the read is large and the
//! memory small.

use std::io::Write;
use std::path::PathBuf;

use noodles::bgzf;
use readseeker::kmer::{self, Letters};
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Classifier, Options, Source};
use readseeker::tokens::Tokens;
use readseeker::windows::{Pool, Windows, WindowsConfig};

use crate::model_parity::{options, testdata};
use crate::support::{Bench, bases, stderr};

/// The token ids of reads. Nothing limits their number, so only the model itself truncates a read.
fn tokens<'a>(classifier: &Classifier, reads: impl IntoIterator<Item = &'a [u8]>) -> Tokens {
    let mut tokens = Tokens::default();
    for read in reads {
        kmer::tokenize_letters(Letters::Lenient, read, classifier.k(), None, &mut tokens.ids);
        tokens.end_row();
    }
    tokens
}

#[test]
fn a_windows_prediction_is_that_of_a_read_of_its_bases() {
    let compact = |name| options(testdata("compact").join(name), Attention::default(), Choice::Cpu);
    let bert = |attention| options(testdata("parity/k6_tiny_zip"), attention, Choice::Cpu);
    let small = options(testdata("parity/k3_odd_names"), Attention::Published, Choice::Cpu);
    let builtin = Options { source: Source::Compact, ..options(PathBuf::new(), Attention::default(), Choice::Cpu) };
    let models = [compact("tiny1"), builtin.clone(), bert(Attention::Published), bert(Attention::Masked), small];
    let mut classifiers: Vec<Classifier> = models.iter().map(|model| Classifier::load(model).unwrap()).collect();
    classifiers.push(Classifier::load_on_burn(&builtin).unwrap());
    let reads: Vec<String> = [60, 150, 300, 301, 302, 400, 401, 1234].map(|n| bases(n as u64, n)).into();
    for classifier in classifiers {
        let step = 117.try_into().unwrap();
        let windows = Windows {
            length: classifier.window_length(),
            config: WindowsConfig { step, pool: Pool::Mean, threshold: 0.5 },
        };
        let whole = tokens(&classifier, reads.iter().map(String::as_bytes));
        let predictions = windows.classify(&whole, classifier.k(), |rows| classifier.classify_rows(rows)).unwrap();
        let cut = reads.iter().flat_map(|read| windows.over(read.len()).map(|window| &read.as_bytes()[window]));
        let alone = classifier.classify(&tokens(&classifier, cut)).unwrap();
        assert!(alone.len() > reads.len());
        assert_eq!(predictions, alone, "{}", classifier.card().name);
        // No window is longer than the model reads.
        if let Some(longest) = classifier.longest_row() {
            assert!(windows.over(1234).all(|window| window.len() + 1 - classifier.k() <= longest));
        }
        let fit = reads.iter().filter(|read| read.len() <= windows.length + 1).count();
        let without = classifier.classify(&whole).unwrap();
        assert!(
            fit >= 2 && predictions[..fit] == without[..fit],
            "a read that fits a window is scored as without windows"
        );
    }
}

/// An unaligned BAM file with one read.
fn bam(name: &str, bases: &str) -> Vec<u8> {
    let int = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let name_len = u8::try_from(name.len() + 1).unwrap();
    let codes: Vec<u8> = bases.bytes().map(|base| [1, 2, 4, 8]["ACGT".find(char::from(base)).unwrap()]).collect();
    let packed: Vec<u8> = codes.chunks(2).map(|two| two[0] << 4 | two.get(1).unwrap_or(&0)).collect();
    let mut record = Vec::new();
    record.extend([[0xff; 4], [0xff; 4], [name_len, 255, 0x48, 0x12], [0, 0, 4, 0], int(bases.len())].concat());
    record.extend([[0xff; 4], [0xff; 4], [0; 4]].concat());
    record.extend([name.as_bytes(), &[0], &packed, &vec![40; bases.len()]].concat());
    let mut writer = bgzf::io::Writer::new(Vec::new());
    writer.write_all(&[&b"BAM\x01"[..], &int(0), &int(0), &int(record.len()), &record].concat()).unwrap();
    writer.finish().unwrap()
}

#[derive(Debug)]
struct Window {
    start: usize,
    end: usize,
    probability: f64,
}

/// Parses and checks the lines of a BED file, all of which belong to the read `name`.
fn parse(bed: &str, name: &str) -> Vec<Window> {
    let window = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [read, start, end, frame, score, strand, probability] = fields[..] else { panic!("{line}") };
        assert_eq!(read, name);
        assert!(
            ["1", "2", "3"].contains(&frame.trim_start_matches('-')) && frame.starts_with('-') == (strand == "-"),
            "{line}"
        );
        let probability: f64 = probability.parse().unwrap();
        assert!((score.parse::<f64>().unwrap() - 1000.0 * probability).abs() <= 0.501, "{line}");
        Window { start: start.parse().unwrap(), end: end.parse().unwrap(), probability }
    };
    bed.lines().map(window).collect()
}

#[test]
fn a_megabase_read_is_scored_to_its_end_in_every_format_and_in_little_memory() {
    const LENGTH: usize = 1_000_003;
    let bench = Bench::new();
    let read = bases(5, LENGTH);
    bench.write("in.fq", format!("@long ch=7\n{read}\n+\n{}\n", "I".repeat(LENGTH)));
    let lines: Vec<&str> = read.as_bytes().chunks(80).map(|line| std::str::from_utf8(line).unwrap()).collect();
    bench.write("in.fa", format!(">long\n{}\n>short\nACGT\n", lines.join("\n")));
    bench.write("in.bam", bam("long", &read));
    for (input, memory) in [("in.fq", "256M"), ("in.fa", "1M"), ("in.bam", "16M")] {
        let more = [
            "--windows",
            "3000",
            "--windows-threshold",
            "0.25",
            "--windows-out",
            "w.bed",
            "--scores",
            "s.tsv",
            "--force",
        ];
        bench.split(&[&[input, "--memory", memory, "--json", "r.json"], &more[..]].concat());
        let windows = parse(&bench.read("w.bed"), "long");
        assert_eq!(windows.len(), 1 + (LENGTH - 300_usize).div_ceil(3000), "{input}");
        assert_eq!((windows[0].start, windows.last().unwrap().end), (0, LENGTH));
        assert!(windows.iter().all(|window| [300, 301].contains(&(window.end - window.start))));
        assert!(windows.is_sorted_by(|one, other| one.start < other.start && other.start - one.start <= 3000));

        let scores = bench.read("s.tsv");
        let fields: Vec<&str> = scores.lines().nth(1).unwrap().split('\t').collect();
        #[expect(clippy::cast_precision_loss)]
        let count = windows.len() as f64;
        let mean = windows.iter().map(|window| window.probability).sum::<f64>() / count;
        let max = windows.iter().map(|window| window.probability).fold(0.0, f64::max);
        let coding = windows.iter().filter(|window| window.probability >= 0.25).count();
        assert_eq!((fields[2], fields[11]), (LENGTH.to_string().as_str(), windows.len().to_string().as_str()));
        let told: Vec<f64> = [3, 12, 13, 14].map(|column| fields[column].parse().unwrap()).into();
        #[expect(clippy::cast_precision_loss)]
        let expected = [mean, mean, max, coding as f64 / count];
        assert!(
            told.iter().zip(expected).all(|(told, expected)| (told - expected).abs() < 2e-6),
            "{told:?} {expected:?}"
        );

        let report = bench.json("r.json");
        assert_eq!(report["settings"]["windows"], serde_json::json!({"step": 3000, "pool": "mean", "threshold": 0.25}));
        assert_eq!(
            (&report["counts"]["windows"], &report["counts"]["coding_windows"]),
            (&windows.len().into(), &coding.into())
        );
        if input != "in.fq" {
            assert_eq!(bench.read("w.bed"), bench.read("first.bed"), "{input}");
            assert_eq!(scores.lines().nth(1), bench.read("first.tsv").lines().nth(1), "{input}");
        }
        std::fs::rename(bench.path("w.bed"), bench.path("first.bed")).unwrap();
        std::fs::rename(bench.path("s.tsv"), bench.path("first.tsv")).unwrap();
    }
    assert_eq!(bench.read("first.tsv").lines().next().unwrap().split('\t').count(), 15);
}

#[test]
fn the_pool_decides_where_a_read_goes() {
    let bench = Bench::new();
    // A gene made of four different codons, between random bases: only the middle of the read is coding.
    let gene: String = (0..150).map(|n| ["GCC", "CTG", "GAA", "AAA", "GGC", "ATC", "GAC"][n * n % 7]).collect();
    let read = format!("{}ATG{gene}TAA{}", bases(1, 3000), bases(2, 3000));
    bench.write("in.fq", format!("@a\n{read}\n+\n{}\n@b\nACGT\n+\nIIII\n", "I".repeat(read.len())));
    let run = |pool: &str, threads: &str| {
        let args = ["in.fq", "--windows", "50", "--pool", pool, "--threads", threads, "--threshold", "0.6"];
        bench.split(&[&args, &["--scores", "s.tsv", "--windows-out", "w.bed.gz", "--force"][..]].concat());
        (bench.read("s.tsv"), bench.read("c.fq"), std::fs::read(bench.path("w.bed.gz")).unwrap())
    };
    for (pool, column) in [("mean", 12), ("max", 13), ("fraction", 14)] {
        let (scores, coding, bed) = run(pool, "1");
        let fields: Vec<&str> = scores.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!(fields[3], fields[column], "{pool}");
        let reaches = fields[3].parse::<f64>().unwrap() >= 0.6;
        assert_eq!(reaches, pool == "max", "{fields:?}");
        assert_eq!((fields[5], coding.is_empty()), if reaches { ("coding", false) } else { ("noncoding", true) });
        assert_eq!(scores.lines().nth(2).unwrap(), "b\t0\t4\tNA\tNA\tNA\tNA\tnoncoding\tNA\tNA\tNA\t0\tNA\tNA\tNA");
        assert!(run(pool, "3") == (scores, coding, bed), "threads must not show");
    }
}

#[test]
fn windows_say_nothing_to_flags_that_mean_the_whole_read() {
    let bench = Bench::new();
    bench.write("in.fq", crate::support::fastq(2, 150, ""));
    for args in [
        &["in.fq", "--windows-out", "w.bed"][..],
        &["in.fq", "--pool", "max"],
        &["in.fq", "--windows-threshold", "0.1"],
        &["in.fq", "--windows", "0"],
    ] {
        let output = bench.run_split(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(bench.files(), ["in.fq"]);
}
