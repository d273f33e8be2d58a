//! `readseeker evaluate`: how well models do on labelled reads.

use std::collections::HashMap;
use std::fmt::Write;

use readseeker::metrics::{Measures, Scored};
use readseeker::model::Attention;
use serde_json::Value;

use crate::model_parity::bert_goldens;
use crate::support::{Bench, stderr, testdata};

/// The golden reads of a BERT and their probabilities, with made-up labels and groups.
fn labelled() -> Vec<(String, f32, bool, &'static str)> {
    let goldens = bert_goldens(&testdata("parity/k6_tiny_zip"));
    let read = |n: usize, bases: &[u8], probability| {
        (String::from_utf8(bases.to_vec()).unwrap(), probability, !n.is_multiple_of(3), ["even", "odd"][n % 2])
    };
    let reads = goldens.iter().filter(|golden| golden.bases.len() >= 6);
    reads.enumerate().map(|(n, golden)| read(n, &golden.bases, golden.probability(Attention::Published))).collect()
}

#[test]
fn measures_are_those_of_the_model_s_probabilities() {
    let bench = Bench::new();
    let reads = labelled();
    let line = |(bases, _, is_coding, group): &(String, f32, bool, &str)| {
        format!("{bases}\t{}\tx\t{group}\n", u8::from(*is_coding))
    };
    bench.write("test.tsv", format!("sequence\tlabel\tother\tgroup\n{}", reads.iter().map(line).collect::<String>()));
    let model = testdata("parity/k6_tiny_zip");
    let args = ["evaluate", "test.tsv", "--model", model.to_str().unwrap(), "--device", "cpu", "--threshold", "0.34"];
    let as_published = ["--letters", "published", "--min-length", "6", "--json", "e.json", "--html", "e.html"];
    let run = bench.run(&[&args[..], &as_published].concat());
    assert!(run.status.success(), "{}", stderr(&run));

    let expected = |group: Option<&str>| {
        let own = reads.iter().filter(|(.., own)| group.is_none_or(|group| group == *own));
        let scored: Vec<Scored> =
            own.map(|&(_, probability, is_coding, _)| Scored { probability, is_coding }).collect();
        Measures::of(&scored, 0.34)
    };
    let report = bench.json("e.json");
    let judged = &report["predictors"][0];
    let close = |value: &Value, expected: Option<f64>| {
        assert!((value.as_f64().unwrap() - expected.unwrap()).abs() < 1e-5, "{value} {expected:?}");
    };
    let (all, of_all) = (&judged["all"], expected(None));
    assert_eq!((report["unscored"].as_u64(), all["reads"].as_u64()), (Some(0), Some(of_all.reads)));
    close(&all["accuracy"], of_all.rates.accuracy);
    close(&all["roc_auc"], of_all.roc_auc);
    close(&all["brier"], of_all.brier);
    let groups = judged["groups"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| group["name"].as_str().unwrap()).collect::<Vec<_>>(), ["even", "odd"]);
    close(&groups[1]["accuracy"], expected(Some("odd")).rates.accuracy);
    let sum = |parts: &str| -> u64 {
        judged[parts].as_array().unwrap().iter().map(|part| part["reads"].as_u64().unwrap()).sum()
    };
    // Each read is in one bin of each kind, except that a read without a known base has no GC content.
    assert_eq!([sum("lengths"), sum("gc")], [of_all.reads, of_all.reads - 1]);
    assert_eq!(judged["model"]["name"], "k6_tiny_zip");

    let table = String::from_utf8(run.stdout).unwrap();
    assert!(table.starts_with("part\tname\treads\tcoding\taccuracy\t") && table.contains("\ngroup\todd\t"), "{table}");
    let page = bench.read("e.html");
    assert!(
        page.contains("k6_tiny_zip") && page.matches("<polyline").count() == 3 && page.contains("<circle"),
        "{page}"
    );
}

