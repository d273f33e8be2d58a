//! A dry run says what a run would do, and does none of it.

use crate::support::{Bench, fastq, stderr, testdata};

fn said(bench: &Bench, args: &[&str]) -> String {
    let output = bench.run(&[&["split", "--device", "cpu", "--dry-run"], args].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    bench.write("n.fq", "");
    let outputs = ["--coding", "c.fq", "--noncoding", "n.fq", "--scores", "s.parquet", "--force"];
    let all = said(&bench, &[&pairs[..], &outputs].concat());
    for expected in [
        "community_R1.fq.gz, ",
        "(FASTQ, ",
        "model       readseeker-along-7 (along) on CPU",
        "measured    4,000 reads in ",
        "\nreads       4,000\n",
        "\noutputs     c.fq\n            n.fq (replaces the file that is there)\n            s.parquet\n",
        "\nnothing was written\n",
    ] {
        assert!(all.contains(expected), "{expected}: {all}");
    }
    assert_eq!(bench.files(), ["n.fq"]);
    assert_eq!(bench.read("n.fq"), "");
    let shard = said(&bench, &[pairs[0], "--shard", "1/4", "--out-prefix", "results/a/soil"]);
    assert!(shard.contains("reads       500, a shard of 4\n") && shard.contains(" results/a/soil.json\n"), "{shard}");
    let few = said(&bench, &[pairs[0], "--max-reads", "30", "--out-prefix", "soil"]);
    assert!(few.contains("reads       about 30\n"), "{few}");
    assert_eq!(bench.files(), ["n.fq"]);
}

#[test]
fn a_dry_run_finds_what_a_run_would_find() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    bench.write("c.fq", "");
    bench.write("broken.fq", "@r\nACGT\n");
    std::fs::create_dir(bench.path("folder")).unwrap();
    for (args, code, problem) in [
        (&["in.fq", "--coding", "c.fq", "--noncoding", "n.fq"][..], 2, "c.fq exists"),
        (&["in.fq", "--coding", "no/c.fq", "--noncoding", "n.fq"], 6, "its folder does not exist"),
        (&["in.fq", "--coding", "folder", "--noncoding", "n.fq"], 6, "cannot write folder: is a directory"),
        (&["broken.fq", "--coding", "d.fq", "--noncoding", "n.fq"], 3, "cut short"),
        (&["in.fq", "--coding", "d_#.fq", "--noncoding", "n_#.fq"], 2, "the input holds single reads"),
        (&["-", "--coding", "d.fq", "--noncoding", "n.fq"], 2, "a dry run cannot read -, which is not a file"),
        (&["in.fq", "--coding", "d.fq", "--noncoding", "n.fq", "--model", "none"], 4, "none"),
        (
            &["in.fq", "--coding", "d.fq", "--noncoding", "n.fq", "--shard", "1/2", "--index", "in.fq"],
            3,
            "no index of this version",
        ),
    ] {
        let output = bench.run(&[&["split", "--dry-run"], args].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    assert_eq!(bench.files(), ["broken.fq", "c.fq", "folder", "in.fq"]);
}
