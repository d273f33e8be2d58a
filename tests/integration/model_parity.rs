//! The models compared with reference predictions for the same reads: from the original's code (testdata/parity) and
//! the training code (testdata/compact). A read's prediction must not depend on its batch, the batch size or the
//! threads.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use burn::store::pytorch_reader::PytorchReader;
use readseeker::error::Error;
use readseeker::kmer::{self, CLS, Letters, SEP};
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Check, Classifier, Options, Precision, Source, describe};
use readseeker::prediction::{Frame, Prediction};
use readseeker::tokens::Tokens;
use safetensors::tensor::{Dtype, TensorView};

use crate::support::skipped;

pub(crate) const BERTS: [&str; 5] = ["k6_tiny_zip", "k6_tiny_legacy", "k5_tiny_zip", "k6_deep_zip", "k3_odd_names"];
pub(crate) const COMPACTS: [&str; 3] = ["tiny1", "tiny2", "tiny3"];

pub(crate) fn testdata(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(of)
}

pub(crate) fn options(directory: PathBuf, attention: Attention, device: Choice) -> Options {
    let (source, precision) = (Source::Directory(directory), Precision::F32);
    let threads = NonZero::new(2).unwrap();
    Options { source, attention, precision, device, batch_size: None, threads, check: Check::Run }
}

/// A row of the original's table: a read, its probability in both attention modes, and its token ids.
pub(crate) struct Bert {
    pub(crate) bases: Vec<u8>,
    published: f32,
    masked: f32,
    ids: Vec<u16>,
}

impl Bert {
    pub(crate) fn probability(&self, attention: Attention) -> f32 {
        match attention {
            Attention::Published => self.published,
            Attention::Masked => self.masked,
        }
    }
}

pub(crate) fn bert_goldens(directory: &Path) -> Vec<Bert> {
    let table = fs::read_to_string(directory.join("golden.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Bert {
            bases: fields[0].into(),
            published: fields[1].parse().unwrap(),
            masked: fields[2].parse().unwrap(),
            ids: fields[3].split(',').map(|id| id.parse().unwrap()).collect(),
        }
    });
    rows.collect()
}

/// A row of the training code's table: a read, its probability and frame, and whether the frame is clear.
pub(crate) struct Compact {
    pub(crate) bases: Vec<u8>,
    pub(crate) probability: f32,
    frame: String,
    clear: bool,
}

pub(crate) fn compact_goldens(directory: &Path) -> Vec<Compact> {
    let table = fs::read_to_string(directory.join("golden.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let mut logits: Vec<f32> = fields[4..].iter().filter_map(|logit| logit.parse().ok()).collect();
        logits.sort_by(f32::total_cmp);
        Compact {
            bases: fields[0].into(),
            probability: fields[1].parse().unwrap(),
            frame: fields[2].to_owned(),
            clear: logits.last_chunk().is_none_or(|[second, best]| best - second > 1e-4) && varied(fields[0]),
        }
    });
    rows.collect()
}

/// Whether a read is more than one short word repeated; in a read that is not, the frames tie.
fn varied(bases: &str) -> bool {
    (1..=6).all(|period| !bases.bytes().zip(bases.bytes().skip(period)).all(|(one, other)| one == other))
}

pub(crate) fn tokens<'a>(
    classifier: &Classifier,
    letters: Letters,
    reads: impl IntoIterator<Item = &'a [u8]>,
) -> Tokens {
    let mut tokens = Tokens::default();
    for bases in reads {
        kmer::tokenize_letters(letters, bases, classifier.k(), classifier.longest_row(), &mut tokens.ids);
        tokens.end_row();
    }
    tokens
}

/// The largest difference between predicted and expected probabilities.
pub(crate) fn largest(predictions: &[Prediction], expected: impl IntoIterator<Item = f32>) -> f32 {
    assert!(predictions.iter().all(|one| one.probability.is_finite()), "{predictions:?}");
    predictions.iter().zip(expected).map(|(one, other)| (one.probability - other).abs()).fold(0.0, f32::max)
}

/// The wrong frames, as `read length: ours, theirs`, except where frames tie.
pub(crate) fn wrong_frames(predictions: &[Prediction], expected: &[Compact]) -> Vec<String> {
    let name = |frame: Option<Frame>| frame.map_or(".".to_owned(), |frame| frame.to_string());
    let wrong = predictions.iter().zip(expected).filter(|(one, other)| other.clear && name(one.frame) != other.frame);
    wrong.map(|(one, other)| format!("{}: {}, {}", other.bases.len(), name(one.frame), other.frame)).collect()
}

