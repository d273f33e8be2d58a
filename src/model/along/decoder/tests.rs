//! The decoder against the answers of the training code, and its laws.

use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::kmer;

#[derive(Deserialize)]
struct Config {
    decoder: DecoderSettings,
    calibration: BreakEven,
    short_reads: ShortReads,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn decoder() -> Decoder {
    let Config { decoder, calibration, short_reads } =
        serde_json::from_str(&read("src/model/builtin/along/config.json")).unwrap();
    assert!(decoder.requirements().into_iter().chain(calibration.requirements()).all(|(_, holds, _)| holds));
    Decoder::new(&decoder, &calibration, Some(&short_reads))
}

fn row(bases: &[u8]) -> Vec<u16> {
    let mut row = Vec::new();
    kmer::tokenize(bases, 6, None, &mut row);
    row
}

fn decoded(decoder: &Decoder, bases: &[u8], logits: &[[f32; LOGITS]]) -> (Prediction, Vec<Stretch>) {
    let mut stretches = Stretches::default();
    let prediction = decoder.decode(&row(bases), logits, &mut Scratch::default(), &mut stretches);
    let found = stretches.rows().flatten().copied().collect();
    (prediction, found)
}

/// A stretch as the goldens spell it: START-END:FRAME, from 0.
fn spelt(stretch: &Stretch) -> String {
    format!("{}-{}:{}", stretch.start, stretch.end, stretch.frame)
}

#[test]
fn reads_are_padded_alike_on_both_sides() {
    assert_eq!((0..=9).map(side).collect::<Vec<_>>(), [0, 4, 8, 3, 7, 2, 6, 1, 5, 0]);
    assert_eq!([150, 300, 720].map(positions), [18, 34, 80]);
}

#[test]
fn calls_are_the_training_codes() {
    let (decoder, mut compared) = (decoder(), 0);
    for line in read("testdata/along/golden.tsv").lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [bases, states, logits, probability, stretches] = fields[..] else { panic!("{line}") };
        let logits: Vec<f32> = logits.split(' ').map(|logit| logit.parse().unwrap()).collect();
        let (logits, _) = logits.as_chunks::<LOGITS>();
        if logits.len() < states.len() {
            continue; // of long reads only some logits are there
        }
        compared += 1;
        let (row, mut memory) = (row(bases.as_bytes()), Memory::default());
        codons::mark(&row, side(bases.len()), logits.len(), &mut memory.marks);
        let places = Places::of(&row);
        places.join(&mut memory.marks);
        decoder.rules_of(bases.len()).chain.call(&places.of_all(logits), &mut memory);
        let path: String = memory.path.iter().map(|&state| char::from(b'0' + state)).collect();
        assert_eq!(path, states.replace('-', ""), "{bases}");
        let (prediction, found) = decoded(&decoder, bases.as_bytes(), logits);
        let expected: f32 = probability.parse().unwrap();
        assert!((prediction.probability - expected).abs() <= 1e-5, "{bases}: {} {expected}", prediction.probability);
        let found = found.iter().map(spelt).collect::<Vec<_>>().join(" ");
        assert_eq!(found, stretches, "{bases}");
    }
    assert!(compared > 50);
}

#[test]
fn a_gene_inside_a_read_begins_with_its_start_codon_and_ends_with_its_stop_codon() {
    // 4 positions of nothing, 8 of a gene in frame 1, 4 of nothing; the codons are two bases off the positions' borders.
    let gene = ["C".repeat(36), "ATG".into(), "GCC".repeat(21), "TAA".into(), "C".repeat(39)].concat();
    let state = |t: usize| usize::from((4..12).contains(&t));
    let logits: Vec<[f32; LOGITS]> =
        (0..20).map(|t| std::array::from_fn(|s| if s == state(t) { 20.0 } else { 0.0 })).collect();
    let (decoder, longer) = (decoder(), gene.clone() + &"C".repeat(36));
    for (read, is_half) in [(&gene, true), (&longer, false)] {
        let (prediction, found) = decoded(&decoder, read.as_bytes(), &logits[..read.len() / 9]);
        let [gene] = found[..] else { panic!("{found:?}") };
        assert_eq!((gene.start, gene.end, gene.frame.number()), (36, 105, 1));
        assert!(gene.has_start && gene.has_stop && !gene.continues && gene.probability > 0.99, "{gene:?}");
        let right = if is_half { prediction.probability > 0.99 } else { prediction.probability < 0.01 };
        assert!(right, "coding is what codes for half or more of its length: {prediction:?}");
    }
}

