//! Unusual letters and files, as listed in the tables of docs/odd-reads.md: what is written, and what the model sees.

use crate::support::{Bench, bases, stderr, testdata};

/// Runs `split` on a file with this content; returns what was written and each read's probability, in order.
fn split(content: impl AsRef<[u8]>, output: &str) -> (String, Vec<String>) {
    let bench = Bench::new();
    bench.write("in", content);
    let args = ["split", "in", "--device", "cpu", "--coding", output, "--noncoding", "/dev/null", "--scores", "s.tsv"];
    let run = bench.run(&[&args[..], &["--threshold", "0"]].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    let column = |line: &str| line.split('\t').nth(3).unwrap().to_owned();
    (bench.read(output), bench.read("s.tsv").lines().skip(1).map(column).collect())
}

/// A read of 120 bases with `middle` after the first 50.
fn read_with(middle: &str) -> String {
    let around = bases(3, 120 - middle.len());
    format!("{}{middle}{}", &around[..50], &around[50..])
}

fn fastq_of(bases: &str) -> String {
    format!("@r\n{bases}\n+\n{}\n", "I".repeat(bases.len()))
}

fn fasta_of(bases: &str) -> String {
    format!(">r\n{bases}\n")
}

fn sam_of(bases: &str) -> String {
    format!("r\t4\t*\t0\t0\t*\t*\t0\t0\t{bases}\t{}\n", "I".repeat(bases.len()))
}

/// The probabilities of some reads, all in one file.
fn probabilities(of: fn(&str) -> String, reads: &[String]) -> Vec<String> {
    split(reads.iter().map(|read| of(read)).collect::<String>(), "c.fq").1
}

#[test]
fn fastq_and_fasta_keep_every_letter_as_it_is() {
    let odd = ["acgtn", "UUuu", "RYKMSWBDHVN", "rykm", "....", "----", "====", "**", "XEQ"];
    for (of, output) in [(fastq_of as fn(&str) -> String, "c.fq"), (fasta_of, "c.fa")] {
        let file: String = odd.iter().map(|middle| of(&read_with(middle))).collect();
        assert_eq!(split(&file, output).0, file);
    }
}

#[test]
fn lower_case_is_upper_case_and_u_is_t_to_the_model() {
    let upper = read_with("ACGTTTAC");
    let same = [upper.to_lowercase(), upper.replace('T', "U"), upper.replace('T', "u"), upper];
    for of in [fastq_of, fasta_of] {
        let probabilities = probabilities(of, &same);
        assert!(probabilities.iter().all(|p| *p == probabilities[0]), "{probabilities:?}");
    }
}

#[test]
fn every_other_letter_is_an_unknown_base_to_the_model() {
    let odd = ["NNN", "nnn", "RYK", "rms", "...", "---", "===", "XXX", "N.-", "ACG"];
    for of in [fastq_of, fasta_of] {
        let probabilities = probabilities(of, &odd.map(read_with));
        let (known, unknown) = probabilities.split_last().unwrap();
        assert!(unknown.iter().all(|p| *p == unknown[0]), "{probabilities:?}");
        assert_ne!(*known, unknown[0], "unknown bases are seen");
    }
}

#[test]
fn sam_gives_the_letters_bam_can_hold_as_samtools_does() {
    let written = split(sam_of(&read_with("acgtnUu.-RYKMBDHVSW=X")), "c.fq").0;
    assert_eq!(written, fastq_of(&read_with("ACGTNNNNNRYKMBDHVSW=N")));
}

#[test]
fn line_ends_of_windows_are_those_of_unix() {
    let unix = fastq_of(&read_with("ACGT")) + &fastq_of(&read_with("GGG"));
    assert_eq!(split(unix.replace('\n', "\r\n"), "c.fq"), split(&unix, "c.fq"));
    assert_eq!(split(&unix, "c.fq").0, unix);
    let fasta = fasta_of(&read_with("ACGT"));
    assert_eq!(split(fasta.replace('\n', "\r\n"), "c.fa").0, fasta);
    let sam = sam_of(&read_with("ACGT"));
    assert_eq!(split(sam.replace('\n', "\r\n"), "c.fq"), split(&sam, "c.fq"));
}

#[test]
fn blank_last_lines_and_a_missing_last_line_end_are_fine() {
    for of in [fastq_of, fasta_of, sam_of] {
        let file = of(&read_with("ACGT"));
        let expected = split(&file, "c.fq");
        assert_eq!(split(file.clone() + "\n\r\n\n", "c.fq"), expected);
    }
    // A SAM line without its end may have been cut inside a tag: that is an error.
    for of in [fastq_of, fasta_of] {
        let file = of(&read_with("ACGT"));
        assert_eq!(split(file.trim_end(), "c.fq"), split(&file, "c.fq"));
    }
}

#[test]
fn records_without_bases_are_dropped_and_said_to_be() {
    let read = read_with("ACGT");
    let files = [
        fastq_of("") + &fastq_of(&read),
        fasta_of("") + &fasta_of(&read),
        "e\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n".to_owned() + &sam_of(&read),
    ];
    for file in files {
        let bench = Bench::new();
        bench.write("in", file);
        let run = bench.run_split(&["in", "--threshold", "0", "--json", "r.json"]);
        assert!(run.status.success(), "{}", stderr(&run));
        assert!(stderr(&run).contains("1  records without bases"), "{}", stderr(&run));
        assert_eq!(bench.read("c.fq").lines().count(), 4);
    }
}

#[test]
fn what_is_no_letter_is_an_error() {
    for bad in ["AC GT", "AC\tGT", "AC\0GT", "ACé"] {
        for of in [fastq_of, fasta_of] {
            let bench = Bench::new();
            bench.write("in", of(&read_with(bad)));
            let run = bench.run_split(&["in"]);
            assert_eq!(run.status.code(), Some(3), "{bad:?}: {}", stderr(&run));
            assert!(stderr(&run).contains("record 1 (r): the sequence line contains"), "{}", stderr(&run));
        }
    }
}

#[test]
fn published_letters_score_a_read_of_n_as_the_original_does() {
    let bench = Bench::new();
    let read = "N".repeat(100);
    bench.write("in.fa", fasta_of(&read));
    let model = testdata("parity/k6_tiny_zip");
    let split = |letters: &str| {
        let args = ["in.fa", "--model", model.to_str().unwrap(), "--letters", letters, "--min-length", "6", "--force"];
        bench.split(&[&args[..], &["--scores", "s.tsv"]].concat());
        bench.read("s.tsv").lines().nth(1).unwrap().split('\t').nth(3).unwrap().to_owned()
    };
    let golden = std::fs::read_to_string(model.join("golden.tsv")).unwrap();
    let expected = golden.lines().find(|line| line.starts_with(&format!("{read}\t"))).unwrap();
    let expected: f32 = expected.split('\t').nth(1).unwrap().parse().unwrap();
    let probability: f32 = split("published").parse().unwrap();
    assert!((probability - expected).abs() <= 1e-4, "{probability} {expected}");
    assert!(split("lenient").parse::<f32>().is_err(), "an N says nothing");
}
