//! `--prior`: the share of coding reads that the verdict assumes, estimated from the input alone.

use std::io::Write;
use std::process::Stdio;

use crate::support::{Bench, fastq, stderr, testdata};

/// The rows of a scores table, without its header, split into fields.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

fn community() -> [String; 2] {
    ["community_R1.fq.gz", "community_R2.fq.gz"].map(|name| testdata(name).to_str().unwrap().to_owned())
}

#[test]
fn the_estimate_depends_on_the_input_alone() {
    let bench = Bench::new();
    let [first, second] = community();
    let run = |extra: &[&str]| {
        let files = ["--scores", "s.tsv", "--json", "report.json", "--force"];
        bench.split(&[&[first.as_str(), &second][..], &files, extra].concat());
        let prior = bench.json("report.json")["settings"]["prior"].clone();
        (bench.read("c.fq"), bench.read("n.fq"), bench.read("s.tsv"), prior)
    };
    let one = run(&["-t", "1"]);
    assert_eq!(one.3["basis"], "estimated");
    assert_eq!(one.3["reads"], 4000);
    for extra in [&["-t", "2"], &["-t", "7"], &["--batch-size", "3"]] {
        assert!(run(&extra[..]) == one, "{extra:?} changes the output");
    }
}

#[test]
fn stdin_gives_what_a_file_gives() {
    let bench = Bench::new();
    let input = bench.write("in.fq", fastq(700, 150, ""));
    bench.split(&["in.fq"]);
    let from_file = [bench.read("c.fq"), bench.read("n.fq")];
    let arguments = ["split", "-", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq", "--force"];
    let mut child = bench.command(&arguments).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(input).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("estimated from 700 reads"), "{}", stderr(&output));
    assert_eq!([bench.read("c.fq"), bench.read("n.fq")], from_file);
}

#[test]
fn too_few_reads_or_too_little_memory_give_a_half_and_say_so() {
    let bench = Bench::new();
    bench.write("few.fq", fastq(499, 150, ""));
    bench.write("many.fq", fastq(2000, 150, ""));
    for (input, memory, basis, words) in [
        ("few.fq", "64M", "too_few_reads", "too few reads"),
        ("many.fq", "100K", "little_memory", "fit into a quarter of --memory"),
    ] {
        for threads in ["1", "7"] {
            let flags = [input, "--memory", memory, "-t", threads, "--force", "--json", "report.json"];
            let output = bench.split(&flags);
            let prior = &bench.json("report.json")["settings"]["prior"];
            assert_eq!((prior["basis"].as_str(), prior["share"].as_f64()), (Some(basis), Some(0.5)));
            assert!(stderr(&output).contains(words), "{}", stderr(&output));
        }
    }
}

#[test]
fn another_run_s_report_gives_the_same_prior() {
    let bench = Bench::new();
    let [first, second] = community();
    let run = |prior: &str, json: &str| {
        let flags = ["--prior", prior, "--json", json, "--scores", "s.tsv", "--force"];
        bench.split(&[&[first.as_str(), &second][..], &flags].concat());
        (bench.read("c.fq"), bench.read("n.fq"), bench.read("s.tsv"))
    };
    let own = run("auto", "own.json");
    assert!(bench.json("own.json")["settings"]["prior"]["cpg"]["slope"].as_f64().unwrap().abs() > 0.01);
    assert!(run("own.json", "taken.json") == own);
    let prior = |json: &str| bench.json(json)["settings"]["prior"].clone();
    let [own_prior, taken] = ["own.json", "taken.json"].map(prior);
    assert_eq!(
        (&taken["basis"], &taken["share"], &taken["cpg"]),
        (&"taken".into(), &own_prior["share"], &own_prior["cpg"])
    );
    assert!(run("taken.json", "again.json") == own);
    // A share given as a number says nothing about the composition of the reads.
    let share = own_prior["share"].to_string();
    let by_share = run(&share, "share.json");
    assert!(by_share != own && run("share.json", "as_given.json") == by_share);
    assert_eq!(prior("as_given.json")["basis"], "given");

    let output = bench.run_split(&[&first, "--prior", "own.json", "--model", "compact", "--json", "r.json", "--force"]);
    assert!(stderr(&output).contains("the prior was estimated with readseeker-along-"), "{}", stderr(&output));
    assert_eq!(bench.json("r.json")["warnings"][0]["code"], "prior_of_another_model");

    bench.write("no.json", "{}");
    let mut changed = bench.json("own.json");
    changed["settings"]["prior"]["share"] = 0.3.into();
    bench.write("changed.json", changed.to_string());
    for (report, code) in [("no.json", 3), ("changed.json", 3), ("none.json", 3), ("own.json", 2)] {
        // Writing an output to the report's path would destroy the report.
        let output = bench.run_split(&[&first, "--prior", report, "--json", "own.json", "--force"]);
        assert_eq!(output.status.code(), Some(code), "{report}: {}", stderr(&output));
    }
}

#[test]
fn a_half_leaves_probabilities_as_they_are_and_other_shares_move_posteriors_only() {
    let bench = Bench::new();
    let [first, _] = community();
    let table = |prior: &str| {
        bench.split(&[&first, "--prior", prior, "--scores", "s.tsv", "--force"]);
        bench.read("s.tsv")
    };
    let (half, most) = (table("0.5"), table("0.9"));
    for (half, most) in rows(&half).into_iter().zip(rows(&most)) {
        let [name, mate, length, probability, posterior, label, frame, ..] = half[..] else { panic!("{half:?}") };
        assert_eq!(probability, posterior);
        assert_eq!([name, mate, length, probability, frame], [most[0], most[1], most[2], most[3], most[6]]);
        if probability != "NA" {
            let [p, own, q]: [f64; 3] = [probability, posterior, most[4]].map(|text| text.parse().unwrap());
            assert_eq!(label == "coding", own >= 0.5);
            assert!((q - 9.0 * p / (9.0 * p + 1.0 - p)).abs() < 2e-5, "{p} {q}");
            assert_eq!(most[5] == "coding", q >= 0.5);
        }
    }
}

#[test]
fn nonsense_is_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 150, ""));
    for flags in [&["--prior", "1"][..], &["--prior", "most"], &["--prior", "0.9", "--windows", "100"]] {
        let output = bench.run_split(&[&["in.fq"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", stderr(&output));
    }
}
