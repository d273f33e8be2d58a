//! The engine compared with the definition, written out without any of its tricks, and the definition compared with the
//! training code's goldens.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Cursor;

use proptest::prelude::*;

use super::super::InstructionSet;
use super::super::test_support::{count, instruction_sets, noise};
use super::{Engine, Scratch, Shape};
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::network::Network;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::compact::{CompactConfig, CompactNetwork, LOGITS};
use crate::model::weights::Weights;
use crate::model::{Precision, builtin, device, files};

/// A checkpoint as stored in its file.
struct Checkpoint {
    shape: Shape,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    golden: Vec<Golden>,
}

/// A line of `golden.tsv` with logits.
struct Golden {
    bases: Vec<u8>,
    logits: [f32; 7],
}

impl Checkpoint {
    /// A checkpoint directory of this repository.
    fn open(name: &str) -> Self {
        let directory = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(format!("{directory}/model.safetensors")).unwrap();
        let (len, rest) = file.split_at(8);
        let (header, data) = rest.split_at(usize::try_from(u64::from_le_bytes(len.try_into().unwrap())).unwrap());
        let header: HashMap<String, serde_json::Value> = serde_json::from_slice(header).unwrap();
        let number = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let mut tensors = HashMap::new();
        for (name, tensor) in header.iter().filter(|(name, _)| *name != "__metadata__") {
            assert_eq!(tensor["dtype"], "F32");
            let shape = tensor["shape"].as_array().unwrap().iter().map(number).collect();
            let data = &data[number(&tensor["data_offsets"][0])..number(&tensor["data_offsets"][1])];
            let values = data.chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect();
            tensors.insert(name.clone(), (shape, values));
        }
        let config = std::fs::read(format!("{directory}/config.json")).unwrap();
        let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
        let shape = Shape {
            embedding: number(&config["embedding_size"]),
            channels: number(&config["channels"]),
            blocks: config["blocks"].as_array().unwrap().len(),
            levels: config.get("coarse").map_or(0, |coarse| number(&coarse["levels"])),
            pool: config.get("coarse").map_or(1, |coarse| number(&coarse["pool"])),
            hidden: number(&config["hidden"]),
        };
        let golden = if name == BUILTIN { "testdata/compact" } else { name };
        let golden = format!("{}/{golden}/golden.tsv", env!("CARGO_MANIFEST_DIR"));
        let golden = std::fs::read_to_string(golden).unwrap();
        let golden = golden.lines().skip(1).filter_map(Golden::parse).collect();
        Self { shape, tensors, golden }
    }

    /// Numbers in a fixed pseudo-random order, large enough that every path through the network matters.
    fn random(shape: Shape) -> Self {
        let Shape { embedding: e, channels: c, blocks, levels, hidden: h, .. } = shape;
        let mut shapes = vec![
            ("embedding.weight".to_owned(), vec![4101, e]),
            ("stem.weight".to_owned(), vec![c, e, 6]),
            ("embedding_norm.scale".to_owned(), vec![e]),
            ("embedding_norm.shift".to_owned(), vec![e]),
            ("frame.hidden.weight".to_owned(), vec![h, 2 * c * (1 + levels) + e]),
            ("frame.mix.weight".to_owned(), vec![h, 5 * h]),
            ("frame.logit.weight".to_owned(), vec![1, h]),
            ("noncoding.hidden.weight".to_owned(), vec![h, 2 * h + 7]),
            ("noncoding.logit.weight".to_owned(), vec![1, h]),
        ];
        shapes.extend((0..blocks).map(|i| (format!("blocks.{i}.weight"), vec![c, c, 3])));
        shapes.extend((0..levels).map(|i| (format!("coarse.{i}.weight"), vec![c, c, 3])));
        let biases: Vec<_> = (shapes.iter())
            .filter(|(name, _)| name.ends_with(".weight") && !name.starts_with("embedding"))
            .map(|(name, shape)| (name.replace(".weight", ".bias"), vec![shape[0]]))
            .collect();
        shapes.extend(biases);
        let mut state = 20_261_122_u64;
        let mut tensors = HashMap::new();
        for (name, shape) in shapes {
            let fan_in: usize = shape[1..].iter().product();
            let scale = if name == "embedding.weight" { 1.0 } else { (6.0 / count(fan_in)).sqrt() };
            let mut values: Vec<_> = (0..shape.iter().product()).map(|_| scale * noise(&mut state)).collect();
            if name == "embedding.weight" {
                values[..5 * e].fill(0.0);
            }
            tensors.insert(name, (shape, values));
        }
        Self { shape, tensors, golden: Vec::new() }
    }