#[test]
fn unknown_bases_say_nothing_and_no_gene_begins_or_ends_in_them() {
    // Eight positions of a gene, and around them logits that would be believed if their bases were known.
    let (decoder, gene) = (decoder(), "GCC".repeat(24));
    let logits = |state: fn(usize) -> usize| -> Vec<[f32; LOGITS]> {
        (0..24).map(|t| std::array::from_fn(|s| if s == state(t) { 20.0 } else { 0.0 })).collect()
    };
    let among_unknown = "N".repeat(72) + &gene + &"N".repeat(72);
    for other in [|t| usize::from((8..16).contains(&t)), |_| 1, |t| if t < 8 { 5 } else { 1 }] {
        let (prediction, found) = decoded(&decoder, among_unknown.as_bytes(), &logits(other));
        let [only] = found[..] else { panic!("{found:?}") };
        assert_eq!((only.start, only.end, only.frame.number()), (72, 144, 1));
        let (alone, _) = decoded(&decoder, gene.as_bytes(), &logits(|_| 1)[..8]);
        assert_eq!(prediction.probability, alone.probability);
    }
    // Where a gene goes on behind them, it goes through them.
    let (_, found) = decoded(&decoder, (gene.clone() + &"N".repeat(72) + &gene).as_bytes(), &logits(|_| 1));
    assert_eq!(found.iter().map(spelt).collect::<Vec<_>>(), ["0-216:1"]);
}

#[test]
fn a_frameshift_is_no_end() {
    let state = |t: usize| if t < 8 { 5 } else { 6 };
    let logits: Vec<[f32; LOGITS]> =
        (0..16).map(|t| std::array::from_fn(|s| if s == state(t) { 20.0 } else { 0.0 })).collect();
    let (_, found) = decoded(&decoder(), "TTA".repeat(48).as_bytes(), &logits);
    let [one, other] = found[..] else { panic!("{found:?}") };
    assert_eq!((one.start, one.end, other.start, other.end), (0, 72, 72, 144));
    assert_eq!((one.continues, other.continues), (false, true));
    assert!(![one, other].iter().any(|stretch| stretch.has_start || stretch.has_stop));
}

proptest! {
    #[test]
    fn the_reverse_complement_gets_mirrored_calls(
        bases in "[ACGT]{60,400}",
        unknown in (0..400_usize, 0..60_usize),
        seed in prop::collection::vec(-6.0_f32..6.0, 7 * 46),
    ) {
        let is_unknown = |n: usize| n >= unknown.0 && n - unknown.0 < unknown.1;
        let bases: String = bases.chars().enumerate().map(|(n, base)| if is_unknown(n) { 'N' } else { base }).collect();
        let decoder = decoder();
        let count = positions(bases.len());
        let logits: Vec<[f32; LOGITS]> = seed.chunks(7).take(count).map(|l| l.try_into().unwrap()).collect();
        let turned: Vec<[f32; LOGITS]> = logits.iter().rev().map(|l| [l[0], l[4], l[5], l[6], l[1], l[2], l[3]]).collect();
        let complement = |base: u8| match base { b'A' => b'T', b'C' => b'G', b'G' => b'C', b'T' => b'A', other => other };
        let back: Vec<u8> = bases.bytes().rev().map(complement).collect();
        let ((one, found), (other, mirrored)) = (decoded(&decoder, bases.as_bytes(), &logits), decoded(&decoder, &back, &turned));
        prop_assert!((one.probability - other.probability).abs() <= 1e-6);
        prop_assert_eq!(one.frame.unwrap().number(), -other.frame.unwrap().number());
        prop_assert_eq!(found.len(), mirrored.len());
        for (stretch, mirror) in found.iter().zip(mirrored.iter().rev()) {
            let length = u32::try_from(bases.len()).unwrap();
            prop_assert_eq!((stretch.start, stretch.end), (length - mirror.end, length - mirror.start));
            prop_assert_eq!(stretch.frame.number(), -mirror.frame.number());
            prop_assert_eq!((stretch.has_start, stretch.has_stop), (mirror.has_start, mirror.has_stop));
        }
    }

    #[test]
    fn stretches_lie_on_the_read(bases in "[ACGTN]{6,200}", seed in prop::collection::vec(-6.0_f32..6.0, 7 * 24)) {
        let logits: Vec<[f32; LOGITS]> =
            seed.chunks(7).take(positions(bases.len())).map(|l| l.try_into().unwrap()).collect();
        let (prediction, found) = decoded(&decoder(), bases.as_bytes(), &logits);
        prop_assert!((0.0..=1.0).contains(&prediction.probability));
        let genes = found.chunk_by(|_, next| next.continues).map(|gene| (gene[0].start, gene[gene.len() - 1].end));
        prop_assert!(genes.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1), "{found:?}");
        for stretch in found {
            prop_assert!(stretch.start < stretch.end && stretch.end as usize <= bases.len());
            prop_assert!((0.0..=1.0).contains(&stretch.probability));
        }
    }
}