#[test]
fn token_ids_are_the_originals() {
    for name in BERTS {
        let directory = testdata("parity").join(name);
        let classifier = Classifier::load(&options(directory.clone(), Attention::Published, Choice::Cpu)).unwrap();
        for row in bert_goldens(&directory) {
            let tokens = tokens(&classifier, Letters::Published, [row.bases.as_slice()]);
            assert_eq!([&[CLS], tokens.row(0), &[SEP]].concat(), row.ids);
        }
    }
}

#[test]
fn a_berts_probabilities_are_the_originals() {
    for name in BERTS {
        let directory = testdata("parity").join(name);
        // In a debug build, the kernels take a second for a read of 298 tokens.
        let step = if cfg!(debug_assertions) { 6 } else { 1 };
        let goldens: Vec<Bert> = bert_goldens(&directory).into_iter().step_by(step).collect();
        for attention in [Attention::Published, Attention::Masked] {
            let classifier = Classifier::load(&options(directory.clone(), attention, Choice::Cpu)).unwrap();
            let tokens = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
            let predictions = classifier.classify(&tokens).unwrap();
            let expected = goldens.iter().map(|row| row.probability(attention));
            let largest = largest(&predictions, expected);
            eprintln!("{name} {attention:?}: {largest:e}");
            assert!(largest <= 1e-5, "{name} {attention:?}: {largest}");
            assert!(predictions.iter().all(|prediction| prediction.frame.is_none()));
        }
    }
}

#[test]
fn burn_says_what_the_original_said() {
    for attention in [Attention::Published, Attention::Masked] {
        let directory = testdata("parity/k6_tiny_zip");
        let goldens = bert_goldens(&directory);
        let classifier = Classifier::load_on_burn(&options(directory, attention, Choice::Cpu)).unwrap();
        assert_eq!(classifier.card().backend, "flex");
        let tokens = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
        let predictions = classifier.classify(&tokens).unwrap();
        let largest = largest(&predictions, goldens.iter().map(|row| row.probability(attention)));
        assert!(largest <= 1e-5, "{attention:?}: {largest}");
    }
}

#[test]
fn lower_precisions_stay_near_and_say_so() {
    let directory = testdata("parity/k6_tiny_zip");
    let goldens = bert_goldens(&directory);
    for (precision, name, bound) in [(Precision::Bf16, "bf16", 0.01), (Precision::Int8, "int8", 0.03)] {
        let plain = Options { precision, ..options(directory.clone(), Attention::Masked, Choice::Cpu) };
        let classifier = Classifier::load(&plain).unwrap();
        assert_eq!((&*classifier.card().precision, classifier.card().backend.as_str()), (name, "cpu"));
        let all = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
        let predictions = classifier.classify(&all).unwrap();
        let largest = largest(&predictions, goldens.iter().map(|row| row.probability(Attention::Masked)));
        eprintln!("{name}: {largest:e}");
        assert!(largest <= bound && largest > 1e-6, "{name}: {largest}");
        let other = Classifier::load(&Options { threads: NonZero::new(1).unwrap(), ..plain }).unwrap();
        for (row, expected) in goldens.iter().zip(predictions.iter()) {
            let alone = tokens(&other, Letters::Published, [row.bases.as_slice()]);
            assert_eq!(other.classify(&alone).unwrap().each, [*expected], "company must not show");
        }
    }
}

#[test]
fn only_our_own_kernels_take_a_lower_precision() {
    let bert = options(testdata("parity/k6_tiny_zip"), Attention::default(), Choice::Cpu);
    let compact = options(testdata("compact/tiny1"), Attention::default(), Choice::Cpu);
    let with = |config: &Options, precision| Options { precision, ..config.clone() };
    let refused = Classifier::load(&with(&compact, Precision::Bf16)).unwrap_err();
    assert_eq!(refused.to_string(), "precision bf16 needs a BERT; this model is compact");
    for config in [&bert, &compact] {
        let refused = Classifier::load_on_burn(&with(config, Precision::Int8)).unwrap_err();
        assert_eq!(refused.to_string(), "precision int8 needs the program's own kernels");
    }
    for config in [&bert, &compact] {
        let refused = Classifier::load(&with(config, Precision::F16)).unwrap_err();
        assert_eq!(refused.to_string(), "precision f16 needs a GPU");
        assert_eq!(Error::from(refused).exit_code(), 2);
    }
    assert!(describe(&bert.source, None).unwrap().contains("bf16 and int8 on the CPU, f16 on GPUs"));
    assert!(describe(&compact.source, None).unwrap().contains("f32; int8 on the CPU, f16 on GPUs"));
}

