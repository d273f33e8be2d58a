//! The engine compared with the training code's goldens and with burn, and properties that always hold.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

use super::super::InstructionSet;
use super::super::test_support::{count, instruction_sets, noise};
use super::{Engine, Scratch, positions};
use crate::kmer;
use crate::model::along::{AlongConfig, AlongNetwork};
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::network::Network;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::row::Row;
use crate::model::weights::Weights;
use crate::model::{Precision, device, files};

/// A model: its settings, and its tensors by name.
struct Model {
    config: AlongConfig,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Model {
    /// The built-in model.
    fn golden() -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model/builtin/along");
        let config = AlongConfig::parse(&files::read(&directory, files::CONFIG).unwrap()).unwrap();
        let mut weights = Weights::open(&directory).unwrap();
        let tensors = config.tensors().map(|(name, shape)| {
            let numbers = weights.take(&name, &shape).unwrap();
            (name, (shape, numbers))
        });
        let tensors = tensors.collect();
        Self { config, tensors }
    }

    /// Numbers in a fixed pseudo-random order, large enough that every path through the network matters.
    fn random([embedding, channels, levels]: [usize; 3], mix: bool) -> Self {
        let json = include_str!("../../builtin/along/config.json")
            .replace("\"embedding_size\": 32", &format!("\"embedding_size\": {embedding}"))
            .replace("\"channels\": 32", &format!("\"channels\": {channels}"))
            .replace("\"levels\": 4", &format!("\"levels\": {levels}"))
            .replace("\"mix\": false", &format!("\"mix\": {mix}"));
        let config = AlongConfig::parse(json.as_bytes()).unwrap();
        let mut state = 20_261_128_u64;
        let tensors = config.tensors().map(|(name, shape)| {
            let fan_in: usize = shape[1..].iter().product();
            let scale = if name == "embedding.weight" { 1.0 } else { (3.0 / count(fan_in.max(4))).sqrt() };
            let mut numbers: Vec<_> = (0..shape.iter().product()).map(|_| scale * noise(&mut state)).collect();
            if name == "embedding.weight" {
                numbers[..shape[1]].fill(0.0);
            }
            (name, (shape, numbers))
        });
        let tensors = tensors.collect();
        Self { config, tensors }
    }

    fn engine(&self, instructions: InstructionSet) -> Engine {
        let tensor = |name: &str, shape: &[usize]| {
            let (own, numbers) = self.tensors.get(name).ok_or(name.to_owned())?;
            if own == shape { Ok(numbers.clone()) } else { Err(format!("{name} is {own:?}, not {shape:?}")) }
        };
        Engine::new(self.config.shape(), instructions, tensor).unwrap()
    }

    fn engines(&self) -> Vec<Engine> {
        instruction_sets(Precision::F32).map(|set| self.engine(set)).collect()
    }

    fn on_burn(&self) -> AlongNetwork {
        let bytes = self.tensors.iter().map(|(name, (shape, numbers))| {
            (name, shape, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
        });
        let bytes: Vec<_> = bytes.collect();
        let view = |shape: &[usize], bytes| TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap();
        let views = bytes.iter().map(|(name, shape, bytes)| (name, view(shape, bytes)));
        let file = safetensors::serialize(views, None).unwrap();
        let mut weights = Weights::safetensors(files::WEIGHTS[0], Cursor::new(file)).unwrap();
        AlongNetwork::load(&self.config, Form::EXACT, &mut Tensors::stored(&mut weights, &device::cpu())).unwrap()
    }
}

/// A window: its 6-mers, and the number of padding bases before them.
#[derive(Clone, Debug)]
struct Window {
    ids: Vec<u16>,
    before: usize,
}

impl Window {
    /// The window of a read that is a single window.
    fn read(bases: &[u8]) -> Self {
        let before = (0..9).find(|side| (bases.len() + 2 * side).is_multiple_of(9)).unwrap();
        Self::at(bases, before)
    }

    fn at(bases: &[u8], before: usize) -> Self {
        let mut ids = Vec::new();
        kmer::tokenize(bases, 6, None, &mut ids);
        Self { ids, before }
    }

    fn row(&self) -> Row<'_> {
        Row { ids: &self.ids, before: self.before }
    }

    /// The reverse complement of the window: the padding after the window comes before it.
    fn turned(&self) -> Self {
        let ids = self.ids.iter().rev().map(|&id| kmer::reverse_complement(id, 6)).collect();
        Self { ids, before: 9 * positions(self.row()) - self.before - self.ids.len() - 5 }
    }
}

fn logits(engine: &Engine, window: &Window, scratch: &mut Scratch) -> Vec<f32> {
    let mut logits = Vec::new();
    engine.each([window.row()], scratch, |own| logits.extend_from_slice(own));
    logits
}

fn largest_difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

/// Windows with an occasional unknown letter, at any offset to the positions.
fn window() -> impl Strategy<Value = Window> {
    let base = prop_oneof![100 => proptest::sample::select(b"ACGT".as_slice()), 1 => Just(b'N')];
    (proptest::collection::vec(base, 6..400), 0_usize..9).prop_map(|(bases, before)| Window::at(&bases, before))
}

/// Embedding size, channels and levels that fill registers and panels in different ways; then whether the model mixes.
const SHAPES: [([usize; 3], bool); 4] =
    [([8, 12, 1], true), ([32, 32, 4], false), ([20, 48, 3], true), ([16, 100, 2], false)];

/// A configuration with few cases in debug builds, where the kernels are a hundred times slower.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig::with_cases(if cfg!(debug_assertions) { count } else { 50 * count })
}

