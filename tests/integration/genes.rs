//! Where reads code: `--genes`, `--proteins`, `--cds`, and the columns of the scores table for it.

use std::collections::HashMap;

use crate::support::{Bench, bases, fastq, records, stderr, testdata};

/// Splits a table into rows of fields.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split('\t').collect()).collect()
}

/// The rows of the coding reads in a scores table.
fn coding(scores: &str) -> Vec<Vec<&str>> {
    rows(scores).into_iter().filter(|fields| fields[5] == "coding").collect()
}

/// The frame of a `CDS` line on a read of this length, in BLAST's notation.
fn frame(fields: &[&str], length: usize) -> String {
    let [first, last, phase] = [3, 4, 7].map(|column| fields[column].parse::<usize>().unwrap());
    if fields[6] == "+" {
        format!("{}", (first - 1 + phase) % 3 + 1)
    } else {
        format!("-{}", (length - last + phase) % 3 + 1)
    }
}

#[test]
fn genes_and_proteins_are_the_coding_reads_in_their_frame() {
    let bench = Bench::new();
    let input = testdata("community_R1.fq.gz");
    let tables =
        ["--proteins", "p.faa", "--scores", "s.tsv", "--genes", "g.gff3", "--stop", "keep", "--min-protein", "1"];
    bench.split(&[&[input.to_str().unwrap(), "--model", "compact"], &tables[..]].concat());
    let (proteins, scores) = (bench.read("p.faa"), bench.read("s.tsv"));
    let genes = bench.read("g.gff3");
    let (coding, proteins): (_, Vec<&str>) = (coding(&scores), proteins.lines().collect());
    assert!(coding.len() > 100);
    assert_eq!(proteins.len(), 2 * coding.len());
    assert_eq!(genes.lines().next(), Some("##gff-version 3"));
    let genes = rows(&genes)[1..].to_vec();
    assert_eq!(genes.len(), coding.len());
    for ((fields, gene), protein) in coding.iter().zip(&genes).zip(proteins.chunks(2)) {
        let length: usize = fields[2].parse().unwrap();
        assert_eq!(
            (gene[0], gene[2], gene[3], gene[4]),
            (fields[0], "CDS", "1", fields[2]),
            "the model tells no borders"
        );
        assert_eq!(
            (frame(gene, length).as_str(), gene[8]),
            (fields[6], format!("ID={}_1;partial=11", fields[0]).as_str())
        );
        assert_eq!(fields[8..11], ["NA"; 3]);
        let offset: usize = gene[7].parse().unwrap();
        let codons = (length - offset) / 3;
        let end = offset + 3 * codons;
        let (first, last) = if gene[6] == "+" { (offset + 1, end) } else { (length - end + 1, length - offset) };
        assert_eq!(protein[0], format!(">{0}_{first}-{last}_frame={1} gene={0}_1", fields[0], fields[6]));
        assert_eq!(protein[1].len(), codons);
    }
    // Stops are rare inside true frames: a wrong frame would hold one in every twenty codons.
    let letters = || proteins.iter().skip(1).step_by(2);
    let stops: usize = letters().map(|protein| protein.matches('*').count()).sum();
    assert!(stops * 100 < letters().map(|protein| protein.len()).sum(), "{stops} stops");
}

#[test]
fn windows_tell_where_on_a_long_read_the_genes_are() {
    let bench = Bench::new();
    let gene: String = (0..400).map(|n| ["GCC", "CTG", "GAA", "AAA", "GGC", "ATC", "GAC"][n * n % 7]).collect();
    let read = format!("{}ATG{gene}TAA{}ATG{gene}TAA{}", bases(1, 3000), bases(2, 3000), bases(3, 3000));
    bench.write("in.fa", format!(">long=1\n{read}\n"));
    let tables = ["--scores", "s.tsv", "--genes", "g.gff3", "--proteins", "p.faa", "--cds", "c.fna"];
    bench.split(&[&["in.fa", "--windows", "50", "--model", "compact"], &tables[..]].concat());
    let (scores, genes, proteins, cds) =
        (bench.read("s.tsv"), bench.read("g.gff3"), bench.read("p.faa"), bench.read("c.fna"));
    let (scores, genes) = (rows(&scores), rows(&genes)[1..].to_vec());
    let spans: Vec<[usize; 2]> = genes.iter().map(|gene| [3, 4].map(|column| gene[column].parse().unwrap())).collect();
    assert!(genes.len() >= 2 && genes.iter().all(|gene| gene[0] == "long%3D1"), "{genes:?}");
    for start in [3001, 7207] {
        let of = |[first, last]: [usize; 2]| last.min(start + 1205).saturating_sub(first.max(start) - 1);
        assert!(spans.iter().map(|&span| of(span)).max().unwrap() > 1000, "{spans:?}");
    }
    let covered: usize = spans.iter().map(|[first, last]| last + 1 - first).sum();
    assert_eq!(scores[1][8..11], [covered, spans[0][0], spans.last().unwrap()[1]].map(|n| n.to_string()));
    let names = |text: &str| text.lines().filter(|line| line.starts_with('>')).map(str::to_owned).collect::<Vec<_>>();
    assert!(names(&proteins).len() >= 2);
    assert_eq!(names(&proteins), names(&cds));
    let shortest = proteins.lines().filter(|line| !line.starts_with('>')).map(str::len).min().unwrap();
    assert!(shortest >= 20 && !proteins.contains('*'));
}

