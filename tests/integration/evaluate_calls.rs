//! `readseeker evaluate --calls`: other programs' predictions for the same reads.

use std::io::Read;

use serde_json::Value;

use crate::evaluate::lines;
use crate::support::{Bench, stderr, testdata};

/// Evaluates the compact model and these calls, which must succeed; returns stdout and stderr.
fn evaluated(bench: &Bench, table: &str, calls: &[&str]) -> (String, String) {
    let mut args = vec![
        "evaluate", table, "--device", "cpu", "--model", "compact", "--force", "--json", "e.json", "--html", "e.html",
    ];
    for calls in calls {
        args.extend(["--calls", calls]);
    }
    let run = bench.run(&args);
    assert!(run.status.success(), "{}", stderr(&run));
    (String::from_utf8(run.stdout.clone()).unwrap(), stderr(&run))
}

fn unpacked(name: &str) -> String {
    let bench = Bench::new();
    let file = bench.path("file");
    std::fs::copy(testdata(name), &file).unwrap();
    let gzip = std::process::Command::new("gzip").args(["-dc", file.to_str().unwrap()]).output().unwrap();
    let mut text = String::new();
    gzip.stdout.as_slice().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn genes_of_other_programs_are_measured_as_scikit_learn_measures_them() {
    let bench = Bench::new();
    let (reads, genes) = (testdata("calls/reads.tsv.gz"), testdata("calls/pyrodigal.gff.gz"));
    // The same genes without scores.
    let without: Vec<String> = unpacked("calls/pyrodigal.gff.gz")
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split('\t').collect();
            if cells.len() == 9 {
                cells[5] = ".";
            }
            cells.join("\t")
        })
        .collect();
    bench.write("without.gff", without.join("\n"));
    let calls = format!("pyrodigal={}", genes.display());
    let fgs = format!("FragGeneScanRs={}", testdata("calls/fraggenescanrs.gff.gz").display());
    let (table, said) = evaluated(&bench, reads.to_str().unwrap(), &[&calls, "no scores=without.gff", &fgs]);
    assert_eq!(said, "");
    let golden: Value = serde_json::from_slice(&std::fs::read(testdata("calls/golden.json")).unwrap()).unwrap();
    let report = bench.json("e.json");
    let close = |value: &Value, expected: &Value| {
        assert!((value.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-12, "{value} {expected}");
    };
    let [ours, with, without, fgs] = &report["predictors"].as_array().unwrap()[..] else { panic!("{report}") };
    for key in ["accuracy", "precision", "recall", "mcc", "roc_auc", "pr_auc", "frame_accuracy"] {
        close(&with["all"][key], &golden[key]);
    }
    for (key, expected) in golden["fraggenescanrs"].as_object().unwrap() {
        close(&fgs["all"][key], expected);
    }
    for key in ["accuracy", "precision", "recall", "mcc", "frame_accuracy"] {
        assert_eq!(without["all"][key], with["all"][key], "{key}");
    }
    close(&without["all"]["roc_auc"], &golden["roc_auc_of_shares"]);
    let caulobacter = with["groups"].as_array().unwrap().iter().find(|group| group["name"] == "caulobacter").unwrap();
    close(&caulobacter["recall"], &golden["caulobacter_recall"]);
    for unknown in [&with["all"]["brier"], &with["best_threshold"], &with["model"], &ours["calls"]] {
        assert!(unknown.is_null(), "{unknown}");
    }
    let all = lines(&table, "all");
    let who: Vec<[&str; 2]> = all.iter().map(|line| [line["predictor"], line["threshold"]]).collect();
    assert_eq!(who, [["compact", "0.5"], ["pyrodigal", "NA"], ["no scores", "NA"], ["FragGeneScanRs", "NA"]]);
    assert!(bench.read("e.html").contains("half or more of its bases"));
}

