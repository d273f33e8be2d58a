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
    assert!(
        said.contains("200 coding and 200 non-coding reads") && said.contains("no read was drawn of 1 sequence that"),
        "{said}"
    );
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

/// The genome as GenBank, as EMBL, and as GFF3 with its sequence.
fn whole_files(bench: &Bench, sequence: &str) {
    let features = |indent: &str, more: &str| {
        let place = |key: &str, location: &str, about: &str| {
            format!(
                "{indent}{key:<16}{location}\n{more}                /codon_start=1\n{more}                {about}\n"
            )
        };
        let kinds = [("CDS", "301..900", "/gene=\"a\""), ("CDS", "complement(1201..1800)", "/gene=\"b\"")];
        let genes: String = kinds.iter().map(|(key, location, about)| place(key, location, about)).collect();
        genes + &place("gene", "2101..2500", "/pseudo")
    };
    let (space, lower) = ("     ", sequence.to_ascii_lowercase());
    let genbank = format!(
        "LOCUS       chr1  3000 bp  DNA  linear  BCT\nVERSION     chr1\nFEATURES             Location/Qualifiers\n{}ORIGIN\n        1 {lower}\n//\n",
        features(space, space),
    );
    bench.write("g.gbk", genbank);
    let embl = format!(
        "ID   chr1; linear; genomic DNA; STD; PRO; 3000 BP.\n{}SQ   Sequence 3000 BP;\n     {lower}      3000\n//\n",
        features("FT   ", "FT   "),
    );
    bench.write("g.embl", embl);
    let gff = bench.read("g.gff3");
    let annotation = gff.split("##FASTA").next().unwrap();
    let fasta = bench.read("g.1.fa");
    bench.write("g.whole.gff3", format!("{annotation}##FASTA\n{fasta}"));
}

#[test]
fn a_genome_gives_the_same_reads_in_every_format() {
    let bench = Bench::new();
    let sequence = genome(&bench);
    whole_files(&bench, &sequence);
    let draw = |genome: &[&str]| {
        let run = bench.run(&[&["reads", "--count", "100", "--force", "-o", "a.tsv", "--genome"], genome].concat());
        assert!(run.status.success(), "{genome:?}: {}", stderr(&run));
        bench.read("a.tsv")
    };
    let expected = draw(&["g.1.fa", "--annotation", "g.gff3"]);
    assert!(expected.lines().count() > 100);
    for file in ["g.gbk", "g.embl", "g.whole.gff3"] {
        assert_eq!(draw(&[file, "--group", "g"]), expected, "{file}");
    }
}

#[test]
fn reads_from_anywhere_say_how_much_of_them_is_coding() {
    let bench = Bench::new();
    let sequence = genome(&bench);
    let draw = |more: &[&str], output: &str| {
        let genome =
            ["reads", "--genome", "g.1.fa", "--annotation", "g.gff3", "--length", "90", "--count", "300", "--anywhere"];
        let run = bench.run(&[&genome[..], more, &["--force", "-o", output]].concat());
        assert!(run.status.success(), "{}", stderr(&run));
        bench.read(output)
    };
    let table = draw(&[], "a.tsv");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 300);
    let mut straddling = 0;
    for row in &rows {
        let [read, label, fraction, frame, _, origin] = row[..] else { panic!("{row:?}") };
        let (start, end) = origin.split(':').nth(1).unwrap().split_once('-').unwrap();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        let forward = &sequence[start - 1..end];
        assert_eq!(read, if origin.ends_with('+') { forward.to_owned() } else { reverse_complement(forward) });
        let coded = (start..=end).filter(|at| (301..=900).contains(at) || (1201..=1800).contains(at)).count();
        assert_eq!(fraction, format!("{:.3}", f64::from(u32::try_from(coded).unwrap()) / 90.0), "{row:?}");
        assert_eq!((label == "1", frame == "."), (2 * coded >= 90, coded == 0), "{row:?}");
        straddling += usize::from(coded > 0 && coded < 90);
    }
    assert!(straddling > 20, "{straddling}");
    // The same reads with errors, once as a table and once as FASTQ.
    let nanopore = ["--sequencer", "nanopore", "--error-rate", "0.1"];
    let (table, fastq) = (draw(&nanopore, "b.tsv"), draw(&nanopore, "b.fq"));
    let fastq: Vec<&str> = fastq.lines().collect();
    let mut framed = 0;
    assert_eq!(fastq.len(), 1200);
    for ((worn, exact), record) in table.lines().skip(1).zip(&rows).zip(fastq.chunks(4)) {
        let worn: Vec<&str> = worn.split('\t').collect();
        assert_eq!((&worn[1..3], &worn[4..]), (&exact[1..3], &exact[4..]));
        // Codons behind a base that was lost or gained are in another frame.
        assert!(worn[3] == "." || worn[3] == exact[3] && worn[0].len() == exact[0].len(), "{worn:?}");
        framed += usize::from(worn[3] != ".");
        assert!(record[0].contains(&format!(" label={} ", worn[1])) && record[0].ends_with(worn[5]), "{record:?}");
        assert_eq!((record[1], record[2], record[3]), (worn[0], "+", &*"+".repeat(worn[0].len())));
    }
    assert!(framed < 20, "{framed} of 300 have no gap");
    assert!(
        table.lines().skip(1).zip(&rows).filter(|(worn, exact)| worn.split('\t').next() != Some(exact[0])).count()
            > 280
    );
    let run = bench.run(&["reads", "--genome", "g.1.fa", "--error-rate", "0.1", "-o", "c.tsv"]);
    assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
}

#[test]
fn a_file_that_should_hold_a_genome_and_does_not_is_refused() {
    let bench = Bench::new();
    let sequence = genome(&bench);
    whole_files(&bench, &sequence);
    bench.write("cut.gbk", bench.read("g.gbk").trim_end().trim_end_matches("//"));
    bench.write("bare.gff3", bench.read("g.gff3").split("##FASTA").next().unwrap());
    bench.write("empty.gbk", "");
    for (genome, problem) in [
        ("g.1.fa", "line 1: found FASTA without an annotation"),
        ("cut.gbk", "the file ends within record chr1"),
        ("bare.gff3", "has no ##FASTA section"),
        ("empty.gbk", "the file is empty"),
    ] {
        let run = bench.run(&["reads", "--genome", genome, "-o", "a.tsv"]);
        assert_eq!(run.status.code(), Some(3), "{}", stderr(&run));
        assert!(stderr(&run).contains(problem), "{}", stderr(&run));
        assert!(!bench.path("a.tsv").exists());
    }
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
