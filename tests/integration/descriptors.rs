//! File descriptors that a run inherits: closed ones, one for two outputs, one for both input and output.

use std::process::Output;

use crate::support::{Bench, fastq, stderr};

/// Runs a line of `sh` in which `readseeker` is the binary.
fn shell(bench: &Bench, line: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_readseeker");
    let line = format!("readseeker() {{ '{program}' \"$@\"; }}; {line}");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &line]).current_dir(bench.path(".")).output().unwrap()
}

/// Runs a line that must be refused with this exit code and this reason, and must leave the files unchanged.
fn refused(bench: &Bench, line: &str, code: i32, reason: &str) {
    let (files, input) = (bench.files(), bench.read("in.fq"));
    let output = shell(bench, line);
    assert_eq!(output.status.code(), Some(code), "{line}: {}", stderr(&output));
    assert!(stderr(&output).contains(reason), "{line}: {}", stderr(&output));
    assert_eq!((bench.files(), bench.read("in.fq")), (files, input), "{line}");
}

#[test]
fn an_input_is_no_output_whatever_both_are_called() {
    let bench = Bench::new();
    let input = bench.write("in.fq", fastq(20, 100, ""));
    std::fs::hard_link(&input, bench.path("other name.fq")).unwrap();
    std::os::unix::fs::symlink("in.fq", bench.path("link.fq")).unwrap();
    let split = "readseeker split --device cpu --noncoding n.fq --force";
    for line in [
        format!("{split} - --coding in.fq <in.fq"),
        format!("{split} /dev/stdin --coding in.fq <in.fq"),
        format!("{split} /dev/fd/3 --coding in.fq 3<in.fq"),
        format!("{split} /proc/self/fd/3 --coding link.fq 3<in.fq"),
        format!("{split} in.fq --coding 'other name.fq'"),
        format!("{split} in.fq --coding - >>in.fq"),
        format!("{split} in.fq --coding /dev/fd/3 3>>in.fq"),
        format!("{split} in.fq --coding c.fq --json /dev/stderr 2>>in.fq"),
        format!("{split} --files-from - --coding c.fq --scores - <<<in.fq >>in.fq"),
    ] {
        if line.contains("2>>") {
            // The error message goes to the input as well, so only the exit code can be checked.
            assert_eq!(shell(&bench, &line).status.code(), Some(2), "{line}");
            bench.write("in.fq", fastq(20, 100, ""));
            continue;
        }
        refused(&bench, &line, 2, "is both input and output");
    }
    for name in ["in.fq/", "in.fq/.", "new/"] {
        refused(&bench, &format!("{split} in.fq --coding {name}"), 2, "names a folder, not a file");
    }
    refused(&bench, "readseeker split in.fq 'other name.fq' --coding c.fq --noncoding n.fq", 2, "is given twice");
    refused(&bench, "readseeker split - /dev/stdin --coding c.fq --noncoding n.fq <in.fq", 2, "is given twice");
}

#[test]
fn a_descriptor_that_nobody_gave_is_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    // Files that the run itself opens take these numbers.
    for number in 5..24 {
        let output = shell(
            &bench,
            &format!(
                "readseeker split in.fq --device cpu --coding c.fq --noncoding /dev/fd/{number} --force {number}>&-"
            ),
        );
        assert_eq!(output.status.code(), Some(6), "{number}: {}", stderr(&output));
        assert_eq!((bench.files(), bench.read("in.fq")), (vec!["in.fq".to_owned()], fastq(20, 100, "")), "{number}");
    }
}

#[test]
fn a_failed_run_ends_no_stream() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    // What has been read is written when the cut record comes.
    let line = "set -o pipefail; { cat in.fq; sleep .1; printf '@cut\\nACGT\\n'; } | \
        readseeker split - --device cpu --threads 2 --coding - --noncoding /dev/null --output-format bam --no-model";
    for _ in 0..20 {
        let output = shell(&bench, line);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(!output.stdout.ends_with(&[0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "the end of BGZF");
    }
}

#[test]
fn two_outputs_in_one_open_file_are_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    let split = "readseeker split in.fq --device cpu --coding";
    for line in [
        format!("{split} - --noncoding - | cat"),
        format!("{split} - --noncoding /dev/stdout | cat"),
        format!("{split} /proc/self/fd/1 --noncoding /dev/fd/1 | cat"),
        format!("{split} - --noncoding n.fq --json /dev/stdout | cat"),
        format!("{split} /dev/fd/3 --noncoding /dev/fd/4 3>&1 4>&1 | cat"),
    ] {
        refused(&bench, &format!("set -o pipefail; {line}"), 2, "two outputs are the same file");
    }
    bench.write("out.fq", "");
    refused(&bench, &format!("{split} - --noncoding out.fq --force >>out.fq"), 2, "two outputs are the same file");
    let both = shell(&bench, &format!("{split} /dev/null --noncoding - --scores /dev/null >/dev/null"));
    assert!(both.status.success(), "{}", stderr(&both));
}

