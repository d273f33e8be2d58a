//! The decoder compared with the training code's results, and properties that always hold.

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
    let (prediction, genes) = told(decoder, bases, logits);
    (prediction, genes.called.rows().flatten().copied().collect())
}

fn told(decoder: &Decoder, bases: &[u8], logits: &[[f32; LOGITS]]) -> (Prediction, Genes) {
    let (row, mut genes) = (row(bases), Genes::default());
    let prediction = decoder.decode(&Seen::of(&row), logits, &mut Scratch::default(), &mut genes);
    (prediction, genes)
}

/// The number of a read's positions that the model sees.
fn count(bases: &[u8]) -> usize {
    positions(Seen::of(&row(bases)).bases())
}

/// Formats a stretch as the goldens spell it: START-END:FRAME, from 0.
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
        let [bases, text, states, logits, probability, stretches, if_coding] = fields[..] else { panic!("{line}") };
        let logits: Vec<f32> = logits.split(' ').map(|logit| logit.parse().unwrap()).collect();
        let (logits, _) = logits.as_chunks::<LOGITS>();
        if logits.len() < states.len() {
            continue; // of long reads only some logits are there
        }
        compared += 1;
        let (all, mut memory) = (row(bases.as_bytes()), Memory::default());
        let seen = Seen::of(&all);
        assert_eq!(*seen.row, row(text.as_bytes()), "{bases}");
        codons::mark(&seen.row, side(seen.bases()), logits.len(), &mut memory.marks);
        let _call = decoder.call(seen.bases(), logits, &mut memory);
        let path: String = memory.path.iter().map(|&state| char::from(b'0' + state)).collect();
        assert_eq!(path, states, "{bases}");
        let (prediction, genes) = told(&decoder, bases.as_bytes(), logits);
        let expected: f32 = probability.parse().unwrap();
        assert!((prediction.probability - expected).abs() <= 1e-5, "{bases}: {} {expected}", prediction.probability);
        let spelt = |found: &[Stretch]| found.iter().map(spelt).collect::<Vec<_>>().join(" ");
        let found: Vec<_> = genes.rows().map(|(called, if_coding)| (spelt(called), spelt(if_coding))).collect();
        assert_eq!(found, [(stretches.to_owned(), if_coding.to_owned())], "{bases}");
    }
    assert!(compared > 50);
}

#[test]
fn genes_that_share_bases_are_two() {
    let (first, second) =
        ("ATG".to_owned() + &"GCC".repeat(22) + "GCATGA", "ATGAGC".to_owned() + &"CGT".repeat(25) + "C");
    let read = first + &second[4..]; // both have ATGA
    let logits: Vec<[f32; LOGITS]> =
        (0..17).map(|t| std::array::from_fn(|s| if s == if t < 8 { 1 } else { 3 } { 20.0 } else { 0.0 })).collect();
    let (_, found) = decoded(&decoder(), read.as_bytes(), &logits);
    assert_eq!(found.iter().map(spelt).collect::<Vec<_>>(), ["0-75:1", "71-153:3"]);
    assert!(found[0].has_stop && found[1].has_start && !found[1].continues, "{found:?}");
}

