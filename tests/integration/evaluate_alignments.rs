//! `readseeker evaluate --truth`: reads labelled by where they align.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::{Bench, bases, stderr, testdata};

/// SAM with two reference sequences, only one of which has genes, and with reads aligned in many ways.
fn sam() -> String {
    let mut text = "@SQ\tSN:chr1\tLN:5000\n@SQ\tSN:chr2\tLN:5000\n".to_owned();
    let mut add = |name: &str, flag: u16, place: &str, cigar: &str| {
        let length = if cigar == "40M" { 40 } else { 100 };
        let read = bases(name.bytes().map(u64::from).sum(), length);
        let quality_scores = "I".repeat(length);
        writeln!(text, "{name}\t{flag}\t{place}\t60\t{cigar}\t*\t0\t0\t{read}\t{quality_scores}").unwrap();
    };
    // The gene is chr1:1001-2000, the broken one chr1:3001-3500.
    add("inside", 0, "chr1\t1001", "100M");
    add("inside_reverse", 16, "chr1\t1901", "100M");
    add("clipped", 0, "chr1\t1001", "30S70M");
    add("across", 0, "chr1\t951", "100M");
    add("nearly", 0, "chr1\t991", "100M");
    add("deletion_across", 0, "chr1\t1941", "50M20D50M");
    add("spliced_over_the_gene", 0, "chr1\t951", "50M1000N50M");
    add("outside", 0, "chr1\t4001", "50M5I45M");
    add("broken", 0, "chr1\t3451", "100M");
    add("elsewhere", 0, "chr2\t1001", "100M");
    add("unmapped", 4, "*\t0", "*");
    add("secondary", 256, "chr1\t1001", "100M");
    add("supplementary", 2048, "chr1\t1001", "100M");
    add("short", 0, "chr1\t1001", "40M");
    text
}

const GENES: &str =
    "##gff-version 3\nchr1\tx\tCDS\t1001\t2000\t.\t+\t0\tID=1\nchr1\tx\tpseudogene\t3001\t3500\t.\t+\t.\tID=2\n";

