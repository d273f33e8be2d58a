//! `readseeker evaluate`: what it says of labelled reads.

use readseeker::metrics::{Measures, Scored};
use readseeker::model::Attention;
use serde_json::Value;

use crate::model_parity::bert_goldens;
use crate::support::{Bench, stderr, testdata};

/// The goldens of a BERT, with labels and groups made up.
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
    let close = |value: &Value, expected: Option<f64>| {
        assert!((value.as_f64().unwrap() - expected.unwrap()).abs() < 1e-5, "{value} {expected:?}");
    };
    let (all, of_all) = (&report["all"], expected(None));
    assert_eq!((report["unscored"].as_u64(), all["reads"].as_u64()), (Some(0), Some(of_all.reads)));
    close(&all["accuracy"], of_all.accuracy);
    close(&all["roc_auc"], of_all.roc_auc);
    close(&all["brier"], of_all.brier);
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| group["name"].as_str().unwrap()).collect::<Vec<_>>(), ["even", "odd"]);
    close(&groups[1]["accuracy"], expected(Some("odd")).accuracy);
    let lengths: u64 = report["lengths"].as_array().unwrap().iter().map(|part| part["reads"].as_u64().unwrap()).sum();
    assert_eq!(lengths, all["reads"].as_u64().unwrap(), "each read is in one bin");
    assert_eq!(report["model"]["name"], "k6_tiny_zip");

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
