//! `split --audit`: some reads are also scored on a plain path, and must get the same labels.

use serde_json::Value;

use crate::support::{Bench, bases, fastq, stderr, testdata};

/// The audit's part of the report on 40 reads that `model` scores, with these flags.
fn audit(model: &str, flags: &[&str]) -> Value {
    let bench = Bench::new();
    bench.write("in.fq", fastq(40, 150, ""));
    bench.split(&[&["in.fq", "--model", model, "--json", "r.json"], flags].concat());
    let report = bench.json("r.json");
    assert_eq!(report["counts"]["scored"], 40);
    report["audit"].clone()
}

#[test]
fn an_audited_share_of_reads_gets_the_same_answers_on_the_plain_path() {
    let bert = testdata("parity/k6_tiny_zip");
    for model in ["builtin", "compact", bert.to_str().unwrap()] {
        let all = audit(model, &["--audit", "1"]);
        assert_eq!((&all["reads"], &all["fraction"]), (&40.into(), &1.0.into()), "{model}");
        let largest = all["largest_difference"].as_f64().unwrap();
        assert!((0.0..=1e-4).contains(&largest), "{model}: {largest}");
        let half = audit(model, &["--audit", "0.5"])["reads"].as_u64().unwrap();
        assert!((8..=32).contains(&half), "{model}: {half}");
        assert_eq!(audit(model, &["--audit", "0.5", "-t", "1"])["reads"], half, "the same reads in every run");
        assert!(audit(model, &[]).is_null());
    }
}

#[test]
fn windows_and_mates_are_audited_too() {
    let bench = Bench::new();
    bench.write("long.fq", format!("@a\n{0}\n+\n{0}\n@b\nACGT\n+\nIIII\n", bases(7, 2000)));
    bench.split(&["long.fq", "--model", "compact", "--windows", "150", "--audit", "1", "--json", "r.json"]);
    assert_eq!(bench.json("r.json")["audit"]["reads"], 1, "one read is too short to be scored");
    let [r1, r2] = [testdata("community_R1.fq.gz"), testdata("community_R2.fq.gz")];
    let pair = [r1.to_str().unwrap(), r2.to_str().unwrap()];
    let flags = ["--model", "compact", "--max-reads", "60", "--audit", "1", "--json", "p.json", "--html", "p.html"];
    let output = bench.split(&[&pair[..], &flags, &["--force"]].concat());
    assert_eq!(bench.json("p.json")["audit"]["reads"], 60);
    let said = "reads also scored on a plain path: same labels, largest difference";
    assert!(stderr(&output).contains(said) && bench.read("p.html").contains(said), "{}", stderr(&output));
}

#[test]
fn a_label_that_differs_ends_the_run_and_leaves_nothing() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(200, 150, ""));
    let probabilities = |precision: &str| -> Vec<f64> {
        let flags = ["--device", "cpu", "--model", "compact", "--precision", precision, "-o", "s.tsv", "--force", "-q"];
        assert!(bench.run(&[&["score", "in.fq"], &flags[..]].concat()).status.success());
        let table = bench.read("s.tsv");
        let column = table.lines().next().unwrap().split('\t').position(|name| name == "probability").unwrap();
        table.lines().skip(1).map(|line| line.split('\t').nth(column).unwrap().parse().unwrap()).collect()
    };
    let (exact, coarse) = (probabilities("f32"), probabilities("int8"));
    let (one, other) = exact
        .iter()
        .zip(&coarse)
        .max_by(|one, other| (one.0 - one.1).abs().total_cmp(&(other.0 - other.1).abs()))
        .unwrap();
    assert!((one - other).abs() > 0.001, "bytes round more than that");
    // A threshold between the two probabilities of a read.
    let threshold = ((one + other) / 2.0).to_string();
    let flags = ["in.fq", "--model", "compact", "--prior", "0.5", "--threshold", &threshold, "--json", "r.json"];
    std::fs::remove_file(bench.path("s.tsv")).unwrap();
    let output = bench.run_split(&[&flags[..], &["--precision", "int8", "--audit", "1"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("the audit failed: r"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: run in f32"), "{}", stderr(&output));
    assert_eq!(bench.files(), ["in.fq"], "nothing is written");
    bench.split(&[&flags[..], &["--audit", "1"]].concat());
}
