//! Checkpoints that must be refused, each made from a good one by breaking one thing: the error names it, exit code 4,
//! no panic.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use readseeker::error::Error;
use readseeker::model::device::Choice;
use readseeker::model::{Attention, Classifier, Source, describe};
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

use super::model_parity::{options, testdata};

/// A copy of a checkpoint to break.
struct Copy(TempDir);

impl Copy {
    fn of(directory: &str) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(testdata(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "tsv") {
                fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self(copy)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(self.file(file), text.replace(from, to)).unwrap();
    }

    /// Rewrites model.safetensors after `change` has changed the tensors.
    fn rewrite(&self, change: impl FnOnce(&mut Tensors)) {
        let bytes = fs::read(self.file("model.safetensors")).unwrap();
        let mut tensors: Tensors = safetensors::SafeTensors::deserialize(&bytes)
            .unwrap()
            .iter()
            .map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
            .collect();
        change(&mut tensors);
        let views = tensors
            .iter()
            .map(|(name, (dtype, shape, data))| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
        fs::write(self.file("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
    }

    /// Why the checkpoint is refused: the whole chain of causes.
    fn refusal(&self) -> String {
        refusal(self.0.path())
    }
}

type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn refusal(directory: &Path) -> String {
    let error = Classifier::load(&options(directory.to_owned(), Attention::Published, Choice::Cpu)).unwrap_err();
    let error = Error::from(error);
    assert!(matches!(error, Error::Model(_)) && error.exit_code() == 4);
    let mut chain = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        chain = [chain, cause.to_string()].join(": ");
        source = cause.source();
    }
    chain
}

fn assert_names(refusal: &str, what: &[&str]) {
    for what in what {
        assert!(refusal.contains(what), "{refusal:?} does not name {what:?}");
    }
}

#[test]
fn a_directory_without_a_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    assert_names(&refusal(&directory.path().join("absent")), &["no such directory"]);
    assert_names(&refusal(Path::new("Cargo.toml")), &["not a directory"]);
    assert_names(&refusal(directory.path()), &["cannot read config.json"]);
}

#[test]
fn settings_we_cannot_run() {
    for (from, to, names) in [
        ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "hidden_act must be \"gelu\""),
        ("\"num_labels\": 2", "\"num_labels\": 3", "num_labels must be 2"),
        ("\"model_type\": \"bert\"", "\"model_type\": \"roberta\"", "model_type must be \"bert\""),
        ("\"vocab_size\": 4101", "\"vocab_size\": 4100", "vocab_size must be 4101"),
        ("\"num_attention_heads\": 2", "\"num_attention_heads\": 5", "num_attention_heads"),
        ("\"hidden_size\": 32,", "", "hidden_size"),
        ("{", "", "config.json"),
    ] {
        let copy = Copy::of("parity/k6_tiny_zip");
        copy.replace("config.json", from, to);
        assert_names(&copy.refusal(), &[names]);
    }
}

#[test]
fn vocabularies_that_are_not_dnaberts() {
    let copy = Copy::of("parity/k6_tiny_zip");
    copy.replace("vocab.txt", "AAAAAT\nAAAAAC\n", "AAAAAC\nAAAAAT\n");
    assert_names(&copy.refusal(), &["vocab.txt, line 7", "AAAAAC", "AAAAAT"]);
    copy.replace("vocab.txt", "AAAAAC\n", "");
    assert_names(&copy.refusal(), &["vocab.txt has 4100 words"]);
    fs::remove_file(copy.file("vocab.txt")).unwrap();
    assert_names(&copy.refusal(), &["cannot read vocab.txt"]);
}

#[test]
fn a_vocabulary_of_another_k() {
    let copy = Copy::of("parity/k6_tiny_zip");
    fs::copy(testdata("parity/k5_tiny_zip/vocab.txt"), copy.file("vocab.txt")).unwrap();
    assert_names(&copy.refusal(), &["vocab_size must be 1029"]);
}

#[test]
fn pickled_tensors_of_another_shape_missing_or_left_over() {
    let copy = Copy::of("parity/k6_tiny_zip");
    copy.replace("config.json", "\"intermediate_size\": 64", "\"intermediate_size\": 63");
    assert_names(&copy.refusal(), &["bert.encoder.layer.0.intermediate.dense.weight is 64 x 32", "asks for 63 x 32"]);
    let copy = Copy::of("parity/k6_tiny_legacy");
    copy.replace("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    assert_names(&copy.refusal(), &["no tensor bert.encoder.layer.2.attention.self.query.weight"]);
    copy.replace("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1");
    assert_names(&copy.refusal(), &["does not use", "bert.encoder.layer.1."]);
}

#[test]
fn stored_tensors_of_another_shape_missing_left_over_or_of_another_kind() {
    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| drop(tensors.remove("frame.mix.bias")));
    assert_names(&copy.refusal(), &["no tensor frame.mix.bias"]);

    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| drop(tensors.insert("stray".into(), (Dtype::F32, vec![1], vec![0; 4]))));
    assert_names(&copy.refusal(), &["does not use", "stray"]);

    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| tensors.get_mut("stem.weight").unwrap().1.rotate_left(1));
    assert_names(&copy.refusal(), &["stem.weight is 8 x 6 x 12", "12 x 8 x 6"]);

    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| {
        let bias = tensors.get_mut("stem.bias").unwrap();
        (bias.0, bias.2) = (Dtype::F16, vec![0; 24]);
    });
    assert_names(&copy.refusal(), &["stem.bias is not in f32"]);

    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| tensors.get_mut("stem.bias").unwrap().2[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_names(&copy.refusal(), &["stem.bias", "not finite"]);

    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| tensors.get_mut("embedding.weight").unwrap().2[..4].copy_from_slice(&1_f32.to_le_bytes()));
    assert_names(&copy.refusal(), &["embedding.weight", "the padding token's, must be zeros"]);
}