#[test]
fn reads_without_names_are_numbered_and_short_ones_left_out() {
    let bench = Bench::new();
    let long = crate::support::bases(1, 90);
    let short = &long[..50];
    bench.write("test.tsv", format!("sequence\tlabel\n{long}\t1\n{short}\t1\n{long}\t0\n{long}\t1\n"));
    let gene = |read: &str, end: u32| format!("{read}\tFGS\tCDS\t1\t{end}\t.\t+\t0\tID={read}_1;product=x\n");
    bench
        .write("genes.gff", ["##gff-version 3\n", &gene("read1", 45), &gene("read2", 50), &gene("read3", 44)].concat());
    let (table, said) = evaluated(&bench, "test.tsv", &["FGS=genes.gff"]);
    let line = &lines(&table, "all")[1];
    assert_eq!([line["reads"], line["recall"], line["specificity"]], ["3", "0.5000", "1.0000"], "{table}");
    assert_eq!(said, "");
    bench.write("more.gff", [gene("read1", 90), gene("read9", 90)].concat());
    let (_, said) = evaluated(&bench, "test.tsv", &["FGS=more.gff"]);
    assert!(said.contains("warning: FGS has genes on 1 read not evaluated here"), "{said}");
}

#[test]
fn a_fastq_drawn_with_the_same_seed_has_the_names_of_the_table_s_rows() {
    let bench = Bench::new();
    bench.write("genome.fa", format!(">chr1\n{}\n", crate::support::bases(1, 3000)));
    bench.write("genes.gff3", "chr1\tx\tCDS\t301\t2400\t.\t+\t0\tID=c\n");
    for output in ["drawn.tsv", "drawn.fq"] {
        let from =
            ["reads", "--genome", "genome.fa", "--annotation", "genes.gff3", "--anywhere", "--sequencer", "nanopore"];
        let run = bench.run(&[&from[..], &["--length", "90", "--count", "40", "-o", output]].concat());
        assert!(run.status.success(), "{}", stderr(&run));
    }
    // Genes on the coding reads only; the truth is in the read names of the FASTQ.
    let fastq = bench.read("drawn.fq");
    let coding =
        fastq.lines().filter(|line| line.contains(" label=1 ")).map(|line| line[1..].split(' ').next().unwrap());
    let genes: Vec<String> = coding.map(|name| [name, "\tx\tCDS\t1\t60\t.\t+\t0\tID=1\n"].concat()).collect();
    bench.write("genes.gff", genes.concat());
    let (table, _) = evaluated(&bench, "drawn.tsv", &["truth=genes.gff"]);
    let all = &lines(&table, "all")[1];
    assert_eq!([all["reads"], all["accuracy"], all["recall"]], ["40", "1.0000", "1.0000"], "{table}");
}

#[test]
fn genes_of_other_reads_are_refused() {
    let bench = Bench::new();
    let bases = crate::support::bases(1, 90);
    bench.write("test.tsv", format!("sequence\tlabel\tname\n{bases}\t1\ta\n{bases}\t0\tb\n{bases}\t0\tb\n"));
    let gene = |read: &str, end: u32| format!("{read}\tx\tCDS\t1\t{end}\t.\t+\t0\tID=1\n");
    bench.write("others.gff", gene("read1", 60));
    bench.write("longer.gff", gene("a", 91));
    bench.write("twice.gff", gene("b", 60));
    bench.write("table.gff", "a\t1\t2\n");
    for (calls, code, problem) in [
        ("x=others.gff", 3, "no read has a gene in others.gff, whose first one is on read1"),
        ("x=longer.gff", 3, "longer.gff has a gene on a that ends at 91, but the read has 90 bases"),
        ("x=twice.gff", 3, "two reads are called b"),
        ("x=table.gff", 3, "cannot read table.gff: line 1: expected nine columns"),
        ("others.gff", 2, "expected NAME=GFF"),
        ("compact=others.gff", 2, "compact is given twice"),
    ] {
        let run = bench.run(&[
            "evaluate", "test.tsv", "--model", "compact", "--device", "cpu", "--calls", calls, "--json", "e.json",
        ]);
        let message = stderr(&run);
        assert!(run.status.code() == Some(code) && message.contains(problem), "{calls}: {message}");
        assert!(!bench.files().contains(&"e.json".to_owned()), "{calls}");
    }
}
