//! The model that makes calls along the read, compared with the training code on the same reads, and run through the
//! binary.

use std::fs;
use std::path::PathBuf;

use readseeker::kmer::Letters;
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Classifier};
use readseeker::prediction::Stretch;

use crate::model_parity::{largest, options, tokens};
use crate::support::{Bench, records, testdata};

/// A row of the training code's table: a read, its probability, its stretches, and its stretches if a sample makes it
/// coding.
struct Golden {
    bases: Vec<u8>,
    probability: f32,
    stretches: String,
    if_coding: String,
}

/// Formats stretches as the goldens spell them: START-END:FRAME, from 0.
fn spelt(stretches: &[Stretch]) -> String {
    let one = |one: &Stretch| format!("{}-{}:{}", one.start, one.end, one.frame);
    stretches.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/model/builtin/along")
}

fn goldens() -> Vec<Golden> {
    let table = fs::read_to_string(testdata("along/golden.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Golden {
            bases: fields[0].into(),
            probability: fields[4].parse().unwrap(),
            stretches: fields[5].to_owned(),
            if_coding: fields[6].to_owned(),
        }
    });
    rows.collect()
}

#[test]
fn calls_along_the_read_are_the_training_codes_on_any_kernels() {
    let goldens = goldens();
    for load in [Classifier::load, Classifier::load_on_burn] {
        let classifier = load(&options(directory(), Attention::default(), Choice::Cpu)).unwrap();
        assert_eq!(classifier.card().kind, "along");
        let tokens = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
        let predictions = classifier.classify(&tokens).unwrap();
        let largest = largest(&predictions, goldens.iter().map(|row| row.probability));
        eprintln!("on {}: {largest:e}", classifier.card().backend);
        assert!(largest <= 1e-5, "{}: {largest}", classifier.card().backend);
        let genes = predictions.genes.expect("this family tells genes");
        for (golden, (called, if_coding)) in goldens.iter().zip(genes.rows()) {
            let bases = String::from_utf8_lossy(&golden.bases);
            assert_eq!(
                (spelt(called), spelt(if_coding)),
                (golden.stretches.clone(), golden.if_coding.clone()),
                "{bases}"
            );
        }
    }
}

#[test]
fn a_read_and_its_reverse_complement_get_the_very_same_probability() {
    let classifier = Classifier::load(&options(directory(), Attention::default(), Choice::Cpu)).unwrap();
    let goldens = goldens();
    let complement = |base: &u8| match base.to_ascii_uppercase() {
        b'A' => b'T',
        b'T' | b'U' => b'A',
        b'C' => b'G',
        b'G' => b'C',
        _ => b'N',
    };
    let turned: Vec<Vec<u8>> = goldens.iter().map(|row| row.bases.iter().rev().map(complement).collect()).collect();
    let forward = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
    let back = tokens(&classifier, Letters::Lenient, turned.iter().map(Vec::as_slice));
    let back = classifier.classify(&back).unwrap();
    let apart = largest(&classifier.classify(&forward).unwrap(), back.iter().map(|one| one.probability));
    assert!(apart <= 1e-6, "{apart}");
}

#[test]
fn the_same_bytes_with_calls_along_the_read_however_the_work_is_divided() {
    let bench = Bench::new();
    let (input, model) = (testdata("community.bam"), directory());
    let [input, model] = [&input, &model].map(|path| path.to_str().unwrap());
    let run = |extra: &[&str]| {
        let always = [input, "--model", model, "--prior", "0.7", "--force", "--scores", "s.tsv", "--json", "r.json"];
        bench.split(&[&always, extra].concat());
        [bench.read("c.fq"), bench.read("n.fq"), bench.read("s.tsv")]
    };
    let first = run(&["-t", "1"]);
    assert_eq!(bench.json("r.json")["model"]["kind"], "along");
    for class in &first[..2] {
        assert!(records(class).len() > 100, "both classes have reads");
    }
    for extra in [&["-t", "2"][..], &["-t", "3", "--memory", "100K"], &["--batch-size", "3"]] {
        assert!(run(extra) == first, "{extra:?} changes the output");
    }
}

/// The bases of the first mates of the example.
fn example() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    bench.split(&[testdata("community_R1.fq.gz").to_str().unwrap()]);
    let reads = bench.read("c.fq") + &bench.read("n.fq");
    reads.lines().skip(1).step_by(4).map(|bases| bases.as_bytes().to_vec()).collect()
}

#[test]
fn unknown_bases_at_the_ends_of_reads_change_nothing_and_inside_them_little() {
    let classifier = Classifier::load(&options(directory(), Attention::default(), Choice::Cpu)).unwrap();
    let reads: Vec<Vec<u8>> = example().into_iter().step_by(5).collect();
    let said = |change: &dyn Fn(&[u8]) -> Vec<u8>| {
        let changed: Vec<Vec<u8>> = reads.iter().map(|read| change(read)).collect();
        let tokens = tokens(&classifier, Letters::Lenient, changed.iter().map(Vec::as_slice));
        let probabilities: Vec<f32> =
            classifier.classify(&tokens).unwrap().iter().map(|prediction| prediction.probability).collect();
        probabilities
    };
    let alone = said(&<[u8]>::to_vec);
    for (before, after) in [(1, 0), (0, 45), (100, 73), (0, 1000)] {
        assert_eq!(said(&|read| [&b"N".repeat(before), read, &b"N".repeat(after)].concat()), alone);
    }
    let apart = |unknown: usize| {
        let others = said(&|read| [&read[..75], &b"N".repeat(unknown), &read[75..]].concat());
        alone.iter().zip(others).filter(|(one, other)| (**one < 0.5) != (*other < 0.5)).count()
    };
    for unknown in [6, 30, 150, 3000] {
        assert!(apart(unknown) < reads.len() / 16, "{unknown}: {}", apart(unknown));
    }
}
