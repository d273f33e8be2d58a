//! Runs that share an input: their outputs, one after the other, equal those of a single run.

use serde_json::Value;

use crate::support::{Bench, fastq, stderr, testdata};

/// The outputs of a run in its own folder: both classes, the scores table without its header, and the report.
struct Outputs {
    coding: String,
    noncoding: String,
    scores: String,
    report: Value,
}

fn run(input: &[&str], flags: &[&str]) -> Outputs {
    let bench = Bench::new();
    bench.split(&[input, &["--scores", "s.tsv", "--json", "r.json"], flags].concat());
    let table = bench.read("s.tsv");
    let (_, scores) = table.split_once('\n').unwrap();
    let [coding, noncoding] = ["c.fq", "n.fq"].map(|file| bench.read(file));
    Outputs { coding, noncoding, scores: scores.to_owned(), report: bench.json("r.json") }
}

/// Compares the outputs of shards with those of a single run, all with the same `flags`.
fn compare(input: &[&str], shards: u64, flags: &[&str]) {
    compare_by(input, shards, flags, None);
}

/// Compares as [`compare`] does, with shards that read through an index if there is one.
pub(crate) fn compare_by(input: &[&str], shards: u64, flags: &[&str], index: Option<&str>) {
    let whole = run(input, flags);
    let index = index.map_or_else(Vec::new, |index| vec!["--index", index]);
    let each = |n: u64| run(input, &[flags, &index, &["--shard", &format!("{n}/{shards}")]].concat());
    let parts: Vec<Outputs> = (1..=shards).map(each).collect();
    let joined = |of: fn(&Outputs) -> &str| parts.iter().map(of).collect::<String>();
    assert!(joined(|part| &part.coding) == whole.coding, "{input:?}: coding");
    assert!(joined(|part| &part.noncoding) == whole.noncoding, "{input:?}: noncoding");
    assert!(joined(|part| &part.scores) == whole.scores, "{input:?}: scores");

    let sum = |key: &str| parts.iter().map(|part| part.report["counts"][key].as_u64().unwrap()).sum::<u64>();
    for (key, count) in whole.report["counts"].as_object().unwrap() {
        assert_eq!(sum(key), count.as_u64().unwrap(), "{input:?}: {key}");
    }
    let mut next = 1;
    for (part, number) in parts.iter().zip(1..) {
        assert_eq!(part.report["settings"], whole.report["settings"], "the same prior in all of them");
        let shard = &part.report["input"]["shard"];
        assert_eq!((&shard["number"], &shard["of"]), (&Value::from(number), &Value::from(shards)));
        assert_eq!(shard["first_template"], next);
        next += shard["templates"].as_u64().unwrap();
    }
    assert_eq!(parts[0].report["input"]["shard"]["all_templates"], next - 1);
}

#[test]
fn shards_of_any_format_add_up_to_a_single_run() {
    let file = |name: &str| testdata(name).into_os_string().into_string().unwrap();
    let [bam, first, second] = ["community.bam", "community_R1.fq.gz", "community_R2.fq.gz"].map(file);
    compare(&[&bam], 3, &[]);
    compare(&[&first, &second], 2, &["--undecided-band", "0.3,0.7", "--sample", "0.4"]);
    compare(&[&first, &second], 2, &["--single", "--prior", "0.5"]);
    compare(&[&file("aligners/bwa.sorted.bam")], 2, &["--collate"]);
    compare(&[&file("aligners/minimap2.bam")], 3, &[]);
}