/// The reverse complement of a sequence.
fn turned(bases: &str) -> String {
    let complement = |base| match base {
        'A' => 'T',
        'C' => 'G',
        'G' => 'C',
        'T' => 'A',
        other => other,
    };
    bases.chars().rev().map(complement).collect()
}

/// Checks the lines of one gene: each holds a codon, all have one score, and the ends are what `partial` says.
fn check_gene(lines: &[Vec<&str>], read: &str) {
    for line in lines {
        let [first, last, phase] = [3, 4, 7].map(|column| line[column].parse::<usize>().unwrap());
        assert!(first - 1 + phase + 3 <= last, "no codon: {line:?}");
        assert_eq!((line[5], line[6]), (lines[0][5], lines[0][6]), "of one gene: {lines:?}");
    }
    let partial = |line: &[&str]| line[8].split(";partial=").nth(1).unwrap()[..2].to_owned();
    let (left, right) = (&lines[0], &lines[lines.len() - 1]);
    let is_whole = [partial(left).starts_with('0'), partial(right).ends_with('0')];
    // The ends in the gene's direction.
    let (begins, [has_start, has_stop]) = match left[6] {
        "+" => ([left, right], is_whole),
        _ => ([right, left], [is_whole[1], is_whole[0]]),
    };
    let [start, stop] = begins.map(|line| {
        let [first, last, phase] = [3, 4, 7].map(|column| line[column].parse::<usize>().unwrap());
        let bases = &read[first - 1..last];
        (phase, if line[6] == "+" { bases.to_owned() } else { turned(bases) })
    });
    assert!(!has_start || start.0 == 0 && ["ATG", "GTG", "TTG"].contains(&&start.1[..3]), "start: {lines:?}");
    let is_stop = ["TAA", "TAG", "TGA"].contains(&&stop.1[stop.1.len() - 3..]);
    assert!(!has_stop || (stop.1.len() - stop.0) % 3 == 0 && is_stop, "stop: {lines:?}");
}

#[test]
fn every_line_of_a_gene_holds_codons_and_its_ends_are_what_they_are_said_to_be() {
    let bench = Bench::new();
    bench.split(&[testdata("community_R1.fq.gz").to_str().unwrap()]);
    let short: Vec<String> =
        records(&bench.read("c.fq")).iter().chain(&records(&bench.read("n.fq"))).cloned().collect();
    // Reads joined end to end, so that genes begin, end and shift their frame where two reads meet.
    let bases = |record: &String| record.lines().nth(1).unwrap().to_owned();
    let long: Vec<String> = short.chunks(15).map(|some| some.iter().map(bases).collect()).collect();
    let fasta: Vec<String> = long.iter().enumerate().map(|(n, bases)| format!(">{n}\n{bases}\n")).collect();
    bench.write("long.fa", fasta.concat());
    let (mut lines, mut codons) = (0, 0);
    for flags in [&[][..], &["--windows", "150"], &["--windows", "50", "--pool", "max"], &["--windows", "7"]] {
        bench.split(&[&["long.fa", "--genes", "g.gff3", "--force", "--threshold", "0.3"], flags].concat());
        let text = bench.read("g.gff3");
        let all = rows(&text)[1..].to_vec();
        let id = |line: &[&str]| line[8].split(';').next().unwrap().to_owned();
        for gene in all.chunk_by(|one, other| id(one) == id(other)) {
            check_gene(gene, &long[gene[0][0].parse::<usize>().unwrap()]);
            lines += gene.len() - 1;
            codons += usize::from(gene.iter().any(|line| line[8].contains('0')));
        }
        assert!(all.len() > 50, "{flags:?}");
    }
    assert!(lines > 10 && codons > 10, "{lines} lines after a frameshift, {codons} genes with an end");
}

