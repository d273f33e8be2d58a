//! `readseeker reads`: labelled reads from an annotated genome.

use crate::support::{Bench, bases, stderr};

/// A genome of one sequence with a gene on each strand and a pseudogene, and one that the annotation does not name.
fn genome(bench: &Bench) -> String {
    let sequence = bases(3, 3000);
    bench.write("g.1.fa", format!(">chr1 a genome\n{sequence}\n>other\n{}\n", bases(4, 1000)));
    let line = |kind: &str, start: usize, end: usize, strand: &str, phase: &str, about: &str| {
        format!("chr1\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\t{about}\n")
    };
    let lines = [
        line("gene", 301, 900, "+", ".", "ID=g1"),
        line("CDS", 301, 900, "+", "0", "ID=c1"),
        line("CDS", 1201, 1800, "-", "0", "ID=c2"),
        line("pseudogene", 2101, 2500, "+", ".", "ID=p"),
    ];
    bench.write("g.gff3", format!("##gff-version 3\n{}##FASTA\n>chr1\nACGT\n", lines.concat()));
    sequence
}

fn reverse_complement(bases: &str) -> String {
    let complement = |base| match base {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        _ => 'A',
    };
    bases.chars().rev().map(complement).collect()
}

#[test]
fn reads_are_those_that_their_origin_says_and_wholly_of_one_class() {
    let bench = Bench::new();
    let sequence = genome(&bench);
    let draw = ["reads", "--genome", "g.1.fa", "--annotation", "g.gff3", "--length", "90", "--count", "200"];
    let run = |more: &[&str]| {
        let run = bench.run(&[&draw[..], more].concat());
        assert!(run.status.success(), "{}", stderr(&run));
        stderr(&run)
    };
    let said = run(&["-o", "a.tsv"]);
    assert!(said.contains("200 coding and 200 non-coding reads") && said.contains("1 sequences are not"), "{said}");
    run(&["-o", "b.tsv"]);
    run(&["-o", "c.tsv", "--seed", "1", "--group", "mine"]);
    assert_eq!(bench.read("a.tsv"), bench.read("b.tsv"));
    assert_ne!(bench.read("a.tsv"), bench.read("c.tsv"));
    assert!(bench.read("c.tsv").lines().skip(1).all(|line| line.split('\t').nth(4) == Some("mine")));

    let table = bench.read("a.tsv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("sequence\tlabel\tcoded_fraction\tframe\tgroup\torigin"));
    let mut seen = std::collections::HashSet::new();
    for line in lines {
        let [read, label, fraction, frame, group, origin] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        assert!(seen.insert(origin) && group == "g", "{line}");
        let (place, strand) = origin.strip_prefix("chr1:").unwrap().split_once(':').unwrap();
        let (start, end) = place.split_once('-').unwrap();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        let forward = &sequence[start - 1..end];
        assert_eq!(read, if strand == "+" { forward.to_owned() } else { reverse_complement(forward) }, "{line}");
        assert_eq!(end - start + 1, 90);
        let inside = |first: usize, last: usize| start >= first && end <= last;
        let apart = |first: usize, last: usize| end < first || start > last;
        if label == "1" {
            let expected = if inside(301, 900) {
                let offset = (3 - (start - 301) % 3) % 3 + 1;
                if strand == "+" { format!("{offset}") } else { format!("-{offset}") }
            } else {
                assert!(inside(1201, 1800), "{line}");
                let offset = (3 - (1800 - end) % 3) % 3 + 1;
                if strand == "+" { format!("-{offset}") } else { format!("{offset}") }
            };
            assert_eq!((frame, fraction), (&*expected, "1.000"), "{line}");
        } else {
            assert!(apart(301, 900) && apart(1201, 1800) && apart(2101, 2500), "{line}");
            assert_eq!((label, frame, fraction), ("0", ".", "0.000"), "{line}");
        }
    }
    let run = bench.run(&["evaluate", "a.tsv", "--device", "cpu"]);
    assert!(String::from_utf8_lossy(&run.stdout).contains("\ngroup\tg\t400\t200\t"), "{}", stderr(&run));
}

#[test]
fn an_annotation_that_does_not_fit_is_refused() {
    let bench = Bench::new();
    genome(&bench);
    bench.write("other.gff3", "chr2\tx\tCDS\t1\t90\t.\t+\t0\tID=c\n");
    bench.write("broken.gff3", "chr1\tx\tCDS\t1\t90\t.\t+\t0\tID=c\nchr1\tx\tCDS\t90\n");
    for (annotation, problem) in [
        ("other.gff3", "no sequence of g.1.fa is named in other.gff3"),
        ("broken.gff3", "cannot read broken.gff3: line 2: expected nine columns"),
    ] {
        let run = bench.run(&["reads", "--genome", "g.1.fa", "--annotation", annotation, "-o", "a.tsv"]);
        assert_eq!(run.status.code(), Some(3), "{}", stderr(&run));
        assert!(stderr(&run).contains(problem) && stderr(&run).contains("hint: "), "{}", stderr(&run));
        assert!(!bench.path("a.tsv").exists());
    }
}