#[test]
fn merged_reports_of_shards_are_that_of_a_single_run() {
    let bench = Bench::new();
    let bam = testdata("community.bam").into_os_string().into_string().unwrap();
    let flags = ["--min-length", "150", "--sample", "0.7", "--force"];
    bench.split(&[&[&*bam, "--json", "whole.json", "--html", "whole.html"], &flags[..]].concat());
    for shard in ["1/3", "2/3", "3/3"] {
        let report = format!("{}.json", &shard[..1]);
        bench.split(&[&[&*bam, "--shard", shard, "--json", &report], &flags[..]].concat());
    }
    let merge = ["merge", "m.json", "3.json", "1.json", "2.json", "--html", "m.html", "--multiqc", "s_mqc.json"];
    let output = bench.run(&merge);
    assert!(output.status.success(), "{}", stderr(&output));
    let [mut whole, mut merged] = ["whole.json", "m.json"].map(|file| bench.json(file));
    // These values are measured, so they differ between runs.
    for report in [&mut whole, &mut merged] {
        for key in ["command", "wall_seconds", "reads_per_second", "peak_memory_bytes", "pace"] {
            report.as_object_mut().unwrap().remove(key);
        }
        assert!(report["estimate"].as_object_mut().unwrap().remove("wall_seconds").is_some());
    }
    assert_eq!(merged, whole);
    // A shard from which the sample took no reads.
    for shard in ["1", "2", "3"] {
        let mut report = bench.json(&format!("{shard}.json"));
        if shard == "2" {
            report.as_object_mut().unwrap().remove("estimate");
        }
        bench.write(&format!("few{shard}.json"), report.to_string());
    }
    let output = bench.run(&["merge", "few.json", "few1.json", "few2.json", "few3.json"]);
    assert!(output.status.success() && bench.json("few.json")["estimate"]["verdicts"].is_u64(), "{}", stderr(&output));
    assert!(bench.read("m.html").contains("community.bam") && bench.read("s_mqc.json").contains("\"s\""));

    let changed = |name: &str, change: fn(&mut serde_json::Value)| {
        let mut report = bench.json("2.json");
        change(&mut report);
        bench.write(name, report.to_string());
    };
    changed("apart.json", |report| report["input"]["shard"]["first_template"] = 17.into());
    changed("letters.json", |report| report["settings"]["letters"] = "published".into());
    changed("audit.json", |report| {
        report["audit"] = serde_json::json!({ "fraction": 0.5, "reads": 1, "largest_difference": 0.0, "ties": 0 });
    });
    changed("seed.json", |report| report["settings"]["sample"]["seed"] = 5.into());
    for (reports, problem) in [
        (&["1.json", "2.json"][..], "cannot use the reports: shard 3 of 3 is missing"),
        (&["1.json", "3.json"], "cannot use the reports: shard 2 of 3 is missing"),
        (
            &["3.json", "apart.json", "1.json"],
            "cannot use apart.json: shard 2 does not begin where the one before it ends",
        ),
        (
            &["1.json", "letters.json", "3.json"],
            "cannot use letters.json: it does not have the settings of the first report",
        ),
        (&["1.json", "seed.json", "3.json"], "cannot use seed.json: it does not have the settings"),
        (&["1.json", "audit.json", "3.json"], "cannot use audit.json: it does not have the audit"),
        (&["1.json", "2.json", "1.json"], "cannot use 1.json: shard 1 is given twice"),
        (&["whole.json"], "cannot use whole.json: it is not the report of a shard"),
        (&["1.json", "whole.json"], "cannot use whole.json: it is not the report of a shard"),
        (&["1.json", "m.html"], "cannot use m.html: not a report of readseeker: it is not valid JSON"),
        (&["1.json", "none.json"], "cannot use none.json: No such file"),
    ] {
        let output = bench.run(&[&["merge", "x.json"], reports].concat());
        assert_eq!(output.status.code(), Some(3), "{reports:?}");
        assert!(stderr(&output).contains(problem), "{}", stderr(&output));
        assert!(!bench.path("x.json").exists());
    }
    let taken = bench.run(&["merge", "m.json", "1.json", "2.json", "3.json"]);
    assert_eq!((taken.status.code(), stderr(&taken).contains("m.json exists")), (Some(2), true));
}

#[test]
fn warnings_of_merged_reports_are_about_the_whole() {
    // A third of the reads are too short to be scored: all of one shard, and none of the others.
    let bench = Bench::new();
    bench.write("in.fq", fastq(200, 150, "") + &fastq(100, 50, ""));
    bench.split(&["in.fq", "--json", "whole.json"]);
    for shard in ["1", "2", "3"] {
        let report = format!("{shard}.json");
        bench.split(&["in.fq", "--shard", &format!("{shard}/3"), "--json", &report, "--force"]);
    }
    assert!(bench.run(&["merge", "m.json", "1.json", "2.json", "3.json"]).status.success());
    let warnings = |file: &str| bench.json(file)["warnings"].to_string();
    assert!(warnings("3.json").contains("100 of 100 reads could not be scored"), "{}", warnings("3.json"));
    assert!(warnings("whole.json").contains("100 of 300 reads could not be scored"), "{}", warnings("whole.json"));
    assert_eq!(warnings("m.json"), warnings("whole.json"));
}

