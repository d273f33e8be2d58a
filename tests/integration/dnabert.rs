//! The original scripts' files: `readseeker kmers` and `readseeker score --dnabert`, compared with the original code.

use crate::model_parity::{BERTS, Bert, bert_goldens};
use crate::support::{Bench, stderr, testdata};
use readseeker::model::Attention;

/// Parses a file in numpy's format and returns its numbers.
fn npy(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..start]).unwrap();
    let numbers: Vec<f32> = bytes[start..].as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect();
    assert_eq!(
        header.trim_end(),
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", numbers.len())
    );
    numbers
}

/// Writes a checkpoint's golden reads to `in.fa`; returns the goldens, and k as text.
fn goldens(bench: &Bench, name: &str) -> (Vec<Bert>, String) {
    let goldens = bert_goldens(&testdata(&format!("parity/{name}")));
    let record = |(n, golden): (usize, &Bert)| format!(">r{n}\n{}\n", String::from_utf8_lossy(&golden.bases));
    bench.write("in.fa", goldens.iter().enumerate().map(record).collect::<String>());
    (goldens, name[1..2].to_owned())
}

#[test]
fn probabilities_are_those_of_the_original_in_its_order() {
    for name in BERTS {
        let bench = Bench::new();
        let (goldens, k) = goldens(&bench, name);
        let run = bench.run(&["kmers", "in.fa", "-k", &k, "--letters", "published", "-o", "dev.tsv"]);
        assert!(run.status.success(), "{}", stderr(&run));
        let model = testdata(&format!("parity/{name}"));
        for (attention, mode) in [("published", Attention::Published), ("masked", Attention::Masked)] {
            let score = ["score", "--dnabert", "dev.tsv", "--model", model.to_str().unwrap(), "--device", "cpu"];
            let run =
                bench.run(&[&score[..], &["--attention", attention, "-o", "pred_results.npy", "--force"]].concat());
            assert!(run.status.success(), "{}", stderr(&run));
            let ours = npy(&std::fs::read(bench.path("pred_results.npy")).unwrap());
            assert_eq!(ours.len(), goldens.len());
            for (golden, ours) in goldens.iter().zip(ours) {
                let theirs = golden.probability(mode);
                let bases = golden.bases.len();
                assert!((ours - theirs).abs() <= 1e-5, "{name}, {attention}, {bases} bases: {ours}, {theirs}");
            }
        }
    }
}

#[test]
fn a_table_of_kmers_has_a_line_for_each_read() {
    let bench = Bench::new();
    bench.write("1.fq", "@a/1\nacgUACN\n+\nIIIIIII\n@b/1\nAC\n+\nII\n");
    bench.write("2.fq", "@a/2 x\nGGGGGGG\n+\nIIIIIII\n@b/2\nTTTTTT\n+\nIIIIII\n");
    let table = |args: &[&str]| {
        let run = bench.run(&[&["kmers", "1.fq", "2.fq", "-o", "-"], args].concat());
        assert!(run.status.success(), "{}", stderr(&run));
        String::from_utf8(run.stdout).unwrap()
    };
    let lines = ["ACGTAC CGTACN\t0\ta/1\n", "GGGGGG GGGGGG\t0\ta/2\n", "\t0\tb/1\n", "TTTTTT\t0\tb/2\n"];
    assert_eq!(table(&[]), format!("sequence\tlabel\tname\n{}", lines.concat()));
    let published = table(&["--letters", "published", "--label", "1", "--max-reads", "1"]);
    assert_eq!(published, "sequence\tlabel\tname\nacgUAC cgUACN\t1\ta/1\n");
}

#[test]
fn a_table_that_is_not_one_of_kmers_is_refused() {
    let bench = Bench::new();
    let model = testdata("parity/k6_tiny_zip");
    let score = |table: &str| {
        bench.write("dev.tsv", table);
        let run = bench.run(&["score", "--dnabert", "dev.tsv", "--model", model.to_str().unwrap(), "-o", "p.npy"]);
        (run.status.code(), stderr(&run))
    };
    for (table, problem) in [
        ("", "line 1: expected a header line"),
        ("ACGTAC CGTACG\t1\n", "line 1: expected a header line, found k-mers"),
        ("sequence\tlabel\nACGTAC\t1\nACGTAC\n", "line 3: expected k-mers, a tab and a label"),
    ] {
        let (code, message) = score(table);
        assert_eq!(code, Some(3), "{message}");
        assert!(message.contains(problem) && message.contains("hint: "), "{message}");
        assert_eq!(bench.files(), ["dev.tsv"]);
    }
    let twice = bench.run(&["score", "reads.fq", "--dnabert", "dev.tsv", "-o", "p.npy"]);
    assert_eq!(twice.status.code(), Some(2), "{}", stderr(&twice));
}

#[test]
fn reads_too_short_for_our_own_models_have_no_number() {
    let bench = Bench::new();
    bench.write("dev.tsv", "sequence\tlabel\n\t0\nACGTAC\t0\n");
    let run = bench.run(&["score", "--dnabert", "dev.tsv", "--device", "cpu", "-o", "p.npy"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let numbers = npy(&std::fs::read(bench.path("p.npy")).unwrap());
    assert!(numbers.len() == 2 && numbers.iter().all(|number| number.is_nan()), "{numbers:?}");
    let again = bench.run(&["score", "--dnabert", "dev.tsv", "--device", "cpu", "-o", "p.npy"]);
    assert_eq!(again.status.code(), Some(2), "an output that exists is kept");
}