#[test]
fn the_builtin_compact_model_in_bytes_stays_near_the_one_in_f32() {
    let f32 = Options { source: Source::Compact, ..options(PathBuf::new(), Attention::default(), Choice::Cpu) };
    let exact = Classifier::load(&f32).unwrap();
    let bytes = Classifier::load(&Options { precision: Precision::Int8, ..f32 }).unwrap();
    let goldens = compact_goldens(&testdata("compact"));
    let tokens = tokens(&exact, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
    let expected = exact.classify(&tokens).unwrap();
    let predictions = bytes.classify(&tokens).unwrap();
    let largest = largest(&predictions, expected.iter().map(|prediction| prediction.probability));
    eprintln!("int8: {largest:e}");
    assert!(largest > 1e-6 && largest < 0.03, "{largest}");
}

#[test]
fn a_compact_models_predictions_are_the_training_codes() {
    for name in COMPACTS {
        let directory = testdata("compact").join(name);
        let goldens = compact_goldens(&directory);
        let config = options(directory, Attention::default(), Choice::Cpu);
        for load in [Classifier::load, Classifier::load_on_burn] {
            let classifier = load(&config).unwrap();
            let tokens = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
            let predictions = classifier.classify(&tokens).unwrap();
            let largest = largest(&predictions, goldens.iter().map(|row| row.probability));
            eprintln!("{name} on {}: {largest:e}", classifier.card().backend);
            assert!(largest <= 1e-5, "{name}: {largest}");
            assert_eq!(wrong_frames(&predictions, &goldens), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_bert_in_safetensors_is_the_same_bert() {
    let directory = testdata("parity/k6_tiny_zip");
    let copy = tempfile::tempdir().unwrap();
    for file in ["config.json", "vocab.txt"] {
        fs::copy(directory.join(file), copy.path().join(file)).unwrap();
    }
    let tensors = PytorchReader::new(directory.join("pytorch_model.bin")).unwrap().into_tensors();
    let tensors = tensors.iter().map(|(name, tensor)| (name, tensor.shape().to_vec(), tensor.read().unwrap()));
    let tensors: Vec<_> = tensors.collect();
    let views =
        tensors.iter().map(|(name, shape, data)| (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
    fs::write(copy.path().join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();

    let pickled = Classifier::load(&options(directory.clone(), Attention::Published, Choice::Cpu)).unwrap();
    let stored = Classifier::load(&options(copy.path().to_owned(), Attention::Published, Choice::Cpu)).unwrap();
    let goldens = bert_goldens(&directory);
    let tokens = tokens(&pickled, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
    assert_eq!(stored.classify(&tokens).unwrap(), pickled.classify(&tokens).unwrap());
    assert_ne!(stored.card().sha256, pickled.card().sha256);
}

#[test]
fn a_read_alone_gets_what_it_gets_in_company() {
    let mut directories: Vec<_> = COMPACTS.map(|name| testdata("compact").join(name)).into();
    directories.push(testdata("parity/k6_tiny_zip"));
    directories.push(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/model/builtin/along"));
    let reads: Vec<Vec<u8>> = compact_goldens(&directories[0]).into_iter().map(|row| row.bases).take(40).collect();
    for directory in directories {
        for attention in [Attention::Published, Attention::Masked] {
            let plain = options(directory.clone(), attention, Choice::Cpu);
            // Attention means nothing to a compact model, so its masked case tests burn instead of our own kernels.
            let load = if attention == Attention::Masked { Classifier::load_on_burn } else { Classifier::load };
            let classifier = load(&plain).unwrap();
            let all = tokens(&classifier, Letters::Lenient, reads.iter().map(Vec::as_slice));
            let together = classifier.classify(&all).unwrap();
            let other =
                load(&Options { threads: NonZero::new(1).unwrap(), batch_size: NonZero::new(3), ..plain }).unwrap();
            assert_eq!(other.classify(&all).unwrap(), together, "threads and batch size must not show");
            for (read, expected) in reads.iter().zip(together.iter()) {
                let alone = tokens(&classifier, Letters::Lenient, [read.as_slice()]);
                assert_eq!(classifier.classify(&alone).unwrap().each, [*expected], "{attention:?} {}", read.len());
            }
        }
    }
}

#[test]
fn a_reads_reverse_complement_gets_the_same_probability_and_the_mirrored_frame() {
    for name in COMPACTS {
        let directory = testdata("compact").join(name);
        let goldens: Vec<_> = compact_goldens(&directory).into_iter().filter(|row| row.clear).collect();
        let classifier = Classifier::load(&options(directory, Attention::default(), Choice::Cpu)).unwrap();
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
        let (forward, back) = (classifier.classify(&forward).unwrap(), classifier.classify(&back).unwrap());
        for (one, other) in forward.iter().zip(back.iter()) {
            assert!((one.probability - other.probability).abs() <= 1e-6);
            let (one, other) = (one.frame.unwrap(), other.frame.unwrap());
            assert_eq!(one.offset, other.offset);
            assert_ne!(one.strand, other.strand);
        }
    }
}

#[test]
fn the_card_says_what_ran() {
    let directory = testdata("parity/k6_tiny_zip");
    let classifier = Classifier::load(&options(directory, Attention::Masked, Choice::Cpu)).unwrap();
    let card = classifier.card();
    assert_eq!((card.name.as_str(), &*card.kind, card.attention.as_deref()), ("k6_tiny_zip", "bert", Some("masked")));
    assert_eq!(card.sha256.len(), 64);
    assert_eq!(
        card.parameters,
        4101 * 32
            + 512 * 32
            + 2 * 32
            + 64
            + 2 * (4 * (32 * 32 + 32) + 64 + 2 * 32 * 64 + 64 + 32 + 64)
            + 32 * 32
            + 32
            + 66
    );
    assert!(card.device.starts_with("CPU (2 threads"), "{}", card.device);
}

#[test]
fn the_compact_model_built_in_predicts_what_the_training_code_does() {
    let source = Source::Compact;
    let config = Options { source, ..options(PathBuf::new(), Attention::default(), Choice::Cpu) };
    let classifier = Classifier::load(&config).unwrap();
    let goldens = compact_goldens(&testdata("compact"));
    for classifier in [&classifier, &Classifier::load_on_burn(&config).unwrap()] {
        let tokens = tokens(classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
        let predictions = classifier.classify(&tokens).unwrap();
        let largest = largest(&predictions, goldens.iter().map(|row| row.probability));
        eprintln!("built in, on {}: {largest:e}", classifier.card().backend);
        assert!(largest <= 1e-5, "{largest}");
        assert_eq!(wrong_frames(&predictions, &goldens), Vec::<String>::new());
    }
    assert!(describe(&Source::Compact, None).unwrap().contains(&classifier.card().name));
}

#[test]
fn reads_too_short_for_the_compact_model_are_not_coding() {
    let directory = testdata("compact/tiny1");
    let classifier = Classifier::load(&options(directory, Attention::default(), Choice::Cpu)).unwrap();
    let reads: [&[u8]; 4] = [b"", b"ACGTA", b"ACGTACG", b"ACGTACGT"];
    let predictions = classifier.classify(&tokens(&classifier, Letters::Lenient, reads)).unwrap();
    assert!(predictions[..3].iter().all(|one| *one == Prediction { probability: 0.0, frame: None }));
    assert!(predictions[3].frame.is_some() && classifier.shortest_read() == 8);
}

/// Tests the checkpoint that `READSEEKER_TEST_BERT` names, made by `tests/oracle/make_bert.py`: a full-size BERT is too
/// large for the repository.
#[test]
fn a_named_bert_says_what_pytorch_says() {
    let Some(directory) = std::env::var_os("READSEEKER_TEST_BERT").map(PathBuf::from) else {
        return skipped("READSEEKER_TEST_BERT names no checkpoint");
    };
    let goldens = bert_goldens(&directory);
    for attention in [Attention::Published, Attention::Masked] {
        let config = options(directory.clone(), attention, Choice::Cpu);
        let classifier = Classifier::load(&config).unwrap();
        let tokens = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
        let started = std::time::Instant::now();
        let predictions = classifier.classify(&tokens).unwrap();
        let seconds = started.elapsed().as_secs_f64();
        let expected = goldens.iter().map(|row| row.probability(attention));
        let largest = largest(&predictions, expected);
        eprintln!("{attention:?}: {largest:e}, {seconds:.2} s for {} reads", goldens.len());
        assert!(largest <= 1e-5, "{attention:?}: {largest}");
        // Its products are large enough for burn to spread one over several threads, which must not change the result.
        let threads = Classifier::load(&Options { threads: NonZero::new(3).unwrap(), ..config }).unwrap();
        assert_eq!(threads.classify(&tokens).unwrap(), predictions);
    }
}
