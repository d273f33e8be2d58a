//! What a run reports about itself, so that no result takes a user by surprise.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Bench, fastq, records, stderr, testdata};

#[test]
fn reads_that_cannot_be_scored_are_undecided_in_every_account_and_lead_it() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 50, ""));
    let reports = ["--json", "r.json", "--html", "r.html", "--multiqc", "s_mqc.json"];
    let said = stderr(&bench.split(&[&["in.fq"], &reports[..]].concat()));
    assert!(said.starts_with("readseeker: warning: 20 of 20 reads could not be scored"), "{said}");
    assert!(said.contains("undecided             20  100.0%"), "{said}");
    assert_eq!(records(&bench.read("n.fq")).len(), 20, "nothing is lost");
    let (report, multiqc) = (bench.json("r.json"), bench.json("s_mqc.json"));
    let counts = ["coding", "noncoding", "undecided", "undecided_with_noncoding"].map(|name| &report["counts"][name]);
    assert_eq!(counts, [0, 0, 20, 20]);
    let codes: Vec<_> = report["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["unscored_reads", "short_reads"]);
    assert_eq!(multiqc["data"]["s"]["undecided"], 20);
    assert!(multiqc["description"].as_str().unwrap().contains("could not be scored"));
    assert!(bench.read("r.html").contains("Warning: 20 of 20 reads could not be scored"));

    // `--min-length 1` is raised to the shortest read that the model can score.
    bench.split(&["in.fq", "--min-length", "1", "--json", "r.json", "--force"]);
    let report = bench.json("r.json");
    assert_eq!((&report["settings"]["min_length"], &report["counts"]["scored"]), (&8.into(), &20.into()));
    bench.split(&["in.fq", "--force", "--undecided", "u.fq", "--json", "r.json", "-q"]);
    assert_eq!(bench.json("r.json")["counts"]["undecided_with_noncoding"], 0);
}

/// The codes of the warnings in the report of a `split` run with these arguments; stderr and the page must show them
/// too.
fn codes(bench: &Bench, args: &[&str]) -> Vec<String> {
    let output = bench.split(&[args, &["--json", "r.json", "--html", "r.html", "--force"]].concat());
    let (said, report) = (stderr(&output), bench.json("r.json"));
    let warnings = report["warnings"].as_array().unwrap();
    for warning in warnings {
        let message = warning["message"].as_str().unwrap();
        assert!(said.contains(message), "{message} is missing in {said}");
    }
    assert_eq!(bench.read("r.html").matches("class=\"warning\"").count(), warnings.len());
    warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn reads_that_the_model_does_not_know_are_warned_of() {
    let bench = Bench::new();
    bench.split(&[testdata("community_R1.fq.gz").to_str().unwrap()]);
    let usual = records(&bench.read("c.fq"))[..90].join("\n") + "\n";
    let with = |bases: &str| {
        let odd = format!("@odd\n{bases}\n+\n{}\n", "I".repeat(bases.len())).repeat(10);
        bench.write("in.fq", format!("{usual}{odd}"));
        codes(&bench, &["in.fq"])
    };
    let read = crate::support::bases(1000, 150); // random
    assert_eq!(with(&read), [""; 0]);
    assert_eq!(with(&read.replacen(['A', 'C'], "N", 15)), ["unknown_bases"]);
    assert_eq!(with(&"ACGTTA".repeat(25)), ["low_complexity"]);
    assert_eq!(with(&"A".repeat(150)), ["low_complexity", "odd_gc"]);
    assert_eq!(with(&read.replace('A', "G").replace('T', "C")), ["odd_gc"]);
}

#[test]
fn an_input_without_reads_is_no_error_but_warned_of() {
    let bench = Bench::new();
    bench.write("empty.fq", "");
    assert_eq!(codes(&bench, &["empty.fq"]), ["no_reads"]);
    assert_eq!(codes(&bench, &["/dev/null"]), ["no_reads"]);
    bench.write("in.fq", fastq(1, 150, ""));
    let one = bench.split(&["in.fq", "--force"]);
    assert!(stderr(&one).contains("\n1 read in "), "{}", stderr(&one));
}

#[test]
fn a_model_that_is_unsure_of_most_reads_is_warned_of() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 300, ""));
    let random = testdata("parity/k6_tiny_zip");
    assert_eq!(codes(&bench, &["in.fq", "--model", random.to_str().unwrap()]), ["unsure_model"]);
}

#[test]
fn long_reads_with_errors_are_warned_of_where_the_model_loses_their_frame() {
    let bench = Bench::new();
    let is_warned_of = |args: &[&str]| codes(&bench, args).contains(&"error_rich_reads".to_owned());
    bench.write("ont.fq", fastq(20, 500, "").replace('I', ","));
    bench.write("short.fq", fastq(20, 300, "").replace('I', ","));
    bench.write("hifi.fq", fastq(20, 500, ""));
    assert!(is_warned_of(&["ont.fq", "--model", "compact"]));
    assert!(!is_warned_of(&["ont.fq"]) && !is_warned_of(&["ont.fq", "--model", "compact", "--windows", "100"]));
    assert!(!is_warned_of(&["short.fq", "--model", "compact"]) && !is_warned_of(&["hifi.fq", "--model", "compact"]));
}

