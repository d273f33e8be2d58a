//! Checkpoints: config.json, the weights (safetensors or a pickle) and vocab.txt, one of them mutated.
#![no_main]

use std::num::NonZero;

use libfuzzer_sys::fuzz_target;
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Check, Classifier, Options, Precision, Source};
use readseeker::tokens::Tokens;
use readseeker_fuzz::{crash_on_panics, folder};

macro_rules! testdata {
    ($path:literal) => {
        include_bytes!(concat!("../../../testdata/", $path))
    };
}

/// Small checkpoints, two BERTs and a compact model: each file's name and content.
const CHECKPOINTS: [&[(&str, &[u8])]; 3] = [
    &[
        ("config.json", testdata!("parity/k5_tiny_zip/config.json")),
        ("pytorch_model.bin", testdata!("parity/k5_tiny_zip/pytorch_model.bin")),
        ("vocab.txt", testdata!("parity/k5_tiny_zip/vocab.txt")),
    ],
    &[
        ("config.json", testdata!("parity/k6_tiny_legacy/config.json")),
        ("pytorch_model.bin", testdata!("parity/k6_tiny_legacy/pytorch_model.bin")),
        ("vocab.txt", testdata!("parity/k6_tiny_legacy/vocab.txt")),
    ],
    &[
        ("config.json", testdata!("compact/tiny1/config.json")),
        ("model.safetensors", testdata!("compact/tiny1/model.safetensors")),
    ],
];

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let [which, file, content @ ..] = data else { return };
    let checkpoint = CHECKPOINTS[usize::from(*which) % CHECKPOINTS.len()];
    let mutated = usize::from(*file) % checkpoint.len();
    let folder = folder();
    for (n, (name, original)) in checkpoint.iter().enumerate() {
        let mut bytes = original.to_vec();
        if n == mutated && *file < 128 {
            bytes = content.to_vec();
        } else if n == mutated {
            // The file is too large for a mutator: a few bytes change, each at a place given by three bytes.
            for edit in content.chunks_exact(4).take(16) {
                let place = usize::from(edit[0]) << 16 | usize::from(edit[1]) << 8 | usize::from(edit[2]);
                let at = place % bytes.len().max(1);
                bytes[at] = edit[3];
            }
        }
        std::fs::write(folder.path().join(name), bytes).expect("a file can be written");
    }
    let options = Options {
        source: Source::Directory(folder.path().to_owned()),
        attention: Attention::default(),
        precision: Precision::F32,
        device: Choice::Cpu,
        batch_size: None,
        threads: NonZero::<usize>::MIN,
        check: Check::Run,
    };
    if let Ok(classifier) = Classifier::load(&options) {
        let mut tokens = Tokens::default();
        tokens.ids.extend([7; 100]);
        tokens.end_row();
        if let Ok(predictions) = classifier.classify(&tokens) {
            assert!(predictions.iter().all(|one| (0.0..=1.0).contains(&one.probability)), "a probability is one");
        }
    }
});