#[test]
fn merged_tables_of_shards_are_that_of_a_single_run() {
    let bench = Bench::new();
    let bam = testdata("community.bam").into_os_string().into_string().unwrap();
    let table = |name: &str, shard: &[&str]| {
        bench.split(&[&[&*bam, "--model", "compact", "--force", "--json", "r.json", "--scores", name], shard].concat());
    };
    for suffix in ["tsv", "csv.gz", "parquet"] {
        table(&format!("whole.{suffix}"), &[]);
        let parts = ["1", "2", "3"].map(|number| {
            let part = format!("{number}.{suffix}");
            table(&part, &["--shard", &format!("{number}/3")]);
            std::fs::rename(bench.path("r.json"), bench.path(&format!("{number}.json"))).unwrap();
            part
        });
        let merge = ["merge", "m.json", "2.json", "3.json", "1.json", "--force", "--scores"];
        let merged = format!("m.{suffix}");
        let output = bench.run(&[&merge[..], &[&*merged, &*parts[1], &*parts[2], &*parts[0]]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let [merged, whole] =
            [merged, format!("whole.{suffix}")].map(|file| crate::scores::content(&bench.path(&file)));
        assert!(merged == whole, "{suffix}");

        let wrong = |scores: &[&str], problem: &str| {
            let output = bench.run(&[&["merge", "x.json", "1.json", "2.json", "3.json", "--scores"], scores].concat());
            assert!(!output.status.success() && stderr(&output).contains(problem), "{}", stderr(&output));
            assert!(!bench.path("x.json").exists() && !bench.path(scores[0]).exists());
        };
        let [first, second, third] = parts.each_ref().map(String::as_str);
        let out = format!("x.{suffix}");
        wrong(&[&out, first, second], "--scores takes a table for each report, and is given 2 tables for 3 reports");
        wrong(&[&out, second, first, third], "but the report in its place counts");
        wrong(&[&out, first, second, first], &format!("--scores takes {first} twice"));
        if suffix == "tsv" {
            bench.write("other.tsv", bench.read(first).replacen("\tcoding\t", "\tnoncoding\t", 1));
            wrong(
                &[&out, "other.tsv", second, third],
                "reads with the label coding, but the report in its place counts",
            );
        }
        wrong(
            &[&out, first, second, "3.json"],
            if suffix == "parquet" { "it is not in the format of" } else { "its columns are not" },
        );
    }
    let output = bench.run(&[
        "merge",
        "x.json",
        "1.json",
        "2.json",
        "3.json",
        "--scores",
        "x.parquet",
        "1.tsv",
        "2.tsv",
        "3.tsv",
    ]);
    assert!(stderr(&output).contains("1.tsv: it is not in the format of x.parquet"), "{}", stderr(&output));
}

#[test]
fn more_shards_than_templates_leave_some_empty() {
    let bench = Bench::new();
    let few = bench.write("few.fq", fastq(3, 90, ""));
    compare(&[few.to_str().unwrap()], 5, &[]);
}

#[test]
fn what_is_in_no_template_is_counted_by_one_shard() {
    let bench = Bench::new();
    let secondary = "@SQ\tSN:c\tLN:1000\nq\t256\tc\t1\t60\t10M\t*\t0\t0\tACGTACGTAC\t*\n";
    compare(&[bench.write("a.sam", secondary).to_str().unwrap()], 3, &[]);
}

#[test]
fn a_shard_of_a_stream_is_refused() {
    let bench = Bench::new();
    let output = bench.run_split(&["-", "--shard", "1/2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("- is not a file\nhint: write it to a file first"), "{}", stderr(&output));
    bench.write("a.fq", fastq(3, 90, ""));
    let output = bench.run_split(&["a.fq", "--shard", "3/2"]);
    assert!(stderr(&output).contains("expected I/N, with I from 1 to N"), "{}", stderr(&output));
    assert_eq!(bench.files(), ["a.fq"]);
}