/// The tolerance for logits, which reach about 15: a few dozen roundings of f32.
const TOLERANCE: f32 = 5e-5;

#[test]
fn every_instruction_set_and_burn_compute_what_pytorch_did() {
    let model = Model::golden();
    let (engines, burn) = (model.engines(), model.on_burn());
    let golden = include_str!("../../../../testdata/along/golden.tsv");
    let mut seen = 0;
    for line in golden.lines().skip(1) {
        let mut columns = line.split('\t');
        let window = Window::read(columns.nth(1).unwrap().as_bytes()); // what is seen
        if positions(window.row()) > 80 {
            continue; // several windows
        }
        seen += 1;
        let expected: Vec<f32> = columns.nth(1).unwrap().split(' ').map(|logit| logit.parse().unwrap()).collect();
        let own = burn.forward(&[window.row()], positions(window.row()), &device::cpu());
        let own = own.try_into_vec_as::<f32>().unwrap();
        let difference = largest_difference(&own, &expected);
        assert!(difference < TOLERANCE, "burn on {} k-mers: {difference}", window.ids.len());
        for engine in &engines {
            let difference = largest_difference(&logits(engine, &window, &mut Scratch::default()), &expected);
            assert!(
                difference < TOLERANCE,
                "{:?} on {} k-mers: {difference}",
                engine.instruction_set(),
                window.ids.len()
            );
        }
    }
    assert!(seen > 40);
}

#[test]
fn every_instruction_set_computes_what_burn_does_in_any_shape() {
    for (shape, mix) in SHAPES {
        let model = Model::random(shape, mix);
        let (engines, burn) = (model.engines(), model.on_burn());
        proptest!(cases(4), |(window in window())| {
            let expected = burn.forward(&[window.row()], positions(window.row()), &device::cpu());
            let expected = expected.try_into_vec_as::<f32>().unwrap();
            let size = expected.iter().fold(1.0_f32, |size, logit| size.max(logit.abs()));
            for engine in &engines {
                let difference = largest_difference(&logits(engine, &window, &mut Scratch::default()), &expected);
                prop_assert!(difference < 2e-5 * size, "{shape:?}, {:?}: {difference} of {size}", engine.instruction_set());
            }
        });
    }
}

#[test]
fn instruction_sets_with_fused_multiply_add_agree_to_the_bit() {
    for (shape, mix) in SHAPES {
        let model = Model::random(shape, mix);
        let fused = instruction_sets(Precision::F32)
            .filter(|&set| set != InstructionSet::Plain || cfg!(any(target_feature = "fma", target_arch = "aarch64")));
        let engines: Vec<Engine> = fused.map(|set| model.engine(set)).collect();
        proptest!(cases(4), |(window in window())| {
            let bits = |engine| logits(engine, &window, &mut Scratch::default()).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            let all: Vec<_> = engines.iter().map(bits).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{shape:?}");
        });
    }
}

#[test]
fn a_reverse_complement_gets_the_very_same_logits_mirrored() {
    for (shape, mix) in SHAPES {
        let engines = Model::random(shape, mix).engines();
        proptest!(cases(4), |(window in window())| {
            for engine in &engines {
                let expected = logits(engine, &window, &mut Scratch::default());
                let (expected, _) = expected.as_chunks::<7>();
                let turn = |&[none, a, b, c, d, e, f]: &[f32; 7]| [none, d, e, f, a, b, c];
                let expected: Vec<f32> = expected.iter().rev().flat_map(turn).collect();
                prop_assert_eq!(logits(engine, &window.turned(), &mut Scratch::default()), expected);
            }
        });
    }
}

#[test]
fn many_rows_get_the_same_logits_as_one_by_one() {
    let engines = Model::random(SHAPES[2].0, SHAPES[2].1).engines();
    let used = RefCell::new(Scratch::default());
    proptest!(cases(3), |(windows in proptest::collection::vec(window(), 0..6))| {
        // Neighbours of the same length go through the levels together.
        let windows: Vec<_> = windows.into_iter().flat_map(|window| [window.clone(), window.turned(), window]).collect();
        for engine in &engines {
            let mut together = Vec::new();
            engine.each(windows.iter().map(Window::row), &mut used.borrow_mut(), |own| together.push(own.to_vec()));
            let alone: Vec<_> = windows.iter().map(|window| logits(engine, window, &mut Scratch::default())).collect();
            prop_assert_eq!(together, alone);
        }
    });
}

#[test]
fn burn_computes_the_same_in_a_batch() {
    let burn = Model::random(SHAPES[1].0, SHAPES[1].1).on_burn();
    let mut state = 3;
    let mut base = || b"ACGT"[usize::from(noise(&mut state) > 0.0) + 2 * usize::from(noise(&mut state) > 0.0)];
    let windows: Vec<Window> =
        (0..5).map(|n| Window::read(&(0..291 + 2 * n % 4).map(|_| base()).collect::<Vec<u8>>())).collect();
    let same: Vec<&Window> =
        windows.iter().filter(|window| positions(window.row()) == positions(windows[0].row())).collect();
    assert!(same.len() > 1);
    let answer = |windows: &[&Window]| {
        let rows: Vec<Row<'_>> = windows.iter().map(|window| window.row()).collect();
        burn.forward(&rows, positions(rows[0]), &device::cpu()).try_into_vec_as::<f32>().unwrap()
    };
    let alone: Vec<f32> = same.iter().flat_map(|window| answer(&[window])).collect();
    assert!(largest_difference(&answer(&same), &alone) < 1e-5);
}
