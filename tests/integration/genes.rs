//! Where reads code: `--genes`, `--proteins`, `--cds`, and the columns of the scores table that say it.

use std::collections::HashMap;

use crate::support::{Bench, bases, fastq, records, stderr, testdata};

/// The rows of a table, as columns.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split('\t').collect()).collect()
}

/// The scores of coding reads.
fn coding(scores: &str) -> Vec<Vec<&str>> {
    rows(scores).into_iter().filter(|fields| fields[5] == "coding").collect()
}

/// The frame of a `CDS` line on a read of this length, as BLAST writes it.
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
        assert_eq!(protein[0], format!(">{}_{first}-{last}_frame={}", fields[0], fields[6]));
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