#[test]
fn proteins_name_the_gene_they_are_of() {
    let bench = Bench::new();
    let input = testdata("community_R2.fq.gz");
    let tables = ["--genes", "g.gff3", "--proteins", "p.faa", "--cds", "c.fna", "--min-protein", "1"];
    bench.split(&[&[input.to_str().unwrap()], &tables[..]].concat());
    let (genes, proteins, cds) = (bench.read("g.gff3"), bench.read("p.faa"), bench.read("c.fna"));
    let names =
        |text: &str| -> Vec<String> { text.lines().filter(|line| line.starts_with('>')).map(str::to_owned).collect() };
    assert_eq!(names(&proteins), names(&cds));
    let mut places: HashMap<&str, Vec<(usize, usize, &str)>> = HashMap::new();
    for line in &rows(&genes)[1..] {
        let id = line[8].split(';').next().unwrap().strip_prefix("ID=").unwrap();
        places.entry(id).or_default().push((line[3].parse().unwrap(), line[4].parse().unwrap(), line[6]));
    }
    assert!(names(&proteins).len() > 500);
    for name in names(&proteins) {
        let (place, id) = name.split_once(" gene=").unwrap();
        let (place, frame) = place.rsplit_once("_frame=").unwrap();
        let (first, last) = place.rsplit('_').next().unwrap().split_once('-').unwrap();
        let lines = &places[id];
        assert_eq!(frame.starts_with('-'), lines[0].2 == "-", "{name}");
        assert!(
            lines[0].0 <= first.parse().unwrap() && last.parse::<usize>().unwrap() <= lines[lines.len() - 1].1,
            "{name}"
        );
    }
    let letters = proteins.lines().filter(|line| !line.starts_with('>'));
    assert!(letters.clone().all(|protein| !protein.starts_with('X') && !protein.ends_with('X')));
}

#[test]
fn the_table_says_which_file_each_read_went_to() {
    let bench = Bench::new();
    let [first, second] =
        ["community_R1.fq.gz", "community_R2.fq.gz"].map(|name| testdata(name).to_str().unwrap().to_owned());
    let files = ["--coding", "c#.fq", "--noncoding", "n#.fq", "--undecided", "u#.fq", "--unpaired", "alone_%.fq"];
    let rules = ["--mates", "each", "--undecided-band", "0.4,0.6", "--scores", "s.tsv", "--max-reads", "1000"];
    let output = bench.run(&[&["split", &first, &second, "--device", "cpu"], &files[..], &rules].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let scores = bench.read("s.tsv");
    let told = |output: &str| rows(&scores).iter().filter(|fields| fields[7] == output).count();
    let written = |files: &[&str]| files.iter().map(|file| records(&bench.read(file)).len()).sum::<usize>();
    assert_eq!(told("coding"), written(&["c1.fq", "c2.fq"]));
    assert_eq!(told("noncoding"), written(&["n1.fq", "n2.fq"]));
    assert_eq!(told("undecided"), written(&["u1.fq", "u2.fq"]));
    let alone = ["alone_coding.fq", "alone_noncoding.fq", "alone_undecided.fq"];
    assert_eq!(told("unpaired"), written(&alone));
    assert!(["coding", "noncoding", "unpaired"].iter().all(|output| told(output) > 0));
}

#[test]
fn scoring_alone_writes_no_read_to_a_file() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 150, ""));
    for (model, coding_bases) in [("builtin", "0"), ("compact", "NA")] {
        let run = bench.run(&["score", "in.fq", "--device", "cpu", "--model", model, "-o", "s.tsv", "--force"]);
        assert!(run.status.success());
        let table = bench.read("s.tsv");
        let table = rows(&table);
        let columns: HashMap<&str, &str> = table[0].iter().copied().zip(table[1].iter().copied()).collect();
        assert_eq!(
            ["output", "coding_bases", "start", "end"].map(|column| columns[column]),
            ["NA", coding_bases, "NA", "NA"]
        );
    }
}

#[test]
fn what_a_model_without_frames_cannot_tell_is_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 150, ""));
    let bert = testdata("parity/k6_tiny_zip");
    for table in ["--genes", "--proteins", "--cds"] {
        let output = bench.run_split(&["in.fq", "--model", bert.to_str().unwrap(), table, "out"]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("need a model that predicts frames"), "{}", stderr(&output));
    }
    for flags in [["--min-protein", "30"], ["--stop", "keep"], ["--genetic-code", "4"]] {
        let output = bench.run_split(&[&["in.fq", "--scores", "s.tsv"], &flags[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("need --proteins or --cds"), "{}", stderr(&output));
    }
}
