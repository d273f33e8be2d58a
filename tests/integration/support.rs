//! Shared by the tests: the binary, a folder for each test, small inputs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The path of a file in `testdata/`.
pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Reports what the running test skips. `.ci/run` lists these lines at its end.
pub(crate) fn skipped(what: &str) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {what}\n", thread.name().unwrap_or("a test"));
    // `eprintln!` would not do: libtest hides what macros print in a test that passes.
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
}

/// A folder for one test, in which the binary runs.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Parses a JSON file of this folder.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files here, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command that runs the binary in this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_readseeker"));
        command.current_dir(self.folder.path()).args(args);
        command
    }

    /// Runs `readseeker` with these arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs `readseeker split` with [`Self::run_split`]; it must succeed.
    pub(crate) fn split(&self, args: &[&str]) -> Output {
        let output = self.run_split(args);
        assert!(output.status.success(), "{}", stderr(&output));
        output
    }

    /// Runs `readseeker split` on the CPU with the outputs `c.fq` and `n.fq`.
    pub(crate) fn run_split(&self, args: &[&str]) -> Output {
        let fixed = ["split", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq"];
        self.run(&[&fixed, args].concat())
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Pseudo-random bases: the same for the same seed.
pub(crate) fn bases(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        "ACGT".as_bytes()[(state >> 33) as usize % 4] as char
    };
    (0..length).map(|_| next()).collect()
}

/// FASTQ of `reads` random reads named `r0`, `r1`, ... with `suffix` after the number.
pub(crate) fn fastq(reads: u64, length: usize, suffix: &str) -> String {
    (0..reads).fold(String::new(), |mut text, n| {
        let bases = bases(n + 1, length);
        let quality_scores = "I".repeat(length);
        writeln!(text, "@r{n}{suffix}\n{bases}\n+\n{quality_scores}").unwrap();
        text
    })
}

/// The four-line records of FASTQ text.
pub(crate) fn records(fastq: &str) -> Vec<String> {
    let lines: Vec<&str> = fastq.lines().collect();
    assert_eq!(lines.len() % 4, 0, "whole records only");
    lines.chunks(4).map(|record| record.join("\n")).collect()
}
