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
    for (model, precisions) in [("builtin", &["f32", "int8"][..]), (bert.to_str().unwrap(), &["f32", "bf16", "int8"])] {
        let text = measured(model);
        let lines: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.iter().map(|line| line[1]).collect::<Vec<_>>(), precisions, "{text}");
        assert!(lines.iter().all(|line| line[0].parse::<f64>().unwrap() > 0.0), "{text}");
    }
}

#[test]
fn what_is_measured_needs_bench() {
    let output = Bench::new().run(&["device", "--model", "builtin"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