    fn tensor(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    fn engine(&self, instructions: InstructionSet) -> Engine {
        self.engine_in(instructions, Precision::F32)
    }

    fn engine_in(&self, instructions: InstructionSet, precision: Precision) -> Engine {
        let tensor = |name: &str, shape: &[usize]| {
            let (own, values) = self.tensors.get(name).ok_or(name.to_owned())?;
            if own == shape { Ok(values.clone()) } else { Err(format!("{name} is {own:?}, not {shape:?}")) }
        };
        Engine::new(self.shape, instructions, precision, tensor).unwrap()
    }

    /// Engines for all instruction sets, in all precisions that the shape supports.
    fn engines(&self) -> Vec<Engine> {
        let precisions = [Precision::F32, Precision::Int8].into_iter().take(1 + usize::from(self.shape.takes_bytes()));
        let on_each_set = |precision| instruction_sets(precision).map(move |set| self.engine_in(set, precision));
        precisions.flat_map(on_each_set).collect()
    }

    /// The logits by definition, as `compact.rs` gives it, with sums in f64.
    fn logits(&self, ids: &[u16]) -> [f32; 7] {
        let h: Vec<Vec<f32>> = [ids.to_vec(), reversed(ids)]
            .iter()
            .flat_map(|ids| (0..3).map(|frame| self.features(ids, frame)).collect::<Vec<_>>())
            .map(|features| self.linear("frame.hidden", &features).into_iter().map(silu).collect())
            .collect();
        let mut z = Vec::new();
        for (frame, own) in h.iter().enumerate() {
            let (strand, offset) = (frame / 3, frame % 3);
            let opposite = &h[3 * (1 - strand)..][..3];
            let mut input = own.clone();
            input.extend(&h[3 * strand + (offset + 1) % 3]);
            input.extend(&h[3 * strand + (offset + 2) % 3]);
            input.extend(mean(opposite));
            input.extend(max(&h));
            let mixed = self.linear("frame.mix", &input);
            z.push(mixed.into_iter().map(silu).zip(own).map(|(mixed, own)| mixed + own).collect::<Vec<_>>());
        }
        let frames: Vec<f32> = z.iter().map(|z| self.linear("frame.logit", z)[0]).collect();
        let mut summary = mean(&z);
        summary.extend(max(&z));
        let mut ordered = frames.clone();
        ordered.sort_by(|a, b| b.total_cmp(a));
        summary.extend(ordered);
        summary.push(frames.iter().map(|x| x.exp()).sum::<f32>().ln());
        let hidden: Vec<f32> = self.linear("noncoding.hidden", &summary).into_iter().map(silu).collect();
        let mut logits = self.linear("noncoding.logit", &hidden);
        logits.extend(frames);
        logits.try_into().unwrap()
    }

    fn features(&self, ids: &[u16], frame: usize) -> Vec<f32> {
        let e: Vec<Vec<f32>> = (0..ids.len() / 3)
            .map(|t| {
                self.tensor("embedding.weight").chunks(self.shape.embedding).nth(ids[3 * t + frame].into()).unwrap()
            })
            .map(<[f32]>::to_vec)
            .collect();
        let mut x: Vec<Vec<f32>> =
            self.convolution("stem", &e, 6, 3, 3).into_iter().map(|row| row.into_iter().map(silu).collect()).collect();
        for i in 0..self.shape.blocks {
            self.add_block(&format!("blocks.{i}"), &mut x);
        }
        let mut features = mean(&x);
        features.extend(max(&x));
        for i in 0..self.shape.levels {
            x = pooled(&x, self.shape.pool);
            self.add_block(&format!("coarse.{i}"), &mut x);
            features.extend(mean(&x));
            features.extend(max(&x));
        }
        let (scale, shift) = (self.tensor("embedding_norm.scale"), self.tensor("embedding_norm.shift"));
        features.extend(mean(&e).into_iter().zip(scale).zip(shift).map(|((mean, scale), shift)| mean * scale + shift));
        features
    }

    fn add_block(&self, name: &str, x: &mut [Vec<f32>]) {
        let y = self.convolution(name, x, 3, 1, 1);
        for (x, y) in x.iter_mut().flatten().zip(y.into_iter().flatten()) {
            *x += silu(y);
        }
    }

    fn convolution(&self, name: &str, x: &[Vec<f32>], kernel: usize, stride: usize, padding: usize) -> Vec<Vec<f32>> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight")), self.tensor(&format!("{name}.bias")));
        let inputs = x[0].len();
        let at =
            |row: usize, input: usize| row.checked_sub(padding).and_then(|row| x.get(row)).map_or(0.0, |x| x[input]);
        (0..=(x.len() + 2 * padding - kernel) / stride)
            .map(|row| {
                let output = |(channel, &bias): (usize, &f32)| {
                    let mut sum = f64::from(bias);
                    for input in 0..inputs {
                        for tap in 0..kernel {
                            let weight = weight[(channel * inputs + input) * kernel + tap];
                            sum += f64::from(weight) * f64::from(at(row * stride + tap, input));
                        }
                    }
                    rounded(sum)
                };
                bias.iter().enumerate().map(output).collect()
            })
            .collect()
    }

