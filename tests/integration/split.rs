//! `split` and `score` on good input: nothing lost, order kept, the same bytes however the work is divided.

use std::collections::HashSet;

use crate::support::{Bench, fastq, records, stderr, testdata};

/// The records of `input` that are in any of the classes, in the order of `input`.
fn merged(input: &str, classes: &[String]) -> Vec<String> {
    let written: HashSet<String> = classes.iter().flat_map(|class| records(class)).collect();
    records(input).into_iter().filter(|record| written.contains(record)).collect()
}

#[test]
fn every_read_lands_in_one_class_unchanged_and_in_order() {
    let bench = Bench::new();
    let input = fastq(300, 150, " 1:N:0:ACGT\tx=1");
    bench.write("in.fq", &input);
    bench.split(&["in.fq", "--json", "report.json"]);
    let classes = [bench.read("c.fq"), bench.read("n.fq")];
    assert_eq!(merged(&input, &classes), records(&input));
    assert_eq!(records(&classes[0]).len() + records(&classes[1]).len(), 300, "none twice");
    for class in &classes {
        let order: Vec<String> = merged(&input, std::slice::from_ref(class));
        assert_eq!(records(class), order, "input order");
    }
    let report = bench.json("report.json");
    assert_eq!(report["counts"]["records"], 300);
    assert_eq!(report["counts"]["coding"], records(&classes[0]).len());
    assert_eq!(report["model"]["kind"], "along");
}

#[test]
fn the_same_bytes_for_any_threads_memory_and_batch_size() {
    let bench = Bench::new();
    let input = testdata("community.bam");
    let input = input.to_str().unwrap();
    let run = |extra: &[&str]| {
        // The sample for estimating the prior is bounded by the memory limit; see prior.rs.
        bench.split(&[&[input, "--prior", "0.7", "--force", "--scores", "s.tsv"], extra].concat());
        [bench.read("c.fq"), bench.read("n.fq"), bench.read("s.tsv")]
    };
    let first = run(&["-t", "1"]);
    for extra in [&["-t", "2"][..], &["-t", "5", "--memory", "100K"], &["--batch-size", "3"], &["-t", "2"]] {
        assert!(run(extra) == first, "{extra:?} changes the output");
    }
}

#[test]
fn an_empty_file_gives_two_empty_files() {
    let bench = Bench::new();
    bench.write("in.fq", "");
    bench.split(&["in.fq"]);
    assert_eq!((bench.read("c.fq"), bench.read("n.fq")), (String::new(), String::new()));
    for compressed in ["in.fq.gz", "in.fq.zst", "in.bam", "in.cram"] {
        bench.write(compressed, "");
        let run = bench.run_split(&[compressed, "--force"]);
        assert_eq!(run.status.code(), Some(3), "{compressed}");
        assert!(stderr(&run).contains("the file is cut short"), "{}", stderr(&run));
    }
}

