//! File names: patterns and names that look like patterns, links, long names, names that are not UTF-8 or hold control
//! codes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::{Bench, fastq, records, stderr};

const SAMPLE: &str = "24328_1#10.fq";

#[test]
fn a_hash_that_is_part_of_a_name_is_asked_about_and_never_replaced() {
    let bench = Bench::new();
    bench.write(SAMPLE, fastq(20, 100, ""));
    for (coding, noncoding) in [
        ("24328_1#10.c.fq", "24328_1#10.n.fq"),
        ("24328_1#10_#.c.fq", "24328_1#10_#.n.fq"),
        ("lane1#.c.fq", "lane1#.n.fq"),
    ] {
        let output = bench.run(&["split", SAMPLE, "--device", "cpu", "--coding", coding, "--noncoding", noncoding]);
        assert_eq!(output.status.code(), Some(2), "{coding}");
        assert!(stderr(&output).contains("write ##"), "{}", stderr(&output));
        assert_eq!(bench.files(), [SAMPLE]);
    }
}

#[test]
fn a_doubled_hash_is_one_and_two_paths_are_taken_as_they_stand() {
    let bench = Bench::new();
    bench.write(SAMPLE, fastq(20, 100, "/1"));
    bench.write("2.fq", fastq(20, 100, "/2"));
    let run = |inputs: &[&str], outputs: &[&str]| {
        let output = bench.run(&[&["split", "--device", "cpu", "-q", "--mates", "each"], inputs, outputs].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    };
    run(&[SAMPLE], &["--coding", "24328_1##10.c.fq", "--noncoding", "24328_1##10.n.fq"]);
    assert_eq!(bench.files(), ["2.fq", "24328_1#10.c.fq", "24328_1#10.fq", "24328_1#10.n.fq"]);
    let pairs = ["--coding", "s##7_#.c.fq", "--noncoding", "a#b_1", "--noncoding2", "a#b_2", "--unpaired", "u%%_%.fq"];
    run(&[SAMPLE, "2.fq"], &pairs);
    for name in ["s#7_1.c.fq", "s#7_2.c.fq", "a#b_1", "a#b_2", "u%_coding.fq", "u%_noncoding.fq"] {
        assert!(bench.path(name).exists(), "{name}: {:?}", bench.files());
    }
}

#[test]
fn a_prefix_is_no_pattern() {
    let bench = Bench::new();
    bench.write(SAMPLE, fastq(20, 100, ""));
    let output = bench.run(&["split", SAMPLE, "--device", "cpu", "--out-prefix", "o/24328_1#10_#"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(bench.path("o/24328_1#10_#.coding.fq.gz").exists());
}

#[test]
fn a_link_to_nothing_has_its_target_made() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    std::fs::create_dir(bench.path("folder")).unwrap();
    std::os::unix::fs::symlink("folder/target.fq", bench.path("c.fq")).unwrap();
    bench.split(&["in.fq"]);
    assert!(bench.path("c.fq").is_symlink() && bench.path("folder/target.fq").is_file());
    // Two links to one place are one output.
    std::os::unix::fs::symlink("folder/other.fq", bench.path("one.fq")).unwrap();
    std::os::unix::fs::symlink("folder/other.fq", bench.path("two.fq")).unwrap();
    let output = bench.run(&["split", "in.fq", "--coding", "one.fq", "--noncoding", "two.fq"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_name_may_be_as_long_as_the_file_system_allows() {
    let bench = Bench::new();
    let name = |letter: &str| letter.repeat(252) + ".fq";
    bench.write(&name("i"), fastq(20, 100, ""));
    let output =
        bench.run(&["split", &name("i"), "--device", "cpu", "--coding", &name("c"), "--noncoding", &name("n")]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(records(&(bench.read(&name("c")) + &bench.read(&name("n")))).len(), 20);
}

#[test]
fn a_name_need_not_be_text() {
    let bench = Bench::new();
    let name = |name: &'static [u8]| OsStr::from_bytes(name);
    let input = bench.path(".").join(name(b"in\xFF.fq"));
    std::fs::write(&input, fastq(20, 100, "")).unwrap();
    std::fs::write(bench.path("list"), b"\xEF\xBB\xBFin\xFF.fq\r\n").unwrap();
    let mut command =
        bench.command(&["split", "--device", "cpu", "--files-from", "list", "--mates", "each", "--unpaired"]);
    let outputs =
        [name(b"u\xFE_%.fq"), "--coding".as_ref(), name(b"c\xFE_#.fq"), "--noncoding".as_ref(), name(b"n\xFE")];
    let output = command.args(outputs).output().unwrap();
    // The run is refused because of single reads with two files a class, not because of the names.
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("the input holds single reads"), "{}", stderr(&output));
    let mut command = bench.command(&[
        "split",
        "--device",
        "cpu",
        "--files-from",
        "list",
        "--noncoding",
        "n.fq",
        "--json",
        "r.json",
        "--coding",
    ]);
    let output = command.arg(name(b"c\xFE.fq")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(bench.path(".").join(name(b"c\xFE.fq")).exists());
    assert_eq!(bench.json("r.json")["input"]["files"][0], "in\\xff.fq");
}

#[test]
fn nothing_that_a_name_holds_reaches_the_terminal_raw() {
    let bench = Bench::new();
    let name = "a\u{1b}[31m\nreadseeker: done.fq";
    bench.write("in.fq", "@r\u{1b}[2J\nACGT\n+\nII\n");
    for args in [
        &["split", name, "--coding", "c.fq", "--noncoding", "n.fq"][..],
        &["split", "in.fq", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq"],
        &["split", "in.fq", "--coding", "c.fq", "--noncoding", "n.fq", "--threshold", "\u{202e}\u{1b}[31m"],
    ] {
        let text = stderr(&bench.run(args));
        assert!(text.starts_with("readseeker: ") && text.contains("\\u{"), "{text:?}");
        assert!(!text.contains('\u{1b}') && !text.contains("\nreadseeker: done"), "{text:?}");
    }
}

#[test]
fn strays_of_a_killed_run_go_with_the_next_one() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    for stray in [
        ".c.fq.readseeker-abc123.part",
        ".n.fq.readseeker-Zz9Zz9.part",
        ".other.fq.readseeker-abc123.part",
        ".c.fq.backup.part",
    ] {
        bench.write(stray, "half");
    }
    bench.split(&["in.fq", "--no-fsync"]);
    assert_eq!(bench.files(), [".c.fq.backup.part", ".other.fq.readseeker-abc123.part", "c.fq", "in.fq", "n.fq"]);
}

#[test]
fn outputs_beside_what_a_killed_run_left_are_not_taken_for_whole() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    bench.write("c.fq", "new");
    // Killed between two renames: the other class is still under its temporary name.
    bench.write(".n.fq.readseeker-Zz9Zz9.part", "new");
    let output = bench.run_split(&["in.fq"]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("c.fq exists") && message.contains(".n.fq.readseeker-Zz9Zz9.part is from"), "{message}");
    assert_eq!(bench.files(), [".n.fq.readseeker-Zz9Zz9.part", "c.fq", "in.fq"]);
    bench.split(&["in.fq", "--force"]);
    assert_eq!(bench.files(), ["c.fq", "in.fq", "n.fq"]);
}