#[test]
fn sizes_that_no_weights_have_are_refused_before_anything_is_computed() {
    let bert =
        ["hidden_size\": 32", "intermediate_size\": 64", "num_hidden_layers\": 2", "max_position_embeddings\": 512"];
    let compact = ["embedding_size\": 8", "channels\": 12", "hidden\": 12", "levels\": 2"];
    let cases =
        bert.map(|key| ("parity/k6_tiny_zip", key)).into_iter().chain(compact.map(|key| ("compact/tiny3", key)));
    for (directory, key) in cases {
        let copy = Copy::of(directory);
        let (name, _) = key.split_once(':').unwrap();
        copy.replace("config.json", key, &format!("{name}: 10000000000"));
        let refusal = copy.refusal();
        assert!(refusal.contains("config.json asks for") || refusal.contains("no tensor"), "{key}: {refusal}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_in_place_of_a_file() {
    for file in ["config.json", "vocab.txt", "pytorch_model.bin"] {
        let copy = Copy::of("parity/k6_tiny_zip");
        fs::remove_file(copy.file(file)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", copy.file(file)).unwrap();
        assert_names(&copy.refusal(), &[&format!("{file} is not a regular file")]);
    }
}

#[test]
fn finite_weights_that_overflow() {
    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| {
        for name in ["frame.hidden.weight", "frame.mix.weight", "frame.logit.weight", "noncoding.logit.weight"] {
            let (numbers, _) = tensors.get_mut(name).unwrap().2.as_chunks_mut::<4>();
            for number in numbers {
                *number = (f32::from_le_bytes(*number).signum() * 1e38).to_le_bytes();
            }
        }
    });
    assert_names(&copy.refusal(), &["the weights overflow"]);
}

/// A copy of a compact model with some numbers of a tensor replaced.
fn with_numbers(changes: &[(&str, usize, f32)]) -> Copy {
    let copy = Copy::of("compact/tiny1");
    copy.rewrite(|tensors| {
        for (name, at, number) in changes {
            tensors.get_mut(*name).unwrap().2[4 * at..][..4].copy_from_slice(&number.to_le_bytes());
        }
    });
    copy
}

#[test]
fn a_weight_that_overflows_at_one_kmer() {
    for at in [7245, 25937] {
        assert_names(&with_numbers(&[("embedding.weight", at, 3e38)]).refusal(), &["the weights overflow"]);
    }
}

#[test]
fn weights_that_overflow_on_one_path_alone() {
    let embedding = [(3271, 1e30), (6531, 3e38), (27957, -1e30)].map(|(at, number)| ("embedding.weight", at, number));
    let copy = with_numbers(&[&embedding[..], &[("frame.mix.weight", 145, 1e30)]].concat());
    assert_names(&copy.refusal(), &["the weights overflow"]);
}

#[test]
fn weights_cut_short_anywhere() {
    for (directory, file) in [
        ("parity/k6_tiny_zip", "pytorch_model.bin"),
        ("parity/k6_tiny_legacy", "pytorch_model.bin"),
        ("compact/tiny1", "model.safetensors"),
    ] {
        let copy = Copy::of(directory);
        let whole = fs::read(copy.file(file)).unwrap();
        for part in (0..20).map(|part| whole.len() * part / 20).chain([1, 7, 8, 9, 100, whole.len() - 1]) {
            fs::write(copy.file(file), &whole[..part]).unwrap();
            assert_names(&copy.refusal(), &[&format!("cannot read the weights in {file}")]);
        }
    }
}

#[test]
fn weights_with_a_flipped_byte_are_refused_or_run_but_never_panic() {
    for (directory, file) in [
        ("parity/k6_tiny_zip", "pytorch_model.bin"),
        ("parity/k6_tiny_legacy", "pytorch_model.bin"),
        ("compact/tiny1", "model.safetensors"),
    ] {
        let copy = Copy::of(directory);
        let whole = fs::read(copy.file(file)).unwrap();
        // Mostly at both ends of the file, where its structure is.
        let ends = (0..400).map(|n| n * 7).chain((0..100).map(|n| whole.len() - 1 - n * 31));
        for at in ends {
            let mut broken = whole.clone();
            broken[at] ^= 1 << (at % 8);
            fs::write(copy.file(file), &broken).unwrap();
            match Classifier::load(&options(copy.0.path().to_owned(), Attention::Published, Choice::Cpu)) {
                Ok(_) => {}
                Err(error) => assert_eq!(Error::from(error).exit_code(), 4, "{at}"),
            }
        }
    }
}

#[test]
fn weights_that_are_garbage() {
    let garbage: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for file in ["pytorch_model.bin", "model.safetensors"] {
        let copy = Copy::of("parity/k6_tiny_zip");
        fs::remove_file(copy.file("pytorch_model.bin")).unwrap();
        assert_names(&copy.refusal(), &["no weights found", "model.safetensors, pytorch_model.bin"]);
        for start in [
            &b""[..],
            b"PK\x03\x04",
            b"\x80\x02",
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
            b"\x10\0\0\0\0\0\0\0{",
        ] {
            fs::write(copy.file(file), [start, &garbage].concat()).unwrap();
            assert_names(&copy.refusal(), &[&format!("cannot read the weights in {file}")]);
        }
    }
}

#[test]
fn a_model_describes_itself() {
    let text = describe(&Source::Directory(testdata("compact/tiny1")), None).unwrap();
    assert!(text.contains("compact") && text.contains("sha256"), "{text}");
    let text = describe(&Source::Directory(testdata("parity/k5_tiny_zip")), None).unwrap();
    assert!(text.contains("overlapping 5-mers"), "{text}");
}