    fn linear(&self, name: &str, x: &[f32]) -> Vec<f32> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight")), self.tensor(&format!("{name}.bias")));
        let rows = weight.chunks(x.len()).zip(bias);
        rows.map(|(row, &bias)| {
            rounded(f64::from(bias) + row.iter().zip(x).map(|(w, x)| f64::from(w * x)).sum::<f64>())
        })
        .collect()
    }
}

impl Golden {
    fn parse(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let logits: Option<Vec<f32>> = columns[3..].iter().map(|logit| logit.parse().ok()).collect();
        Some(Self { bases: columns[0].into(), logits: logits?.try_into().unwrap() })
    }
}

#[allow(clippy::cast_possible_truncation)]
fn rounded(x: f64) -> f32 {
    x as f32
}

fn silu(x: f32) -> f32 {
    rounded(f64::from(x) / (1.0 + f64::from(-x).exp()))
}

fn mean(rows: &[Vec<f32>]) -> Vec<f32> {
    let sum = |i: usize| rows.iter().map(|row| f64::from(row[i])).sum::<f64>();
    (0..rows[0].len()).map(|i| rounded(sum(i) / f64::from(count(rows.len())))).collect()
}

/// The means of each `pool` rows. The last rows are padded with zeros.
fn pooled(rows: &[Vec<f32>], pool: usize) -> Vec<Vec<f32>> {
    let share = |rows: &[Vec<f32>]| mean(rows).into_iter().map(|x| x * count(rows.len()) / count(pool)).collect();
    rows.chunks(pool).map(share).collect()
}

fn max(rows: &[Vec<f32>]) -> Vec<f32> {
    (0..rows[0].len()).map(|i| rows.iter().map(|row| row[i]).fold(f32::MIN, f32::max)).collect()
}

/// DNABERT's tokens of a read's overlapping 6-mers.
fn tokens(bases: &[u8]) -> Vec<u16> {
    let digit = |base: &u8| match base.to_ascii_uppercase() {
        b'A' => Some(0),
        b'T' | b'U' => Some(1),
        b'C' => Some(2),
        b'G' => Some(3),
        _ => None,
    };
    let token =
        |kmer: &[u8]| kmer.iter().try_fold(0, |token, base| Some(4 * token + digit(base)?)).map_or(1, |x| x + 5);
    bases.windows(6).map(token).collect()
}

