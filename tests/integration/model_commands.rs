//! `readseeker model`: lists, verifies, describes and converts models.

use std::fs;
use std::path::Path;

use readseeker::kmer::Letters;
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Classifier};

use crate::model_parity::{bert_goldens, options, tokens};
use crate::support::{Bench, stderr, testdata};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn a_converted_checkpoint_is_the_same_model() {
    for name in ["k6_tiny_zip", "k6_tiny_legacy", "k3_odd_names"] {
        let bench = Bench::new();
        let directory = testdata(&format!("parity/{name}"));
        let convert = || bench.run(&["model", "convert", directory.to_str().unwrap(), "out"]);
        let run = convert();
        assert!(run.status.success(), "{name}: {}", stderr(&run));
        assert_eq!(bench.files(), ["out"], "nothing is left beside it");
        assert!(bench.path("out/model.safetensors").is_file() && !bench.path("out/pytorch_model.bin").exists());
        let predictions = |directory: &Path| {
            let options = options(directory.to_owned(), Attention::Published, Choice::Cpu);
            let classifier = Classifier::load(&options).unwrap();
            let goldens = bert_goldens(&testdata(&format!("parity/{name}")));
            let reads = goldens.iter().map(|row| row.bases.as_slice());
            classifier.classify(&tokens(&classifier, Letters::Published, reads)).unwrap()
        };
        assert_eq!(predictions(&bench.path("out")), predictions(&directory), "{name}");
        let again = convert();
        assert!(again.status.code() == Some(2) && stderr(&again).contains("out exists\nhint: "), "{}", stderr(&again));
    }
}

#[test]
fn a_checkpoint_that_cannot_be_run_is_not_converted() {
    let bench = Bench::new();
    copy(&testdata("parity/k6_tiny_zip"), &bench.path("cut"));
    let weights = bench.path("cut/pytorch_model.bin");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(bench.run(&["model", "convert", "cut", "out"]).status.code(), Some(4));
    assert_eq!(bench.files(), ["cut"]);
    assert_eq!(bench.run(&["model", "verify", "cut"]).status.code(), Some(4));
}

#[test]
fn a_model_that_is_not_there_has_no_directory() {
    let bench = Bench::new();
    for command in ["path", "verify", "info"] {
        let output = bench.run(&["model", command, "ReadSeeker"]);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(4), &b""[..]), "{command}: {}", stderr(&output));
    }
    assert_eq!(bench.run(&["model", "path", "builtin"]).status.code(), Some(2));
}

#[test]
fn man_pages_document_every_flag() {
    let bench = Bench::new();
    for command in ["split", "score", "kmers", "evaluate", "train", "merge"] {
        let page = String::from_utf8(bench.run(&["man", command]).stdout).unwrap();
        let entries: Vec<&str> = page.split("\n.TP\n").skip(1).collect();
        let texts =
            entries.iter().map(|entry| entry.lines().skip(1).any(|line| !line.is_empty() && !line.starts_with('.')));
        let bare: Vec<&str> =
            entries.iter().zip(texts).filter(|(_, has_text)| !has_text).map(|(entry, _)| *entry).collect();
        assert!(!entries.is_empty() && bare.is_empty(), "{command}: {bare:?}");
    }
}

#[test]
fn a_model_in_the_cache_is_found_by_its_name() {
    let bench = Bench::new();
    copy(&testdata("compact/tiny1"), &bench.path("cache/models/tiny"));
    let read = "ACGTTGCA".repeat(20);
    bench.write("in.fa", format!(">r\n{read}\n"));
    let run = |args: &[&str]| {
        let output = bench.command(args).env("READSEEKER_CACHE", bench.path("cache")).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = run(&["model", "list"]);
    assert!(listed.starts_with("builtin\t") && listed.contains("\ntiny\tcompact, "), "{listed}");
    assert!(run(&["model", "path", "tiny"]).trim_end().ends_with("cache/models/tiny"));
    assert!(run(&["model", "verify", "tiny"]).contains("is whole"));
    assert!(run(&["model", "info", "tiny", "--no-speed"]).contains("MFLOP for a read of 300 bases"));
    let split = ["split", "in.fa", "--device", "cpu", "--model", "tiny", "--coding", "c.fa", "--noncoding", "n.fa"];
    run(&[&split[..], &["--json", "r.json"]].concat());
    let by_path = testdata("compact/tiny1");
    let info = run(&["model", "info", by_path.to_str().unwrap(), "--no-speed"]);
    assert!(info.contains(bench.json("r.json")["model"]["sha256"].as_str().unwrap()), "{info}");
}

#[test]
fn info_measures_how_fast_a_model_is_here() {
    let bench = Bench::new();
    let directory = testdata("compact/tiny1");
    let run = bench.run(&["model", "info", directory.to_str().unwrap(), "-t", "1"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("reads per second here: 300 bases, f32, "), "{text}{}", stderr(&run));
}

#[test]
fn a_name_that_is_not_a_model_gets_advice() {
    let bench = Bench::new();
    bench.write("in.fa", ">r\nACGT\n");
    for (name, advice) in [("ReadSeeker", "`readseeker model fetch`"), ("built-in", "--model builtin")] {
        let run = bench.run_split(&["in.fa", "--model", name]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        assert!(stderr(&run).contains("no such directory") && stderr(&run).contains(advice), "{}", stderr(&run));
    }
}