#[test]
fn a_closed_stream_that_is_needed_is_an_error() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    let outputs = "--device cpu --coding c.fq --noncoding n.fq";
    for (line, code, reason) in [
        (format!("readseeker split - {outputs} <&-"), 3, "stdin is closed"),
        (format!("readseeker split /dev/stdin {outputs} <&-"), 3, "stdin is closed"),
        (format!("readseeker split /dev/fd/0 {outputs} <&-"), 3, "stdin is closed"),
        (format!("readseeker split --files-from - {outputs} <&-"), 3, "stdin is closed"),
        ("readseeker split in.fq --device cpu --noncoding n.fq --coding - >&-".to_owned(), 6, "stdout is closed"),
        (
            "readseeker split in.fq --device cpu --noncoding n.fq --coding /dev/fd/1 >&-".to_owned(),
            6,
            "stdout is closed",
        ),
        ("readseeker score in.fq --device cpu -o /dev/stdout >&-".to_owned(), 6, "stdout is closed"),
        ("readseeker model list >&-".to_owned(), 6, "stdout is closed"),
    ] {
        refused(&bench, &line, code, reason);
    }
    let unneeded = shell(&bench, &format!("readseeker split in.fq {outputs} <&- >&- 2>&-"));
    assert_eq!(unneeded.status.code(), Some(0));
    let null = shell(&bench, &format!("readseeker split - {outputs} --force <>/dev/null"));
    assert_eq!(null.status.code(), Some(0), "that nothing is read is what was asked for");
}

#[test]
fn a_limit_on_files_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(2000, 150, ""));
    let line = "ulimit -f 8; readseeker split in.fq --device cpu --coding c.fq --noncoding n.fq --scores s.tsv";
    refused(&bench, line, 6, "File too large");
    let stdout = "ulimit -f 8; readseeker score in.fq --device cpu -o - >s.tsv";
    bench.write("s.tsv", "");
    assert_eq!(shell(&bench, stdout).status.code(), Some(6));
}

#[test]
fn a_limit_on_addresses_is_kept_or_refused_and_never_a_matter_of_luck() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(100, 150, ""));
    let split = "readseeker split in.fq --device cpu -t 2 --coding c.fq --noncoding n.fq";
    for kilobytes in [450_000, 600_000, 800_000, 1_000_000, 1_500_000] {
        let output = shell(&bench, &format!("ulimit -v {kilobytes}; {split} --force"));
        assert_eq!(output.status.code(), Some(0), "{kilobytes}: {}", stderr(&output));
    }
    for kilobytes in [150_000, 300_000] {
        refused(&bench, &format!("ulimit -v {kilobytes}; {split} --force"), 1, "address space");
    }
}

#[test]
fn few_descriptors_a_small_stack_and_no_environment_are_enough() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(100, 150, ""));
    let split =
        "--device cpu -t 2 --coding c.fq.gz --noncoding n.fq.gz --scores s.tsv --json r.json --html r.html --force";
    let output = shell(&bench, &format!("ulimit -n 20; readseeker split in.fq {split}"));
    assert!(output.status.success(), "{}", stderr(&output));
    let few = shell(&bench, &format!("ulimit -n 16; readseeker split in.fq {split}"));
    assert!(few.status.code().is_some_and(|code| code < 100), "{}", stderr(&few));
    for files in 5..16 {
        let line = format!("ulimit -n {files}; readseeker split in.fq {split}");
        let fewer = shell(&bench, &line);
        assert_eq!(fewer.status.code(), Some(1), "{files}: {}", stderr(&fewer));
        assert!(stderr(&fewer).contains("the limit on open files"), "{files}: {}", stderr(&fewer));
    }
    let output = shell(&bench, &format!("ulimit -s 128; readseeker split in.fq {split}"));
    assert!(output.status.success(), "{}", stderr(&output));
    let program = env!("CARGO_BIN_EXE_readseeker");
    let bare = shell(&bench, &format!("exec env -i '{program}' split in.fq {split}"));
    assert!(bare.status.success(), "{}", stderr(&bare));
    assert!(!bench.files().iter().any(|name| name.contains(".part")), "{:?}", bench.files());
}
