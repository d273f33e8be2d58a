//! The files in `testdata/odd` compared with the output of `samtools fastq` (`testdata/odd/make.py`).

use super::*;
use crate::reads::{Format, Layout, Mate};

#[tokio::test]
async fn a_bam_becomes_what_samtools_fastq_makes_of_it() {
    let expected = std::fs::read_to_string(odd("alignments.fastq")).unwrap();
    for grouping in [Grouping::Templates, Grouping::Each] {
        for file in ["alignments.bam", "alignments.sam"] {
            let (templates, _) = read_with(Input::Single(odd(file)), grouping).await;
            assert_same_lines(&fastq(templates.unwrap(), Names::Numbered), &expected);
        }
    }
}

/// Compares line by line, so that a failure shows one read instead of all.
fn assert_same_lines(made: &str, expected: &str) {
    for (n, (made, expected)) in made.lines().zip(expected.lines()).enumerate() {
        assert_eq!(made, expected, "line {}", n + 1);
    }
    assert_eq!(made.len(), expected.len());
}

#[tokio::test]
async fn what_is_left_out_is_counted() {
    for file in ["alignments.bam", "alignments.sam"] {
        let (templates, counts) = read_with(Input::Single(odd(file)), Grouping::Templates).await;
        let kept = records(templates.unwrap()).len() as u64;
        let sam = std::fs::read_to_string(odd("alignments.sam")).unwrap();
        let columns = |line: &str| -> (u16, bool) {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[1].parse().unwrap(), columns[5].contains('H'))
        };
        let all: Vec<(u16, bool)> = sam.lines().filter(|line| !line.starts_with('@')).map(columns).collect();
        let count =
            |of: fn(u16, bool) -> bool| all.iter().filter(|(flags, clipped)| of(*flags, *clipped)).count() as u64;
        assert_eq!(counts.records.get(), all.len() as u64);
        assert_eq!(counts.secondary.get(), count(|flags, _| flags & 0x100 != 0));
        assert_eq!(counts.supplementary.get(), count(|flags, _| flags & 0x900 == 0x800));
        assert_eq!(counts.without_bases.get(), 2);
        assert_eq!(counts.orphans.get(), 2);
        assert_eq!(counts.hard_clipped.get(), count(|flags, clipped| clipped && flags & 0x900 == 0));
        let left_out = counts.secondary.get() + counts.supplementary.get() + counts.without_bases.get();
        assert_eq!(kept + left_out, counts.records.get());
        assert_eq!(counts.stored_bytes.get(), odd(file).metadata().unwrap().len());
    }
}

#[tokio::test]
async fn mates_share_a_template_and_others_do_not() {
    let templates = read(odd("alignments.bam")).await.unwrap();
    let mates_of = |name: &str| -> Vec<Vec<Mate>> {
        let named = templates.iter().filter(|template| template.segments[0].name() == name.as_bytes());
        named.map(|template| template.segments.iter().map(|record| record.mate).collect()).collect()
    };
    assert_eq!(mates_of("pair1"), [[Mate::First, Mate::Second]]);
    assert_eq!(mates_of("pair6"), [[Mate::First, Mate::Second]], "a secondary and a supplementary line in between");
    assert_eq!(mates_of("orphan2"), [[Mate::Second]]);
    assert_eq!(mates_of("no_bases_first"), [[Mate::Second]]);
    assert_eq!(mates_of("both_flags"), [[Mate::Unpaired]]);
    assert!(mates_of("only_secondary").is_empty());
}

#[tokio::test]
async fn adjacent_mates_may_have_names_that_say_which_they_are() {
    let files = Files::new();
    let line = |name: &str, flags: u16| format!("{name}\t{flags}\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n");
    for (first, second, shared) in [("r/1", "r/2", "r"), ("SRR1.7.1", "SRR1.7.2", "SRR1.7"), ("r_1", "r_2", "r")] {
        for lines in [line(first, 77) + &line(second, 141), line(second, 141) + &line(first, 77)] {
            let path = files.write("mates.sam", lines);
            let (templates, counts) = read_with(Input::Single(path), Grouping::Templates).await;
            let templates = templates.unwrap();
            assert_eq!((templates.len(), templates[0].segments.len(), counts.orphans.get()), (1, 2, 0), "{first}");
            let [one, other] = &templates[0].segments[..] else { panic!() };
            assert_eq!((one.name(), other.name()), (shared.as_bytes(), shared.as_bytes()));
            assert_eq!((one.header(), other.header()), (first.as_bytes(), second.as_bytes()));
        }
    }
    let spots = files.write("spots.sam", line("SRR1.1", 77) + &line("SRR1.2", 141));
    assert_eq!(read_with(Input::Single(spots), Grouping::Templates).await.0.unwrap().len(), 2);
}

/// `samtools fastq` keeps the better of the two and drops the other; we lose no read.
#[tokio::test]
async fn unpaired_reads_of_one_name_are_all_kept() {
    let line = "same\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n";
    let files = Files::new();
    let templates = read(files.write("same.sam", line.repeat(2))).await.unwrap();
    assert_eq!(templates.len(), 2);
}

#[tokio::test]
async fn mates_without_a_name_are_nobodys_mates() {
    let line = |flags: u16| format!("*\t{flags}\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n");
    let files = Files::new();
    let path = files.write("unnamed.sam", line(77) + &line(141) + &line(77));
    let (templates, counts) = read_with(Input::Single(path), Grouping::Templates).await;
    assert_eq!((templates.unwrap().len(), counts.orphans.get()), (3, 3));
}

#[tokio::test]
async fn mates_apart_are_refused_unless_each_is_judged_alone() {
    let sorted = message(&read(odd("sorted.bam")).await.unwrap_err());
    assert!(sorted.contains("sorted.bam: record 1 (r"), "{sorted}");
    assert!(sorted.contains("sorted by coordinate"), "{sorted}");
    let apart = message(&read(odd("apart.bam")).await.unwrap_err());
    assert!(apart.contains("apart.bam: the records of \"r1\" are not adjacent"), "{apart}");

    let (each, _) = read_with(Input::Single(odd("apart.bam")), Grouping::Each).await;
    assert_eq!(fastq(each.unwrap(), Names::Numbered), std::fs::read_to_string(odd("apart.fastq")).unwrap());
    let (each, _) = read_with(Input::Single(odd("sorted.bam")), Grouping::Each).await;
    assert_eq!(each.unwrap().len(), 10);
}

#[tokio::test]
async fn a_sorted_bam_without_pairs_is_fine() {
    assert_eq!(read(odd("sorted_single.bam")).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_bam_without_records_is_fine() {
    assert_eq!(read(odd("header_only.bam")).await.unwrap(), []);
}

#[tokio::test]
async fn the_format_is_told_by_content() {
    let files = Files::new();
    let cases: [(&[u8], Format, Layout); 4] = [
        (&std::fs::read(odd("apart.bam")).unwrap(), Format::Bam, Layout::Mixed),
        (&std::fs::read(odd("alignments.sam")).unwrap(), Format::Sam, Layout::Mixed),
        (b"@a\nA\n+\nI\n", Format::Fastq, Layout::Single),
        (b">a\nA\n", Format::Fasta, Layout::Single),
    ];
    for (bytes, format, layout) in cases {
        let input = Input::Single(files.write("misnamed.txt.gz", bytes));
        let templates = open(&config(input, Grouping::Templates), Arc::default()).await.unwrap();
        assert_eq!((templates.format, templates.layout), (Some(format), layout));
        assert_eq!(templates.stored_size, Some(bytes.len() as u64));
    }
}