#[test]
fn kmers_are_evaluated_as_the_reads_they_were_made_from() {
    let bench = Bench::new();
    let reads = labelled();
    let long =
        || reads.iter().filter(|(bases, ..)| bases.len() >= 100 && bases.bytes().all(|base| b"ACGT".contains(&base)));
    let words = |bases: &str| {
        let words: Vec<&str> = (0..bases.len() - 5).map(|start| &bases[start..start + 6]).collect();
        words.join(" ")
    };
    let table = |as_words: bool| {
        let lines = long().map(|(bases, _, is_coding, _)| {
            let sequence = if as_words { words(bases) } else { bases.clone() };
            format!("{sequence}\t{}\n", if *is_coding { "coding" } else { "noncoding" })
        });
        let input = bench.write("test.tsv", format!("sequence\tlabel\n{}", lines.collect::<String>()));
        let run = bench.run(&["evaluate", input.to_str().unwrap(), "--device", "cpu"]);
        assert!(run.status.success(), "{}", stderr(&run));
        String::from_utf8(run.stdout).unwrap()
    };
    assert_eq!(table(true), table(false));
}

/// The lines of a table that begin with `start`, each as a map from column names to cells.
pub(crate) fn lines<'a>(table: &'a str, start: &str) -> Vec<HashMap<&'a str, &'a str>> {
    let header: Vec<&str> = table.lines().next().unwrap().split('\t').collect();
    let cells = |line: &'a str| header.iter().copied().zip(line.split('\t')).collect();
    table.lines().filter(|line| line.starts_with(start)).map(cells).collect()
}