#[test]
fn a_gene_inside_a_read_begins_with_its_start_codon_and_ends_with_its_stop_codon() {
    // 4 non-coding positions, 8 of a gene in frame 1, and 4 non-coding ones; codons begin two bases off the positions'
    // borders.
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
fn a_read_that_is_no_gene_as_called_may_be_one_if_the_sample_says_so() {
    let read = "ACC".repeat(50);
    let logits = |none: f32| vec![[none, 0.0, -9.0, -9.0, -9.0, -9.0, -9.0]; positions(read.len())];
    let of = |none| {
        let (prediction, genes) = told(&decoder(), read.as_bytes(), &logits(none));
        let spelt = |found: &[Stretch]| found.iter().map(spelt).collect::<Vec<_>>().join(" ");
        let (called, if_coding) = genes.rows().next().map(|(one, other)| (spelt(one), spelt(other))).unwrap();
        (prediction.probability >= LEAST, called, if_coding)
    };
    let all = || "0-150:1".to_owned();
    assert_eq!(of(-2.0), (true, all(), String::new()));
    assert_eq!(of(1.5), (true, String::new(), all()));
    assert_eq!(of(9.0), (false, String::new(), String::new()));
}

#[test]
fn a_gene_whose_stop_codon_is_the_last_one_of_the_read_is_not_cut_there() {
    let gene = "ACC".repeat(49) + "TAA";
    let complement = |base: char| match base {
        'A' => 'T',
        'T' => 'A',
        'C' => 'G',
        _ => 'C',
    };
    let turned: String = gene.chars().rev().map(complement).collect();
    for (read, state, stops) in [
        (gene.clone(), 1, true),
        (turned, 4, true),
        (gene[..149].to_owned(), 1, false),
        (gene[..147].to_owned(), 1, false),
    ] {
        let state = state + side(read.len()) % 3;
        let (_, found) = decoded(&decoder(), read.as_bytes(), &sure((0..positions(read.len())).map(|_| state)));
        let [one] = found[..] else { panic!("{found:?}") };
        assert_eq!((one.start, one.end as usize, one.has_start, one.has_stop), (0, read.len(), false, stops), "{read}");
        assert_eq!(one.frame.number().abs(), 1);
    }
}

/// Logits that give one state almost all the weight at each position.
fn sure(states: impl Iterator<Item = usize>) -> Vec<[f32; LOGITS]> {
    states.map(|state| std::array::from_fn(|s| if s == state { 20.0 } else { 0.0 })).collect()
}

#[test]
fn a_read_gets_the_same_answers_with_unknown_bases_at_its_ends() {
    let (decoder, gene) = (decoder(), "GCC".repeat(50));
    for states in [[1; 18], [5; 18], std::array::from_fn(|t| if t < 10 { 5 } else { 1 })] {
        let logits = sure(states.into_iter());
        let (alone, genes) = decoded(&decoder, gene.as_bytes(), &logits);
        for (before, after) in [(1, 0), (0, 1), (71, 40), (72, 900)] {
            let read = "N".repeat(before) + &gene + &"N".repeat(after);
            let (prediction, found) = decoded(&decoder, read.as_bytes(), &logits);
            assert_eq!(prediction.probability, alone.probability);
            assert_eq!(genes.len(), found.len());
            for (one, other) in genes.iter().zip(&found) {
                let before = u32::try_from(before).unwrap();
                assert_eq!((one.start + before, one.end + before), (other.start, other.end));
                assert_eq!((one.frame.strand, one.probability), (other.frame.strand, other.probability));
                assert_eq!(one.phase(gene.len()), other.phase(read.len()));
            }
        }
    }
}

#[test]
fn no_gene_begins_or_ends_with_unknown_bases() {
    // The model sees six to eight bases of a run of unknown ones, so no border of positions is where the run begins or
    // ends.
    let (decoder, gene) = (decoder(), "GCC".repeat(25));
    for unknown in 60..69 {
        let read = gene.clone() + &"N".repeat(unknown) + &gene;
        let (count, behind) = (count(read.as_bytes()), 75 + u32::try_from(unknown).unwrap());
        for border in 8..=10 {
            let (_, left) = decoded(&decoder, read.as_bytes(), &sure((0..count).map(|t| usize::from(t < border))));
            let (_, right) = decoded(&decoder, read.as_bytes(), &sure((0..count).map(|t| usize::from(t >= border))));
            let ([left], [right]) = (&left[..], &right[..]) else { panic!("{left:?} {right:?}") };
            assert!(left.start == 0 && !(76..=behind).contains(&left.end), "{unknown}: {left:?}");
            assert!(!(75..behind).contains(&right.start) && right.end == behind + 75, "{unknown}: {right:?}");
        }
    }
    // If the gene continues after the unknown bases, the stretch includes them.
    let read = gene.clone() + &"N".repeat(66) + &gene;
    let (_, found) = decoded(&decoder, read.as_bytes(), &sure(std::iter::repeat_n(1, count(read.as_bytes()))));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].start, found[0].end), (0, 216));
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
        let count = count(bases.as_bytes());
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
    fn genes_of_a_read_that_a_sample_makes_coding_are_as_likely_as_the_read(
        bases in "[ACGT]{60,320}", logits in prop::collection::vec(prop::array::uniform7(-3.0_f32..3.0), 40)
    ) {
        let (prediction, genes) = told(&decoder(), bases.as_bytes(), &logits[..count(bases.as_bytes())]);
        let (_, if_coding) = genes.rows().next().unwrap();
        prop_assert!(if_coding.iter().all(|gene| gene.probability >= prediction.probability), "{:?}", if_coding);
    }

    #[test]
    fn stretches_lie_on_the_read(bases in "[ACGTN]{6,200}", seed in prop::collection::vec(-6.0_f32..6.0, 7 * 24)) {
        let logits: Vec<[f32; LOGITS]> =
            seed.chunks(7).take(count(bases.as_bytes())).map(|l| l.try_into().unwrap()).collect();
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