#[test]
fn usual_reads_are_not_warned_of() {
    let bench = Bench::new();
    for input in ["community_R1.fq.gz", "community.bam"] {
        assert_eq!(codes(&bench, &[testdata(input).to_str().unwrap()]), [""; 0], "{input}");
    }
}

#[test]
fn other_thresholds_are_what_those_thresholds_give() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    for mates in ["any", "both", "mean", "each"] {
        let report = |threshold: &str| {
            let args = ["--mates", mates, "--threshold", threshold, "--json", "r.json", "--force", "-q"];
            bench.split(&[&pairs[..], &args].concat());
            bench.json("r.json")
        };
        let others = report("0.5")["other_thresholds"].clone();
        for other in others.as_array().unwrap().iter().step_by(3) {
            let threshold = other["threshold"].to_string();
            assert_eq!(
                report(&threshold)["counts"]["coding"],
                other["coding"],
                "--mates {mates} --threshold {threshold}"
            );
        }
    }
}

#[test]
fn frames_are_those_of_the_coding_reads_that_were_scored() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    let band = ["--mates", "each", "--undecided-band", "0.3,0.7"];
    for rule in [&[][..], &["--mates", "any"], &["--mates", "both"], &["--min-length", "120"], &band] {
        let outputs = ["--json", "r.json", "--html", "r.html", "--scores", "s.tsv", "--force", "-q"];
        bench.split(&[&pairs[..], rule, &outputs].concat());
        let scores = bench.read("s.tsv");
        let columns = scores.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        let of_coding: Vec<_> = columns.filter(|columns| columns[7] == "coding").collect();
        let report = bench.json("r.json");
        assert_eq!(report["counts"]["coding"], of_coding.len());
        let counts = report["frames"]["counts"].as_array().unwrap();
        for (frame, count) in report["frames"]["order"].as_array().unwrap().iter().zip(counts) {
            let told = of_coding.iter().filter(|columns| columns[6] == frame.as_str().unwrap()).count();
            assert_eq!(*count, told, "{rule:?} {frame}");
        }
        let with_frame = of_coding.iter().filter(|columns| columns[6] != "NA").count();
        assert_eq!(counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), with_frame as u64, "{rule:?}");
        assert_eq!(bench.read("r.html").contains("Without the undecided band"), rule == band);
    }
}

#[test]
fn the_rule_for_pairs_is_named_where_there_are_pairs() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    let said =
        stderr(&bench.split(&[&pairs[..], &["--json", "r.json", "--html", "r.html", "--scores", "s.tsv"]].concat()));
    let scores = bench.read("s.tsv");
    let labels: Vec<&str> = scores.lines().skip(1).map(|line| line.split('\t').nth(5).unwrap()).collect();
    let disagree = labels.chunks(2).filter(|pair| pair[0] != pair[1] && !pair.contains(&"NA")).count();
    assert!(disagree > 0);
    assert_eq!(bench.json("r.json")["counts"]["pairs_that_disagree"], disagree);
    let rule = format!(
        "coding at 0.5 or above; a pair is judged by the mean of its mates (mates disagree in {disagree} of 2,000 pairs)"
    );
    assert!(said.contains(&rule), "{said}");
    assert!(bench.read("r.html").contains(&rule));
    let single = stderr(&bench.split(&[pairs[0], "--html", "r.html", "--force"]));
    assert!(single.contains("rule        coding at 0.5 or above\n"), "{single}");
    assert!(!bench.read("r.html").contains("Pairs are judged"));
}

#[test]
fn signals_are_heard_while_an_output_waits_for_its_reader() {
    let others = [("USR1", 138), ("XCPU", 152), ("ALRM", 142), ("VTALRM", 154), ("PROF", 155)];
    for (signal, code) in [("INT", 130), ("QUIT", 131), ("TERM", 143)].into_iter().chain(others) {
        let bench = Bench::new();
        bench.write("in.fq", fastq(3, 100, ""));
        let fifo = bench.path("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let args = ["split", "in.fq", "--device", "cpu", "--coding", "c.fq", "--noncoding", "fifo"];
        let mut child = bench.command(&args).stderr(Stdio::null()).spawn().unwrap();
        let (started, limit) = (Instant::now(), Duration::from_mins(1));
        // The run creates its first output, then waits until somebody opens the second one, a FIFO.
        while bench.files().len() < 3 {
            assert!(started.elapsed() < limit, "no output was begun");
            std::thread::sleep(Duration::from_millis(10));
        }
        let sent = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < limit, "{signal} is not heard");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(code), "{signal}");
        assert_eq!(bench.files(), ["fifo", "in.fq"], "{signal} leaves nothing");
    }
}