/// Writes the labelled reads of the example to a table, unless it is there, and returns what `evaluate` prints about
/// it.
fn evaluated(bench: &Bench, args: &[&str]) -> String {
    if !bench.files().contains(&"test.tsv".to_owned()) {
        bench.write("test.tsv", example());
    }
    let run = bench.run(&[&["evaluate", "test.tsv", "--device", "cpu", "--force"], args].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    String::from_utf8(run.stdout).unwrap()
}

/// The first mates of the example as a table of labelled reads.
fn example() -> String {
    let truth = std::fs::read_to_string(testdata("truth.tsv")).unwrap();
    let truth: Vec<Vec<&str>> = truth.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let known: HashMap<&str, &Vec<&str>> =
        truth.iter().filter(|line| line[1] == "1").map(|line| (line[0], line)).collect();
    let fasta = Bench::new();
    let reads = testdata("community_R1.fq.gz");
    let run = fasta.run(&[
        "split",
        reads.to_str().unwrap(),
        "--coding",
        "all.fa",
        "--noncoding",
        "/dev/null",
        "--threshold",
        "0",
    ]);
    assert!(run.status.success(), "{}", stderr(&run));
    let all = fasta.read("all.fa");
    let mut text = "sequence\tlabel\tgroup\tframe\n".to_owned();
    let lines: Vec<&str> = all.lines().collect();
    for two in lines.chunks(2).take(600) {
        let name = two[0][1..].split([' ', '/']).next().unwrap();
        let &[.., source, share, frame] = &known[name][..] else { panic!("{name}") };
        let is_coding = share.parse::<f64>().unwrap() >= 0.5;
        let frame = if is_coding { frame } else { "." };
        writeln!(text, "{}\t{}\t{source}\t{frame}", two[1], u8::from(is_coding)).unwrap();
    }
    text
}

#[test]
fn several_models_side_by_side_say_what_each_says_alone() {
    let bench = Bench::new();
    let files = ["--json", "e.json", "--html", "e.html"];
    let both =
        evaluated(&bench, &[&["--model", "builtin", "--model", "compact", "--min-recall", "0.9"], &files[..]].concat());
    let report = bench.json("e.json");
    let page = bench.read("e.html");
    for (n, model) in ["builtin", "compact"].into_iter().enumerate() {
        let alone = evaluated(&bench, &["--model", model, "--min-recall", "0.9", "--json", "alone.json"]);
        // The same lines without the column that names the model.
        let own = both.lines().filter(|line| line.split('\t').nth(2) == Some(model) || line.starts_with("part\t"));
        let without = own.map(|line| {
            let mut cells: Vec<&str> = line.split('\t').collect();
            cells.remove(2);
            cells.join("\t") + "\n"
        });
        assert_eq!(without.collect::<String>(), alone);
        let mut judged = bench.json("alone.json")["predictors"][0].take();
        judged["name"] = model.into();
        assert_eq!(report["predictors"][n], judged);
    }
    let parts: Vec<&str> = both.lines().skip(1).map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(parts[..4], ["all", "all", "recall", "recall"], "a line of each model for each part");
    assert_eq!((page.matches("<polyline").count(), page.matches("(ROC-AUC 0.9").count()), (6, 2), "{page}");
    assert!(lines(&both, "gc\t50-54").len() == 2 && lines(&both, "group\t").len().is_multiple_of(2), "{both}");
    assert!(lines(&both, "all").iter().all(|line| line["frame_accuracy"].starts_with("0.9")), "{both}");
}

#[test]
fn a_wanted_threshold_meets_what_is_wanted() {
    let bench = Bench::new();
    let table = evaluated(&bench, &["--min-recall", "0.97", "--min-precision", "0.99", "--share", "0.2"]);
    let number = |line: &HashMap<&str, &str>, column| line[column].parse::<f64>().unwrap();
    let (recall, precision) = (&lines(&table, "recall\t0.97")[0], &lines(&table, "precision\t0.99")[0]);
    assert!(number(recall, "recall") >= 0.97 && number(precision, "precision") >= 0.99, "{table}");
    assert_eq!((recall["roc_auc"], recall["reads"]), ("NA", lines(&table, "all")[0]["reads"]));
    // The printed threshold yields exactly these figures; the precision is that of a sample with this share.
    let at = evaluated(&bench, &["--threshold", recall["threshold"]]);
    let all = &lines(&at, "all")[0];
    assert_eq!((all["recall"], all["specificity"]), (recall["recall"], recall["specificity"]));
    let (found, wrong) = (0.2 * number(recall, "recall"), 0.8 * (1.0 - number(recall, "specificity")));
    assert!((number(recall, "precision") - found / (found + wrong)).abs() < 2e-4, "{table}");
    for (args, problem) in [
        (&["--share", "0.2"][..], "--share needs --min-recall or --min-precision"),
        (&["--model", "compact", "--model", "compact"], "compact is given twice"),
    ] {
        let run = bench.run(&[&["evaluate", "test.tsv"], args].concat());
        assert!(run.status.code() == Some(2) && stderr(&run).contains(problem), "{}", stderr(&run));
    }
}

#[test]
fn bad_tables_name_the_line_and_leave_no_report() {
    let bench = Bench::new();
    bench.write("test.tsv", "sequence\tlabel\nACGT\t1\nACGT\tmaybe\n");
    let run = bench.run(&["evaluate", "test.tsv", "--device", "cpu", "--json", "e.json"]);
    let message = stderr(&run);
    assert_eq!(run.status.code(), Some(3), "{message}");
    assert!(message.contains("cannot read test.tsv: line 3: expected the label 0"), "{message}");
    assert!(message.contains("hint: ") && bench.files() == ["test.tsv"], "{message}");
}

#[test]
fn reads_with_the_truth_in_their_names_are_those_of_the_table() {
    let bench = Bench::new();
    bench.write("genome.fa", format!(">chr1\n{}\n", crate::support::bases(1, 6000)));
    bench.write("genes.gff3", "chr1\tx\tCDS\t301\t3400\t.\t+\t0\tID=c\n");
    for output in ["drawn.tsv", "drawn.fq.gz", "drawn.fq"] {
        let from =
            ["reads", "--genome", "genome.fa", "--annotation", "genes.gff3", "--anywhere", "--sequencer", "hifi"];
        let run =
            bench.run(&[&from[..], &["--length", "90", "--count", "60", "--group", "my group", "-o", output]].concat());
        assert!(run.status.success(), "{}", stderr(&run));
    }
    // As FASTA, in lines of 40.
    let fastq = bench.read("drawn.fq");
    let lines: Vec<&str> = fastq.lines().collect();
    let wrapped = lines.chunks(4).map(|record| {
        let letters: Vec<&str> = record[1].as_bytes().chunks(40).map(|line| str::from_utf8(line).unwrap()).collect();
        format!(">{}\n{}\n", &record[0][1..], letters.join("\n"))
    });
    bench.write("drawn.fa", wrapped.collect::<String>());
    // Names are escaped as in GFF3, or written as they are.
    bench.write("genes.gff", "read%33\tx\tCDS\t1\t60\t.\t+\t0\tID=1\n");
    let table = |input: &str| {
        let run = bench.run(&["evaluate", input, "--model", "compact", "--device", "cpu", "--calls", "x=genes.gff"]);
        assert!(run.status.success(), "{input}: {}", stderr(&run));
        String::from_utf8(run.stdout).unwrap()
    };
    let expected = table("drawn.tsv");
    assert!(expected.contains("\tmy group\tcompact\t60\t"), "{expected}");
    for input in ["drawn.fq", "drawn.fq.gz", "drawn.fa"] {
        assert_eq!(table(input), expected, "{input}");
    }
}