/// Runs `evaluate` on a file, which must succeed; returns its report and its stderr.
fn evaluated(bench: &Bench, input: &str, args: &[&str]) -> (Value, String) {
    let fixed = ["evaluate", input, "--device", "cpu", "--model", "compact", "--json", "e.json", "--force"];
    let run = bench.run(&[&fixed, args].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    (bench.json("e.json"), stderr(&run))
}

fn counts(report: &Value) -> [u64; 3] {
    let all = &report["predictors"][0]["all"];
    [&all["reads"], &all["coding"], &report["unscored"]].map(|count| count.as_u64().unwrap())
}

#[test]
fn a_read_is_labelled_by_its_place() {
    let bench = Bench::new();
    bench.write("aligned.sam", sam());
    bench.write("genes.gff3", GENES);
    bench.write("genes.bed", "chr1\t1000\t2000\n");
    let (report, said) = evaluated(&bench, "aligned.sam", &["--truth", "genes.gff3"]);
    // Coding: inside, inside_reverse, clipped. Not: spliced_over_the_gene, outside.
    assert_eq!(counts(&report), [5, 3, 1], "{report}");
    let others = json!({"unmapped": 1, "secondary": 1, "supplementary": 1, "on_other_sequences": 1, "unclear": 4});
    assert_eq!(report["left_out"], others);
    assert!(
        said.contains("left out: 1 on other sequences, 1 secondary, 1 supplementary, 4 unclear, 1 unmapped\n"),
        "{said}"
    );
    // BED cannot mark a gene as broken, so one more read is non-coding.
    assert_eq!(counts(&evaluated(&bench, "aligned.sam", &["--truth", "genes.bed"]).0), [6, 3, 1]);
    // By share: half of `across` is coding, nine tenths of `nearly`, half of `deletion_across`.
    for (least, coding) in [("0.5", 6), ("0.51", 4), ("1", 3)] {
        let (report, _) = evaluated(&bench, "aligned.sam", &["--truth", "genes.gff3", "--coding-from", least]);
        assert_eq!(counts(&report), [8, coding, 1], "{least}");
        assert_eq!(report["left_out"]["unclear"], 1);
    }
    // A read in an unclear region is not labelled non-coding, but stays coding where the truth says so.
    bench.write("unclear.bed", "chr1\t1500\t1600\nchr1\t4090\t4200\n");
    let (report, _) = evaluated(&bench, "aligned.sam", &["--truth", "genes.gff3", "--unclear", "unclear.bed"]);
    assert_eq!(counts(&report), [4, 3, 1], "{report}");
    assert_eq!(report["left_out"]["unclear"], 5);
    // A broken gene may mark a region as unclear too.
    bench.write("unclear.gff3", "chr1\tx\tpseudogene\t4091\t4200\t.\t+\t.\tID=3\n");
    let (report, _) = evaluated(&bench, "aligned.sam", &["--truth", "genes.gff3", "--unclear", "unclear.gff3"]);
    assert_eq!(counts(&report), [4, 3, 1], "{report}");
    bench.write("other.gff3", "chr1\tx\tCDS\t5101\t5400\t.\t+\t0\tID=4\n");
    let run = bench.run(&["evaluate", "aligned.sam", "--truth", "other.gff3"]);
    let said = stderr(&run);
    assert!(run.status.code() == Some(3) && said.contains("chr1: a gene at 5101-5400 does not lie on 5000"), "{said}");
}

#[test]
fn the_example_is_labelled_as_its_truth_says() {
    let bench = Bench::new();
    let (input, genes) = (testdata("community.bam"), testdata("community.gff3"));
    let truth = std::fs::read_to_string(testdata("truth.tsv")).unwrap();
    let shares = || {
        let lines = truth.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        let mapped = lines.filter(|line| !["mrna", "phage"].contains(&line[2]));
        mapped.map(|line| (line[3] == "1.000", line[3] == "0.000", line[3].parse::<f64>().unwrap() >= 0.5))
    };
    let args = ["--truth", genes.to_str().unwrap()];
    let (report, _) = evaluated(&bench, input.to_str().unwrap(), &args);
    let [reads, coding, _] = counts(&report);
    let expected = [shares().filter(|(all, none, _)| *all || *none).count(), shares().filter(|(all, ..)| *all).count()];
    // A few reads of repeats are mapped to another copy.
    for (found, expected) in [reads, coding].into_iter().zip(expected) {
        assert!(found.abs_diff(expected as u64) <= 20, "{found} {expected}");
    }
    let left_out = &report["left_out"];
    assert_eq!((left_out["unmapped"].as_u64(), left_out["supplementary"].as_u64()), (Some(500), Some(6)));
    let frames = report["predictors"][0]["all"]["frame_accuracy"].as_f64().unwrap();
    assert!(frames > 0.95, "{frames}");
    let (by_share, _) = evaluated(&bench, input.to_str().unwrap(), &[&args[..], &["--coding-from", "0.5"]].concat());
    let [reads, coding, _] = counts(&by_share);
    assert_eq!(reads, 3500);
    assert!(coding.abs_diff(shares().filter(|(.., half)| *half).count() as u64) <= 20, "{coding}");
}

#[test]
fn cram_is_labelled_as_the_bam_it_was_made_from() {
    let bench = Bench::new();
    let reference = testdata("odd/reference.fa");
    let fasta = std::fs::read_to_string(&reference).unwrap();
    let names =
        fasta.lines().filter_map(|line| line.strip_prefix('>')).map(|line| line.split_whitespace().next().unwrap());
    bench.write("genes.bed", names.map(|name| [name, "\t100\t300\n"].concat()).collect::<String>());
    let [bam, cram] = ["odd/mapped_sorted.bam", "odd/mapped_sorted.3.1.cram"].map(testdata);
    let args = ["--truth", "genes.bed", "--coding-from", "0.5", "--min-length", "30"];
    let (mut one, _) = evaluated(&bench, bam.to_str().unwrap(), &args);
    let (mut other, _) =
        evaluated(&bench, cram.to_str().unwrap(), &[&args[..], &["--reference", reference.to_str().unwrap()]].concat());
    for report in [&mut one, &mut other] {
        report["command"] = Value::Null;
        report["input"] = Value::Null;
    }
    assert!(counts(&one)[0] > 0, "{one}");
    assert_eq!(one, other);
}

#[test]
fn what_cannot_be_labelled_is_refused() {
    let bench = Bench::new();
    bench.write("aligned.sam", sam());
    bench.write("genes.gff3", GENES);
    bench.write("others.bed", "chr7\t0\t50\n");
    bench.write("wrong.bed", "chr1\t0\t50\nchr1\t70\t60\n");
    bench.write("reads.fq", crate::support::fastq(3, 90, ""));
    let bam = testdata("odd/mapped.bam");
    for (args, code, problem) in [
        (&["aligned.sam", "--truth", "others.bed"][..], 3, "no sequence of aligned.sam is named in others.bed"),
        (
            &["aligned.sam", "--truth", "wrong.bed"],
            3,
            "cannot read wrong.bed: line 2: expected a name and two rising positions",
        ),
        (&["reads.fq", "--truth", "genes.gff3"], 3, "reads.fq is FASTQ: its reads are not aligned"),
        (&["aligned.sam"], 3, "cannot read aligned.sam: line 1: expected a table with a header line, found alignments"),
        (&[bam.to_str().unwrap()], 3, "found alignments"),
        (&["test.tsv", "--coding-from", "0.5"], 2, "--truth"),
    ] {
        let run = bench.run(&[&["evaluate", "--device", "cpu", "--json", "e.json"], args].concat());
        let message = stderr(&run);
        assert!(run.status.code() == Some(code) && message.contains(problem), "{args:?}: {message}");
        assert!(!bench.files().contains(&"e.json".to_owned()), "{args:?}");
    }
}
