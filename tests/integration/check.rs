//! The check before a run, on the CPU: a path that fails it gives way to a slower one, and the user learns which
//! instructions run.

use serde_json::Value;

use crate::support::{Bench, fastq, skipped, stderr, testdata};

/// The words of `READSEEKER_CPU` and the names of the instruction sets, fastest first.
const SETS: [(&str, &str); 5] =
    [("amx", "AMX"), ("avx512", "AVX-512"), ("avx2", "AVX2"), ("neon", "NEON"), ("plain", "plain")];

/// Runs an audited split in which the checks of the paths in `faulty` fail; returns its report and its stderr.
fn run(faulty: &str, flags: &[&str]) -> (Value, String) {
    let bench = Bench::new();
    bench.write("in.fq", fastq(40, 150, ""));
    let outputs = ["--coding", "c.fq", "--noncoding", "n.fq", "--json", "r.json", "--device", "cpu"];
    let mut command = bench.command(&[&["split", "in.fq"], &outputs[..], flags].concat());
    let output = command.env("READSEEKER_FAULTY_PATHS", faulty).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    (bench.json("r.json"), stderr(&output))
}

#[test]
fn kernels_that_all_fail_their_check_give_way_to_the_plain_path() {
    let bert = testdata("parity/k6_tiny_zip");
    for (model, precision) in [("builtin", "f32"), ("compact", "int8"), (bert.to_str().unwrap(), "bf16")] {
        let flags = ["--model", model, "--precision", precision, "--audit", "1"];
        let (report, said) = run("amx,avx512,avx2,neon,plain", &flags);
        for part in ["warning: CPU (", "and a plain path on the CPU disagree", "; running on a plain path instead"] {
            assert!(said.contains(part), "{model}, {part}: {said}");
        }
        assert_eq!(report["device"]["backend"], "flex", "{model}");
        assert_eq!(report["model"]["precision"], "f32", "{model}");
        assert_eq!((&report["counts"]["scored"], &report["audit"]["reads"]), (&40.into(), &40.into()), "{model}");
        let largest = report["audit"]["largest_difference"].as_f64().unwrap();
        assert!(largest < 1e-6, "{model}: {largest}");
    }
}

#[test]
fn an_evaluation_says_where_its_models_ran_instead() {
    let bench = Bench::new();
    let read = |n: usize| format!("{}\t{}\n", "ACGTTGCAAC".repeat(20 + n), n % 2);
    bench.write("in.tsv", format!("sequence\tlabel\n{}", (0..20).map(read).collect::<String>()));
    let mut command =
        bench.command(&["evaluate", "in.tsv", "--model", "builtin", "--device", "cpu", "--json", "e.json"]);
    command.env("READSEEKER_FAULTY_PATHS", "amx,avx512,avx2,neon,plain").env("READSEEKER_CPU", "fast");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let report = bench.json("e.json");
    let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    let [slower, idle] = notes[..] else { panic!("{notes:?}") };
    assert!(slower.starts_with("builtin: CPU (") && slower.ends_with("; running on a plain path instead"), "{slower}");
    assert!(idle.starts_with("builtin: READSEEKER_CPU=fast has no effect: this CPU runs "), "{idle}");
    for note in notes {
        assert!(stderr(&output).contains(&format!("warning: {note}\n")), "{}", stderr(&output));
    }
}

#[test]
fn kernels_that_fail_their_check_give_way_to_slower_ones_in_the_same_precision() {
    let bert = testdata("parity/k6_tiny_zip");
    for (model, precision) in
        [("builtin", "f32"), ("compact", "int8"), (bert.to_str().unwrap(), "int8"), (bert.to_str().unwrap(), "f32")]
    {
        let flags = ["--model", model, "--precision", precision];
        let place = |report: &Value| {
            let device = report["device"]["name"].as_str().unwrap();
            let words: Vec<&str> = device.trim_end_matches(')').split(", ").collect();
            SETS.iter().position(|(_, name)| words.contains(name)).unwrap()
        };
        let fastest = place(&run("", &flags).0);
        if SETS[fastest].0 == "plain" {
            skipped(&format!("the CPU has no kernels faster than plain ones for {model} in {precision}"));
            continue;
        }
        let (report, said) = run(SETS[fastest].0, &flags);
        let slower = place(&report);
        assert!(slower > fastest, "{model}: {report}");
        assert_eq!((&report["device"]["backend"], &report["model"]["precision"]), (&"cpu".into(), &precision.into()));
        let name = SETS[slower].1;
        assert!(said.contains("disagree") && said.contains(&format!(", {name}) instead")), "{model}: {said}");
    }
}

#[test]
fn instructions_that_a_model_does_not_use_are_told_of() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(4, 150, ""));
    let said = |asked: &str| {
        let outputs = ["--coding", "c.fq", "--noncoding", "n.fq", "--force", "--device", "cpu", "--model", "compact"];
        let mut command = bench.command(&[&["split", "in.fq"], &outputs[..]].concat());
        stderr(&command.env("READSEEKER_CPU", asked).output().unwrap())
    };
    // The products of this model are too small for tiles, even on a CPU with AMX.
    assert!(said("amx").contains("READSEEKER_CPU=amx has no effect: "), "{}", said("amx"));
    assert!(!said("plain").contains("no effect"), "{}", said("plain"));
}
