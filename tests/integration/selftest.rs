//! `readseeker selftest`: a table of paths and formats.

use serde_json::Value;

use crate::support::{Bench, stderr, testdata};

/// The values of a column in all lines of a check.
fn column(lines: &Value, check: &str, column: &str) -> Vec<String> {
    let lines = lines.as_array().unwrap().iter().filter(|line| line["check"] == check);
    lines.map(|line| line[column].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_path_agrees_with_the_plain_one_and_every_format_comes_back() {
    let bench = Bench::new();
    let model = testdata("compact/tiny1");
    let output = bench.run(&["selftest", "--device", "cpu", "--json", "--model", model.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths = column(&lines, "model", "path");
    assert!(paths.iter().any(|path| path.contains("plain")), "{paths:?}");
    assert!(lines[0]["largest"].as_f64().unwrap() <= lines[0]["bound"].as_f64().unwrap());
    let formats = ["fq", "fq.gz", "fq.zst", "fq.bz2", "fq.xz", "fa", "fa.gz", "bam", "sam", "cram 3.0", "cram 3.1"];
    assert_eq!(column(&lines, "format", "path"), formats);
    assert!(
        column(&lines, "model", "result")
            .iter()
            .chain(&column(&lines, "format", "result"))
            .all(|result| result == "ok")
    );
}

#[test]
fn a_path_that_cannot_run_fails_its_line_and_the_test() {
    let bench = Bench::new();
    // The weights file is not valid safetensors.
    std::fs::create_dir(bench.path("model")).unwrap();
    let config = std::fs::read_to_string(testdata("compact/tiny1/config.json")).unwrap();
    bench.write("model/config.json", config);
    bench.write("model/model.safetensors", "no weights");
    let output = bench.run(&["selftest", "--device", "cpu", "--model", "model"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed: Vec<&str> = table.lines().filter(|line| line.starts_with("model\t")).collect();
    assert!(!failed.is_empty() && failed.iter().all(|line| line.contains("cannot load the model")), "{table}");
    assert!(table.contains("format\tbam\tNA\t200\tNA\tNA\tok"), "{table}");
    assert!(output.stderr.starts_with(b"readseeker: "), "{}", stderr(&output));
}