#[test]
fn mates_in_one_file_are_told_apart_and_in_two_are_left_as_they_are() {
    let bench = Bench::new();
    bench.write("1.fq", fastq(20, 150, " 1:N:0"));
    bench.write("2.fq", fastq(20, 150, " 2:N:0"));
    bench.split(&["1.fq", "2.fq"]);
    let one = bench.read("c.fq") + &bench.read("n.fq");
    let headers: Vec<&str> = one.lines().step_by(4).collect();
    assert_eq!(headers.len(), 40);
    for pair in headers.chunks(2) {
        let name = pair[0].split('/').next().unwrap();
        assert_eq!(pair, [format!("{name}/1 1:N:0"), format!("{name}/2 2:N:0")]);
    }
    let two = ["--coding", "c#.fq", "--noncoding", "n#.fq"];
    let output = bench.run(&[&["split", "1.fq", "2.fq", "--device", "cpu"], &two[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    for mate in 1..=2 {
        let input = bench.read(&format!("{mate}.fq"));
        let classes = [bench.read(&format!("c{mate}.fq")), bench.read(&format!("n{mate}.fq"))];
        assert_eq!(merged(&input, &classes), records(&input));
    }
    assert_eq!(records(&bench.read("c1.fq")).len(), records(&bench.read("c2.fq")).len(), "mates stay together");
}

#[test]
fn mates_judged_apart_go_where_their_own_label_says() {
    let bench = Bench::new();
    let input = testdata("community.bam");
    bench.split(&[input.to_str().unwrap(), "--mates", "each", "--scores", "s.tsv"]);
    let scores = bench.read("s.tsv");
    let labelled = |label: &str| scores.lines().filter(|line| line.split('\t').nth(5) == Some(label)).count();
    assert_eq!(records(&bench.read("c.fq")).len(), labelled("coding"));
    assert_eq!(records(&bench.read("n.fq")).len(), labelled("noncoding"));
    let outputs = ["--coding", "c#.fq", "--noncoding", "n#.fq", "--mates", "each", "--unpaired", "u_%.fq", "--force"];
    let output = bench.run(&[&["split", input.to_str().unwrap(), "--device", "cpu"], &outputs[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let coding = ["c1.fq", "c2.fq", "u_coding.fq"].map(|name| records(&bench.read(name)).len());
    assert_eq!(coding.iter().sum::<usize>(), labelled("coding"));
    assert_eq!(coding[0], coding[1], "the two files stay in step");
}

#[test]
fn short_reads_go_to_undecided_when_there_is_one_and_are_counted_either_way() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(5, 59, "") + &fastq(7, 60, ""));
    bench.split(&["in.fq", "--undecided", "u.fq", "--json", "report.json"]);
    assert_eq!(records(&bench.read("u.fq")).len(), 5);
    bench.split(&["in.fq", "--force", "--threshold", "0", "--scores", "s.tsv", "--json", "report.json"]);
    assert_eq!((records(&bench.read("c.fq")).len(), records(&bench.read("n.fq")).len()), (7, 5));
    let report = bench.json("report.json");
    assert_eq!(report["counts"]["too_short"], 5);
    assert_eq!(bench.read("s.tsv").lines().filter(|line| line.split('\t').nth(3) == Some("NA")).count(), 5);
}

#[test]
fn a_band_takes_what_lies_inside_it() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(200, 100, ""));
    bench.split(&["in.fq", "--undecided", "u.fq", "--undecided-band", "0.1,0.9", "--scores", "s.tsv"]);
    let scores = bench.read("s.tsv");
    let probabilities = scores.lines().skip(1).map(|line| line.split('\t').nth(3).unwrap().parse::<f64>().unwrap());
    let inside = probabilities.filter(|p| (0.1..0.9).contains(p)).count();
    assert!(inside > 0, "random bases should leave doubts");
    assert_eq!(records(&bench.read("u.fq")).len(), inside);
}

#[test]
fn score_writes_what_split_writes_as_scores() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(50, 120, "/1"));
    bench.split(&["in.fq", "--scores", "split.tsv"]);
    let output = bench.run(&["score", "in.fq", "--device", "cpu", "-o", "score.tsv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // `score` writes no reads, so its column `output` says `NA`.
    let (split, score) = (bench.read("split.tsv"), bench.read("score.tsv"));
    for (split, score) in split.lines().zip(score.lines()).skip(1) {
        let [mut split, score]: [Vec<&str>; 2] = [split, score].map(|line| line.split('\t').collect());
        let output = std::mem::replace(&mut split[7], "NA");
        assert_eq!(split[5], output);
        assert_eq!(split, score);
    }
    assert_eq!(split.lines().count(), score.lines().count());
    let to_stdout = bench.run(&["score", "in.fq", "--device", "cpu", "-o", "-"]);
    assert_eq!(String::from_utf8(to_stdout.stdout).unwrap(), bench.read("score.tsv"));
}

#[test]
fn max_reads_stops_early() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(50, 120, ""));
    bench.split(&["in.fq", "--max-reads", "20"]);
    assert_eq!(records(&bench.read("c.fq")).len() + records(&bench.read("n.fq")).len(), 20);
}

#[test]
fn stdin_and_stdout_work() {
    let bench = Bench::new();
    let input = bench.write("in.fq", fastq(30, 150, ""));
    bench.split(&["in.fq"]);
    let args = ["split", "-", "--device", "cpu", "--coding", "-", "--noncoding", "n2.fq"];
    let output = bench.command(&args).stdin(std::fs::File::open(input).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), bench.read("c.fq"));
    assert_eq!(bench.read("n2.fq"), bench.read("n.fq"));
}

#[test]
fn quiet_is_silent_and_otherwise_the_model_is_named() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 150, ""));
    assert_eq!(stderr(&bench.split(&["in.fq", "-q"])), "");
    assert!(stderr(&bench.split(&["in.fq", "--force"])).contains("(along) on CPU"));
}
