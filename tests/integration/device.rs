//! `readseeker device`: what it lists and what it measures.

use crate::support::{Bench, stderr, testdata};

#[test]
fn the_list_names_the_cpu_and_what_auto_takes() {
    let output = Bench::new().run(&["device"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("CPU ") && text.contains("--device auto takes "), "{text}");
}

#[test]
fn a_measurement_has_a_line_for_each_precision() {
    let bench = Bench::new();
    let bert = testdata("parity/k6_tiny_zip");
    let measured = |model: &str| {
        let output =
            bench.run(&["device", "--bench", "--device", "cpu", "--seconds", "0", "--length", "150", "--model", model]);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    for (model, precisions) in
        [("builtin", &["f32"][..]), ("compact", &["f32", "int8"]), (bert.to_str().unwrap(), &["f32", "bf16", "int8"])]
    {
        let text = measured(model);
        let lines: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.iter().map(|line| line[1]).collect::<Vec<_>>(), precisions, "{text}");
        assert!(lines.iter().all(|line| line[0].parse::<f64>().unwrap() > 0.0), "{text}");
    }
}

#[test]
fn a_file_is_measured_as_it_is_and_a_bad_one_is_an_error() {
    let bench = Bench::new();
    let reads = testdata("community_R1.fq.gz");
    let measure =
        |reads: &str| bench.run(&["device", "--bench", "--device", "cpu", "--seconds", "0", "--reads", reads]);
    let output = measure(reads.to_str().unwrap());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let fields: Vec<&str> = text.lines().nth(1).unwrap().split('\t').collect();
    assert!(fields[0].parse::<f64>().unwrap() > 0.0, "{text}");
    // A run within one step of the clock has no figure, rather than 0.
    assert!(fields[5] == "NA" || fields[5].parse::<f64>().unwrap() > 0.0, "{text}");
    bench.write("bad.fq", "@a\nACGT\n+\n");
    for (bad, code) in [("missing.fq", 3), ("bad.fq", 3)] {
        assert_eq!(measure(bad).status.code(), Some(code), "{bad}");
    }
}

#[test]
fn what_is_measured_needs_bench() {
    let output = Bench::new().run(&["device", "--model", "builtin"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
