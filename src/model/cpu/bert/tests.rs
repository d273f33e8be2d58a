//! The engine compared with the original's results and with burn.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

use super::super::InstructionSet;
use super::super::dispatch::{Packings, Task};
use super::super::isa::AmxModel;
use super::super::test_support::{count, instruction_sets, noise};
use super::encoding::Encoding;
use super::network::{self, Forward};
use super::{Engine, Scratch};
use crate::kmer;
use crate::model::bert::{BertConfig, BertNetwork, prediction};
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::network::Network;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::weights::Weights;
use crate::model::{Attention, Precision, device, files};

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];
const CHECKPOINTS: [&str; 5] = ["k6_tiny_zip", "k6_tiny_legacy", "k5_tiny_zip", "k6_deep_zip", "k3_odd_names"];

/// Hidden size, heads, intermediate size, layers: heads of 8, 12, 48 and 64, panels of one to three registers.
const SHAPES: [[usize; 4]; 4] = [[16, 2, 32, 1], [48, 4, 192, 2], [96, 2, 80, 2], [64, 1, 64, 3]];

/// A factor for the number of random cases: small in debug builds, where the kernels are a hundred times slower.
const EFFORT: usize = if cfg!(debug_assertions) { 1 } else { 20 };

/// The most tokens that a random BERT reads.
const POSITIONS: usize = if cfg!(debug_assertions) { 40 } else { 298 };

fn cases(count: usize) -> ProptestConfig {
    ProptestConfig::with_cases(u32::try_from(count * EFFORT).unwrap())
}

/// The largest allowed difference between a probability and the reference.
fn bound(precision: Precision) -> f32 {
    match precision {
        Precision::F32 => 1e-5,
        Precision::Bf16 => 0.01,
        Precision::Int8 => 0.03,
        Precision::F16 => unreachable!("it is for GPUs"),
    }
}

/// The length that a read is padded to.
fn padded(config: &BertConfig, attention: Attention) -> usize {
    match attention {
        Attention::Published => config.max_tokens(),
        Attention::Masked => 0,
    }
}

fn engine(config: &BertConfig, instructions: InstructionSet, precision: Precision, weights: &mut Weights) -> Engine {
    Engine::new(&config.shape(), instructions, precision, |name, shape| weights.take(name, shape)).unwrap()
}

/// A checkpoint of `testdata/parity`, and the original's results for some reads.
struct Golden {
    directory: PathBuf,
    config: BertConfig,
    reads: Vec<Said>,
}

/// The token ids of a read, and its probability in both modes.
struct Said(Vec<u16>, [(Attention, f32); 2]);

impl Golden {
    fn read(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/parity").join(name);
        let words = std::fs::read_to_string(directory.join(files::VOCABULARY)).unwrap().lines().count();
        let config = BertConfig::parse(&files::read(&directory, files::CONFIG).unwrap(), words).unwrap();
        let table = std::fs::read_to_string(directory.join("golden.tsv")).unwrap();
        let read = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let ids: Vec<u16> = fields[3].split(',').map(|id| id.parse().unwrap()).collect();
            let said = [(Attention::Published, fields[1]), (Attention::Masked, fields[2])];
            Said(ids[1..ids.len() - 1].to_vec(), said.map(|(attention, said)| (attention, said.parse().unwrap())))
        };
        let reads = table.lines().skip(1).map(read).collect();
        Self { directory, config, reads }
    }

    /// The largest difference between the original's probabilities and those that `forward` computes from token ids and
    /// their padded length. Covers all reads in both modes, or short reads in one mode.
    fn largest_difference(&self, of_all: bool, mut forward: impl FnMut(&[u16], usize) -> [f32; 2]) -> f32 {
        let (mut largest, mut reads) = (0.0_f32, 0);
        for Said(ids, said) in &self.reads {
            for &(attention, expected) in said {
                if !of_all && (attention == Attention::Published || ids.len() > 60) {
                    continue;
                }
                reads += 1;
                let logits = forward(ids, padded(&self.config, attention));
                let difference = (prediction(logits).probability - expected).abs();
                largest = largest.max(if difference.is_nan() { f32::INFINITY } else { difference });
            }
        }
        assert!(reads > 0, "no read is short");
        largest
    }
}

#[test]
fn every_instruction_set_says_what_the_original_said() {
    for name in CHECKPOINTS {
        let golden = Golden::read(name);
        for precision in PRECISIONS {
            for set in instruction_sets(precision) {
                let mut weights = Weights::open(&golden.directory).unwrap();
                let (engine, mut scratch) = (engine(&golden.config, set, precision, &mut weights), Scratch::default());
                let largest =
                    golden.largest_difference(EFFORT > 1, |ids, padded| engine.forward(ids, padded, &mut scratch));
                eprintln!("{name}, {set:?}, {precision:?}: {largest:e}");
                assert!(largest <= bound(precision), "{name}, {set:?}, {precision:?}: {largest}");
                assert!(precision == Precision::F32 || largest > 1e-6, "{precision:?} did not show");
            }
        }
    }
}

