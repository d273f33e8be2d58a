//! The scores table in all its formats has the same rows.

use std::fs::File;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::support::{Bench, bases, fastq, stderr, testdata};

/// The rows of a Parquet file, and the number of its row groups.
fn rows(path: &Path) -> (Vec<Row>, usize) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let groups = reader.num_row_groups();
    (reader.into_iter().map(Result::unwrap).collect(), groups)
}

/// The content of a table as text, whatever its format and compression.
pub(crate) fn content(path: &Path) -> String {
    match path.extension().unwrap().to_str().unwrap() {
        "parquet" => rows(path).0.iter().map(|row| line(row) + "\n").collect(),
        "gz" => {
            let unzipped = std::process::Command::new("gzip").arg("-dc").arg(path).output().unwrap();
            String::from_utf8(unzipped.stdout).unwrap()
        }
        _ => std::fs::read_to_string(path).unwrap(),
    }
}

/// Formats a value as in the tab-separated table.
fn cell(name: &str, value: &Field, is_scored: bool) -> String {
    match value {
        Field::Null if name == "frame" && is_scored => ".".to_owned(),
        Field::Null => "NA".to_owned(),
        Field::Float(number) => format!("{number:.6}"),
        Field::Str(text) => text.clone(),
        Field::Byte(number) => number.to_string(),
        Field::Long(number) => number.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

fn line(row: &Row) -> String {
    let is_scored = row.get_column_iter().any(|(name, value)| name == "probability" && *value != Field::Null);
    let cells: Vec<String> = row.get_column_iter().map(|(name, value)| cell(name, value, is_scored)).collect();
    cells.join("\t")
}

#[test]
fn parquet_and_commas_hold_the_rows_of_the_table_of_tabs() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(testdata);
    let pairs = pairs.each_ref().map(|path| path.to_str().unwrap());
    bench.write("odd.fq", format!("@a,\"b/1\n{0}\n+\n{0}\n@short\nACGT\n+\nIIII\n", bases(1, 150)));
    for input in [
        &pairs[..],
        &["odd.fq"],
        &["odd.fq", "--windows", "50"],
        &[pairs[0], "--model", "compact", "--max-reads", "50"],
    ] {
        for name in ["s.tsv", "s.csv", "s.CSV.gz", "s.parquet"] {
            bench.split(&[input, &["-q", "--force", "--scores", name]].concat());
        }
        let table = bench.read("s.tsv");
        let (header, lines) = table.split_once('\n').unwrap();
        let (rows, _) = rows(&bench.path("s.parquet"));
        let columns: Vec<&str> = rows[0].get_column_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(columns.join("\t"), header);
        assert_eq!(rows.iter().map(line).collect::<Vec<_>>(), lines.lines().collect::<Vec<_>>());
        let commas = table.replace('\t', ",").replace("a,\"b/1,", "\"a,\"\"b/1\",");
        assert_eq!(bench.read("s.csv"), commas);
        assert_eq!(content(&bench.path("s.CSV.gz")), commas);
    }
}

#[test]
fn a_name_that_is_no_text_is_not_changed_but_refused_in_parquet() {
    let bench = Bench::new();
    let read = fastq(1, 100, "");
    bench.write("in.fq", [b"@r\xff1", &read.as_bytes()[3..]].concat());
    let output = bench.run_split(&["in.fq", "--scores", "s.parquet"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("the name of the read r\\xff1 is not UTF-8"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: write the scores as TSV"), "{}", stderr(&output));
    assert_eq!(bench.files(), ["in.fq"]);
    bench.split(&["in.fq", "--scores", "s.tsv"]);
    assert!(std::fs::read(bench.path("s.tsv")).unwrap().windows(4).any(|name| name == b"r\xff1\t"));
}

#[test]
fn parquet_is_written_in_groups_of_rows_and_by_any_number_of_threads_alike() {
    let bench = Bench::new();
    let long = "n".repeat(200);
    for (reads, name, groups) in [(0, "r", 0), (140_000_u32, "r", 2), (90_000, &*long, 2)] {
        let text = (0..reads).fold(String::new(), |text, n| text + &format!("@{name}{n}\nACGT\n+\nIIII\n"));
        bench.write("in.fq", text);
        for (threads, path) in [("1", "1.parquet"), ("3", "3.parquet")] {
            let args = ["score", "in.fq", "--no-model", "-q", "--force", "-t", threads, "-o", path];
            let output = bench.run(&args);
            assert!(output.status.success(), "{}", stderr(&output));
        }
        let (rows, written) = rows(&bench.path("1.parquet"));
        assert_eq!(written, groups);
        let names = rows.iter().map(|row| row.get_column_iter().next().unwrap().1.to_string());
        assert!(names.eq((0..reads).map(|n| format!("\"{name}{n}\""))));
        assert_eq!(std::fs::read(bench.path("1.parquet")).unwrap(), std::fs::read(bench.path("3.parquet")).unwrap());
    }
}

#[test]
fn nothing_but_scores_is_parquet() {
    let bench = Bench::new();
    bench.write("in.fq", "");
    for (flag, path) in [
        ("--scores", "s.parquet.gz"),
        ("--json", "r.parquet"),
        ("--genes", "g.parquet"),
        ("--undecided", "u.parquet"),
        ("--scores", "s.parquet.zst"),
    ] {
        let output = bench.run_split(&["in.fq", flag, path]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        assert!(stderr(&output).contains(".parquet"), "{}", stderr(&output));
        assert_eq!(bench.files(), ["in.fq"]);
    }
}