/// The tokens of the reverse complement, digit by digit.
fn reversed(ids: &[u16]) -> Vec<u16> {
    let reverse = |&id: &u16| match id {
        5.. => 5 + (0..6).map(|i| ((id - 5) >> (2 * i) & 3 ^ 1) << (2 * (5 - i))).sum::<u16>(),
        _ => id,
    };
    ids.iter().rev().map(reverse).collect()
}

fn largest_difference(a: &[f32; 7], b: &[f32; 7]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The largest logit, but at least 1: rounding errors are relative to it.
fn size(logits: &[f32; 7]) -> f32 {
    logits.iter().fold(1.0, |size, logit| size.max(logit.abs()))
}

/// Reads with an occasional unknown letter.
fn read(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let base = prop_oneof![200 => proptest::sample::select(b"ACGT".as_slice()), 1 => Just(b'N')];
    proptest::collection::vec(base, length)
}

/// Shapes that fill registers and panels in different ways: tiny, the usual one, three registers a panel, two panels, three
/// and no block.
const SHAPES: [Shape; 6] = [
    Shape { embedding: 8, channels: 12, blocks: 1, levels: 1, pool: 2, hidden: 12 },
    Shape { embedding: 32, channels: 32, blocks: 1, levels: 1, pool: 3, hidden: 64 },
    Shape { embedding: 32, channels: 48, blocks: 1, levels: 0, pool: 1, hidden: 64 },
    Shape { embedding: 32, channels: 64, blocks: 2, levels: 2, pool: 2, hidden: 32 },
    Shape { embedding: 20, channels: 100, blocks: 3, levels: 0, pool: 1, hidden: 80 },
    Shape { embedding: 64, channels: 16, blocks: 0, levels: 3, pool: 4, hidden: 64 },
];

/// A factor for the number of random cases: small in debug builds, where the kernels are a hundred times slower.
const EFFORT: usize = if cfg!(debug_assertions) { 1 } else { 50 };

fn cases(count: usize) -> ProptestConfig {
    ProptestConfig::with_cases(u32::try_from(count * EFFORT).unwrap())
}

const BUILTIN: &str = "src/model/builtin/compact";
const CHECKPOINTS: [&str; 4] = ["testdata/compact/tiny1", "testdata/compact/tiny2", "testdata/compact/tiny3", BUILTIN];

#[test]
fn the_definition_is_what_pytorch_computed() {
    for name in CHECKPOINTS {
        let checkpoint = Checkpoint::open(name);
        assert!(checkpoint.golden.len() > 50);
        for golden in checkpoint.golden.iter().step_by(if EFFORT == 1 { 8 } else { 1 }) {
            let difference = largest_difference(&checkpoint.logits(&tokens(&golden.bases)), &golden.logits);
            assert!(
                difference < 1e-5 * size(&golden.logits),
                "{name}: {difference} on a read of {}",
                golden.bases.len()
            );
        }
    }
}

#[test]
fn every_instruction_set_computes_what_pytorch_did() {
    for name in CHECKPOINTS {
        let checkpoint = Checkpoint::open(name);
        for set in instruction_sets(Precision::F32) {
            let (engine, mut scratch) = (checkpoint.engine(set), Scratch::default());
            for golden in checkpoint.golden.iter().step_by(if EFFORT == 1 { 8 } else { 1 }) {
                let difference =
                    largest_difference(&engine.forward(&tokens(&golden.bases), &mut scratch), &golden.logits);
                assert!(
                    difference < 1e-5 * size(&golden.logits),
                    "{name}, {set:?}: {difference} on a read of {}",
                    golden.bases.len()
                );
            }
        }
    }
}

#[test]
fn every_instruction_set_computes_the_definition_in_any_shape() {
    for shape in SHAPES {
        let checkpoint = Checkpoint::random(shape);
        let engines: Vec<Engine> = instruction_sets(Precision::F32).map(|set| checkpoint.engine(set)).collect();
        let scratch = RefCell::new(Scratch::default());
        proptest!(cases(1), |(bases in read(8..420))| {
            let ids = tokens(&bases);
            let expected = checkpoint.logits(&ids);
            for engine in &engines {
                let difference = largest_difference(&engine.forward(&ids, &mut scratch.borrow_mut()), &expected);
                // Both sides round to f32: random weights have reached 1.04e-5, with fused multiply-add and without.
                let bound = 2e-5;
                prop_assert!(difference < bound * size(&expected), "{shape:?}, {:?}: {difference}", engine.instruction_set());
            }
        });
    }
}

#[test]
fn instruction_sets_with_fused_multiply_add_agree_to_the_bit() {
    for (shape, precision) in SHAPES.into_iter().flat_map(|shape| [(shape, Precision::F32), (shape, Precision::Int8)]) {
        if precision == Precision::Int8 && !shape.takes_bytes() {
            continue;
        }
        let checkpoint = Checkpoint::random(shape);
        let fused = instruction_sets(precision)
            .filter(|&set| set != InstructionSet::Plain || cfg!(any(target_feature = "fma", target_arch = "aarch64")));
        let engines: Vec<Engine> = fused.map(|set| checkpoint.engine_in(set, precision)).collect();
        let scratch = RefCell::new(Scratch::default());
        proptest!(cases(4), |(bases in read(60..400))| {
            let ids = tokens(&bases);
            let logits: Vec<_> = engines.iter().map(|engine| engine.forward(&ids, &mut scratch.borrow_mut()).map(f32::to_bits)).collect();
            prop_assert!(logits.windows(2).all(|pair| pair[0] == pair[1]), "{shape:?}, {precision:?}");
        });
    }
}

#[test]
fn every_instruction_set_in_bytes_stays_near_what_pytorch_computed() {
    for name in CHECKPOINTS {
        let checkpoint = Checkpoint::open(name);
        if !checkpoint.shape.takes_bytes() {
            continue;
        }
        for set in instruction_sets(Precision::Int8) {
            let (engine, mut scratch) = (checkpoint.engine_in(set, Precision::Int8), Scratch::default());
            let mut largest = 0.0_f32;
            for golden in checkpoint.golden.iter().step_by(if EFFORT == 1 { 8 } else { 1 }) {
                let logits = engine.forward(&tokens(&golden.bases), &mut scratch);
                largest = largest.max(largest_difference(&logits, &golden.logits) / size(&golden.logits));
            }
            eprintln!("{name}, {set:?}: {largest}");
            assert!(largest < 0.06 && largest > 1e-5, "{name}, {set:?}: {largest}");
        }
    }
}

#[test]
fn a_reverse_complement_gets_the_same_logits_with_its_strands_exchanged() {
    let checkpoint = Checkpoint::random(SHAPES[1]);
    let engines = checkpoint.engines();
    let scratch = RefCell::new(Scratch::default());
    proptest!(cases(8), |(bases in read(60..400))| {
        let ids = tokens(&bases);
        for engine in &engines {
            let mut expected = engine.forward(&ids, &mut scratch.borrow_mut());
            expected[1..].rotate_left(3);
            prop_assert_eq!(engine.forward(&reversed(&ids), &mut scratch.borrow_mut()), expected);
        }
    });
}

#[test]
fn a_read_gets_the_same_logits_whatever_was_read_before() {
    let checkpoint = Checkpoint::random(SHAPES[1]);
    let engines = checkpoint.engines();
    let used = RefCell::new(Scratch::default());
    proptest!(cases(8), |(bases in read(0..420), before in read(0..420))| {
        let (ids, before) = (tokens(&bases), tokens(&before));
        for engine in &engines {
            let _ = engine.forward(&before, &mut used.borrow_mut());
            let alone = engine.forward(&ids, &mut Scratch::default());
            prop_assert_eq!(engine.forward(&ids, &mut used.borrow_mut()).map(f32::to_bits), alone.map(f32::to_bits));
        }
    });
}

#[test]
fn many_reads_get_the_same_logits_as_one_by_one() {
    let checkpoint = Checkpoint::random(SHAPES[1]);
    let engines = checkpoint.engines();
    proptest!(cases(2), |(reads in proptest::collection::vec(read(0..420), 0..24))| {
        let reads: Vec<_> = reads.iter().map(|bases| tokens(bases)).collect();
        for engine in &engines {
            let mut together = Vec::new();
            engine.each(reads.iter().map(Vec::as_slice), &mut Scratch::default(), |logits| together.push(logits));
            let alone: Vec<_> = reads.iter().map(|ids| engine.forward(ids, &mut Scratch::default())).collect();
            prop_assert_eq!(together, alone);
        }
    });
}

#[test]
fn silu_stays_silu_far_out() {
    for shape in [SHAPES[0]] {
        let mut checkpoint = Checkpoint::random(shape);
        for factor in [1e-3, 30.0, 1e4, 1e6] {
            for x in &mut checkpoint.tensors.get_mut("stem.bias").unwrap().1 {
                *x *= factor;
            }
            let ids = tokens(b"ACGTACGATCGATCGGCTAGCTAGCTTAGCNATCTATAGCGCGATATTAGCATCAGC");
            let expected = checkpoint.logits(&ids);
            for set in instruction_sets(Precision::F32) {
                let logits = checkpoint.engine(set).forward(&ids, &mut Scratch::default());
                let tolerance = 1e-5 * size(&expected);
                assert!(largest_difference(&logits, &expected) < tolerance, "{set:?}: {logits:?}, not {expected:?}");
            }
        }
    }
}

#[test]
fn every_instruction_set_computes_what_burn_does() {
    let config = CompactConfig::parse(builtin::COMPACT.config).unwrap();
    let mut weights = Weights::safetensors(files::WEIGHTS[0], Cursor::new(builtin::COMPACT.weights)).unwrap();
    let device = device::cpu();
    let burn = CompactNetwork::load(&config, Form::EXACT, &mut Tensors::stored(&mut weights, &device)).unwrap();
    let own = Checkpoint::open(BUILTIN);
    let engines: Vec<Engine> = instruction_sets(Precision::F32).map(|set| own.engine(set)).collect();
    let mut state = 9_122_026;
    let mut scratch = Scratch::default();
    let mut largest = vec![0.0_f32; engines.len()];
    let reads = if EFFORT == 1 { 20 } else { 10_000 };
    for i in 0..reads {
        let len = 60 + 37 * i % 341;
        let ids = tokens(&skewed(len, &mut state));
        let logits = burn.forward(&[ids.as_slice().into()], ids.len() / 3, &device).try_into_vec_as::<f32>().unwrap();
        let logits: [f32; LOGITS] = logits.try_into().unwrap();
        for (engine, largest) in engines.iter().zip(&mut largest) {
            let difference = largest_difference(&engine.forward(&ids, &mut scratch), &logits) / size(&logits);
            *largest = largest.max(difference);
        }
    }
    eprintln!("largest difference to burn, by instruction set: {largest:?}");
    assert!(largest.iter().all(|&largest| largest < 1e-5), "{largest:?}");
}

/// Bases whose composition changes between reads and between the places in a codon, with an occasional unknown letter.
fn skewed(len: usize, state: &mut u64) -> Vec<u8> {
    let mut pick = |n: f32| (noise(state) * 0.5 + 0.5) * n;
    let shares: Vec<[f32; 4]> = (0..3).map(|_| [pick(1.0), pick(1.0), pick(1.0), pick(1.0)]).collect();
    let base = |at: usize| {
        let shares = shares[at % 3];
        let mut left = pick(shares.iter().sum());
        let place = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        if pick(1.0) < 0.002 { b'N' } else { b"ACGT"[place.unwrap_or(3)] }
    };
    (0..len).map(base).collect()
}