/// Tests the part of AMX that is not assembly on any CPU.
#[test]
fn amx_on_modelled_tiles_says_what_the_original_said() {
    for name in if EFFORT == 1 { &CHECKPOINTS[..1] } else { &CHECKPOINTS[..] } {
        let golden = Golden::read(name);
        for precision in PRECISIONS {
            let mut weights = Weights::open(&golden.directory).unwrap();
            let (shape, amx) = (golden.config.shape(), InstructionSet::Amx);
            let encodings = (Encoding::of_linear(precision, amx), Encoding::of_attention(precision, amx));
            let take = |name: &str, shape: &[usize]| weights.take(name, shape);
            let network = network::Network::new(&shape, encodings, Packings::of::<AmxModel>(), take).unwrap();
            let mut scratch = Scratch::default();
            let largest = golden.largest_difference(false, |ids, padded| {
                let forward = Forward { network: &network, ids, padded, scratch: &mut scratch };
                // SAFETY: the model is plain Rust.
                unsafe { forward.run::<AmxModel>() }
            });
            eprintln!("{name}, {precision:?}: {largest:e}");
            assert!(largest <= bound(precision), "{name}, {precision:?}: {largest}");
        }
    }
}

/// A BERT of 3-mers with random weights, large enough that every path through it matters.
fn random([hidden, heads, intermediate, layers]: [usize; 4]) -> (BertConfig, impl Fn() -> Weights) {
    let json = serde_json::json!({
        "vocab_size": 69, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": intermediate, "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu",
    });
    let config = BertConfig::parse(json.to_string().as_bytes(), kmer::vocab_size(3)).unwrap();
    let mut shapes = BTreeMap::new();
    let mut layer = |name: &str, shape: &[usize]| {
        shapes.insert(format!("{name}.weight"), shape.to_vec());
        if !name.ends_with("_embeddings") {
            shapes.insert(format!("{name}.bias"), shape[..1].to_vec());
        }
    };
    for (table, rows) in [("word", 69), ("position", POSITIONS), ("token_type", 2)] {
        layer(&format!("bert.embeddings.{table}_embeddings"), &[rows, hidden]);
    }
    layer("bert.embeddings.LayerNorm", &[hidden]);
    for number in 0..layers {
        let mut part = |part: &str, shape: &[usize]| layer(&format!("bert.encoder.layer.{number}.{part}"), shape);
        for square in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            part(square, &[hidden, hidden]);
        }
        part("attention.output.LayerNorm", &[hidden]);
        part("intermediate.dense", &[intermediate, hidden]);
        part("output.dense", &[hidden, intermediate]);
        part("output.LayerNorm", &[hidden]);
    }
    layer("bert.pooler.dense", &[hidden, hidden]);
    layer("classifier", &[2, hidden]);
    let mut state = 20_261_122;
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let scale = 1.5 / count(shape.get(1).copied().unwrap_or(4)).sqrt();
            let offset = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let value = |_| (offset + scale * noise(&mut state)).to_le_bytes();
            let values = (0..shape.iter().product::<usize>()).flat_map(value).collect();
            (name, shape, values)
        })
        .collect();
    let weights = move || {
        let views =
            tensors.iter().map(|(name, shape, data)| (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
        Weights::safetensors("random", Cursor::new(safetensors::serialize(views, None).unwrap())).unwrap()
    };
    (config, weights)
}

fn ids() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(1_u16..69, 0..=POSITIONS - 2)
}

fn attention() -> impl Strategy<Value = Attention> {
    prop_oneof![Just(Attention::Published), Just(Attention::Masked)]
}

#[test]
fn every_instruction_set_computes_what_burn_does_in_any_shape() {
    let device = device::cpu();
    for shape in SHAPES {
        let (config, weights) = random(shape);
        let burn = [Attention::Published, Attention::Masked].map(|attention| {
            (
                attention,
                BertNetwork::load(&config, attention, Form::EXACT, &mut Tensors::stored(&mut weights(), &device))
                    .unwrap(),
            )
        });
        let engines: Vec<(Precision, Engine)> = PRECISIONS
            .into_iter()
            .flat_map(|precision| instruction_sets(precision).map(move |set| (precision, set)))
            .map(|(precision, set)| (precision, engine(&config, set, precision, &mut weights())))
            .collect();
        let scratch = RefCell::new(Scratch::default());
        proptest!(cases(1), |(ids in ids())| {
            for (attention, burn) in &burn {
                let tokens = padded(&config, *attention).max(ids.len() + 2);
                let expected = burn.forward(&[ids.as_slice().into()], tokens, &device).try_into_vec_as::<f32>().unwrap();
                for (precision, engine) in &engines {
                    let logits = engine.forward(&ids, padded(&config, *attention), &mut scratch.borrow_mut());
                    let (one, other) = (logits[1] - logits[0], expected[1] - expected[0]);
                    // A difference of 4 b in logits is at most b in probability.
                    let allowed = 4.0 * bound(*precision) * expected.iter().fold(1.0, |size, x| x.abs().max(size));
                    let difference = (one - other).abs();
                    prop_assert!(
                        difference <= allowed, "{shape:?}, {attention:?}, {:?}, {precision:?}: {difference}", engine.instruction_set()
                    );
                }
            }
        });
    }
}

#[test]
fn a_read_gets_the_same_logits_whatever_was_read_before() {
    for precision in PRECISIONS {
        let (config, weights) = random(SHAPES[1]);
        let engines: Vec<Engine> =
            instruction_sets(precision).map(|set| engine(&config, set, precision, &mut weights())).collect();
        let used = RefCell::new(Scratch::default());
        proptest!(cases(2), |(read in ids(), before in ids(), mode in attention(), mode_before in attention())| {
            for engine in &engines {
                let _ = engine.forward(&before, padded(&config, mode_before), &mut used.borrow_mut());
                let alone = engine.forward(&read, padded(&config, mode), &mut Scratch::default());
                let after = engine.forward(&read, padded(&config, mode), &mut used.borrow_mut());
                prop_assert_eq!(after.map(f32::to_bits), alone.map(f32::to_bits));
            }
        });
    }
}
