//! The program's documentation of itself: snapshots of the help texts, the reference in `docs/`, the man page,
//! completions.
//!
//! `READSEEKER_UPDATE=1 cargo test --test integration help` updates the snapshots and the reference.

use std::path::{Path, PathBuf};

use crate::support::{Bench, stderr};

/// The columns and lines of one screen.
const SCREEN: (usize, usize) = (110, 50);

/// The commands whose help texts have snapshots.
const COMMANDS: [&str; 12] = [
    "split", "score", "index", "merge", "compare", "kmers", "reads", "evaluate", "train", "device", "model", "selftest",
];

fn printed(args: &[&str]) -> String {
    let output = Bench::new().command(args).env("COLUMNS", SCREEN.0.to_string()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Compares `text` with a file of the repository, or updates the file.
fn check(file: &str, text: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("READSEEKER_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{file} is not current: READSEEKER_UPDATE=1 cargo test --test integration help\n{text}");
}

#[test]
fn help_is_as_reviewed() {
    for command in COMMANDS {
        check(&format!("tests/integration/help/{command}.short.txt"), &printed(&[command, "-h"]));
        check(&format!("tests/integration/help/{command}.long.txt"), &printed(&[command, "--help"]));
    }
    check("tests/integration/help/readseeker.short.txt", &printed(&["-h"]));
    check("tests/integration/help/readseeker.long.txt", &printed(&["--help"]));
}

#[test]
fn short_help_fits_on_a_screen() {
    for command in COMMANDS {
        let help = printed(&[command, "-h"]);
        assert!(help.lines().count() <= SCREEN.1, "{command}: {} lines\n{help}", help.lines().count());
        assert!(help.lines().all(|line| line.chars().count() <= SCREEN.0), "{help}");
    }
}

#[test]
fn long_help_has_every_flag_and_ends_with_three_examples() {
    let help = printed(&["split", "--help"]);
    for flag in ["--undecided2", "--unpaired", "--windows-out", "--batch-size", "READSEEKER_CPU"] {
        assert!(help.contains(flag), "{flag}");
    }
    let (_, examples) = help.rsplit_once("Examples:\n").unwrap();
    assert_eq!(examples.matches("  readseeker ").count(), 3, "{examples}");
}

#[test]
fn the_reference_is_current() {
    check("docs/cli.md", &printed(&["reference"]));
}

#[test]
fn man_pages_and_completions_know_the_flags_and_are_not_in_the_main_help() {
    assert!(printed(&["man"]).contains(".TH readseeker 1"));
    assert!(printed(&["man", "model", "fetch"]).contains(".TH readseeker-model-fetch 1"));
    assert!(printed(&["man", "split"]).contains("\\-\\-undecided\\-band"));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(printed(&["completions", shell]).contains("undecided-band"), "{shell}");
    }
    let help = printed(&["--help"]);
    assert!(!help.contains("completions") && !help.contains("  man") && !help.contains("  reference"), "{help}");
    for unknown in [&["man", "nothing"][..], &["man", "model", "nothing"]] {
        assert_eq!(Bench::new().run(unknown).status.code(), Some(2));
    }
}