#[test]
fn a_prefix_gives_the_standard_set() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(30, 100, ""));
    let split = |args: &[&str]| bench.run(&[&["split", "in.fq", "--device", "cpu", "-q"], args].concat());
    let output = split(&["--out-prefix", "results/run 1/soil"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut names: Vec<String> = std::fs::read_dir(bench.path("results/run 1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let parts = [
        "coding.fq.gz",
        "html",
        "json",
        "noncoding.fq.gz",
        "probabilities_mqc.json",
        "scores.tsv.gz",
        "statistics_mqc.json",
    ];
    assert_eq!(names[..7], parts.map(|name| format!("soil.{name}")));
    assert_eq!(names[7..], ["soil_mqc.json"]);
    assert_eq!(bench.json("results/run 1/soil.json")["counts"]["records"], 30);
    assert_eq!(split(&["--out-prefix", "results/run 1/soil"]).status.code(), Some(2), "it exists");
    let output = split(&["--out-prefix", "o/", "--coding", "c.fa", "--output-format", "fasta"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        bench.path("c.fa").exists()
            && bench.path("o/noncoding.fa.gz").exists()
            && !bench.path("o/coding.fa.gz").exists()
    );
    assert_eq!(split(&["--coding", "c.fq"]).status.code(), Some(2), "--noncoding is missing");
}

#[test]
fn progress_as_json_ends_with_all_reads() {
    let bench = Bench::new();
    let input = bench.write("a.fq", fastq(300, 100, ""));
    let output = bench.split(&["a.fq", "--progress", "json"]);
    let text = stderr(&output);
    let last = text.lines().rfind(|line| line.starts_with('{')).unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    let size = input.metadata().unwrap().len();
    assert_eq!((&last["reads"], &last["bytes"], &last["bytes_of_input"]), (&300.into(), &size.into(), &size.into()));
    let lines = |file| bench.read(file).lines().count();
    assert_eq!(last["coding"], lines("c.fq") / 4);
}

#[test]
fn reads_are_counted_by_length_and_gc_content_and_the_page_shows_them() {
    let bench = Bench::new();
    let first = testdata("community_R1.fq.gz").into_os_string().into_string().unwrap();
    bench.split(&[&first, "--json", "r.json", "--html", "r.html", "--scores", "s.tsv"]);
    let (report, page) = (bench.json("r.json"), bench.read("r.html"));
    let sum = |strata: &str, of: &str| -> u64 {
        report["strata"][strata].as_array().unwrap().iter().map(|one| one[of].as_u64().unwrap()).sum()
    };
    for strata in ["by_length", "by_gc"] {
        assert_eq!((sum(strata, "reads"), sum(strata, "coding")), (2000, report["counts"]["coding"].as_u64().unwrap()));
    }
    let lengths: Vec<usize> =
        bench.read("s.tsv").lines().skip(1).map(|line| line.split('\t').nth(2).unwrap().parse().unwrap()).collect();
    let short = lengths.iter().filter(|length| **length < 100).count();
    assert_eq!(report["strata"]["weak"]["short"], short);
    for shown in ["Reads by length and GC content", "of such reads to be called right", "Models are weak on"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<script") && page.len() < 500_000);
    bench.split(&[&first, "--model", "compact", "--html", "r.html", "--force"]);
    assert!(!bench.read("r.html").contains("called right"), "measured for the other model");
}

#[test]
fn samples_are_compared_on_one_page() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    bench.split(&[&pairs[..], &["--json", "soil.json", "--force"]].concat());
    bench.split(&[pairs[0], "--json", "sea.json", "--force", "--model", "compact"]);
    let compare = |args: &[&str]| bench.run(&[&["compare", "all.html"], args].concat());
    let output = compare(&["soil.json", "sea.json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let page = bench.read("all.html");
    for shown in ["of 2 samples", "<td>soil</td>", "<td>sea</td>", "Warning: the runs differ in models.", "4,000"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<script") && page.len() < 500_000);
    assert_eq!(compare(&["soil.json"]).status.code(), Some(2), "the page exists");
    bench.write("none.fq", "");
    let rules = ["--undecided-band", "0.3,0.7", "--prior", "0.9", "--min-length", "100"];
    bench.split(&[&["none.fq", "--json", "none.json", "--html", "none.html", "--force"], &rules[..]].concat());
    assert!(compare(&["soil.json", "none.json", "--force"]).status.success());
    let page = bench.read("all.html");
    let differ = "the runs differ in undecided bands, priors and what is scored of a read.";
    assert!(
        page.contains(differ) && page.contains("<td>none</td><td class=\"n\">0</td><td class=\"n\">-</td>"),
        "{page}"
    );
    assert!(bench.read("none.html").contains("The input holds no reads."));
    let twice = bench.run(&["compare", "x.html", "soil.json", "./soil.json"]);
    assert!(stderr(&twice).contains("./soil.json is given twice"), "{}", stderr(&twice));
    let many = compare(&["soil.json"; 21]);
    assert!(stderr(&many).contains("a page holds 20 samples, and 21 are given"), "{}", stderr(&many));
    let other = bench.run(&["compare", "x.html", "all.html"]);
    assert!(stderr(&other).contains("cannot use all.html: not a report of readseeker"), "{}", stderr(&other));
    assert!(!stderr(&other).contains("merge") && stderr(&other).contains("--json"), "{}", stderr(&other));
    assert!(!bench.path("x.html").exists());
}
