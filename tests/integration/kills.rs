//! Runs that are ended at any moment: each output is either the old file or the whole new one.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bench, bases, fastq, stderr, testdata};

const OUTPUTS: [&str; 3] = ["c.fq", "n.fq", "s.tsv"];
const ARGS: [&str; 14] = [
    "split",
    "in.fq",
    "--device",
    "cpu",
    "--no-check",
    "--force",
    "-q",
    "--coding",
    "c.fq",
    "--noncoding",
    "n.fq",
    "--scores",
    "s.tsv",
    "--no-fsync",
];

/// How many runs are killed: `READSEEKER_KILLS=200` for a longer test.
fn rounds() -> u32 {
    std::env::var("READSEEKER_KILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(30)
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    Command::new("kill").args([&format!("-{signal}"), &id]).stderr(Stdio::null()).status().unwrap();
}

fn contents(bench: &Bench) -> Vec<String> {
    OUTPUTS.map(|name| bench.read(name)).to_vec()
}

fn strays(bench: &Bench) -> Vec<String> {
    bench.files().into_iter().filter(|name| name.contains(".part")).collect()
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_old_files_or_whole_ones() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(1000, 100, ""));
    let started = Instant::now();
    assert!(bench.run(&ARGS).status.success());
    let length = started.elapsed();
    let (new, old) = (contents(&bench), OUTPUTS.map(|name| format!("old {name}")).to_vec());
    for round in 0..rounds() {
        for (name, text) in OUTPUTS.iter().zip(&old) {
            bench.write(name, text);
        }
        let signal = ["KILL", "TERM", "INT", "HUP"][round as usize % 4];
        let of_killed = strays(&bench); // a run that ends early enough has not removed them
        // Every other moment is near the end, where outputs are renamed into place.
        let share = f64::from(round * 37 % 100) / 100.0;
        let moment = if round % 2 == 0 { length.mul_f64(1.1 * share) } else { length.mul_f64(0.8 + 0.3 * share) };
        let mut child = bench.command(&ARGS).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment.max(Duration::from_millis(1)));
        send(signal, &child);
        let status = child.wait().unwrap();
        let left = contents(&bench);
        for ((left, new), old) in left.iter().zip(&new).zip(&old) {
            assert!(left == new || left == old, "{signal} after {moment:?}: torn: {} bytes", left.len());
        }
        match status.code() {
            Some(0) => assert_eq!(left, new, "{signal} after {moment:?}"),
            Some(_) => {
                let own: Vec<_> = strays(&bench).into_iter().filter(|name| !of_killed.contains(name)).collect();
                assert_eq!((left, own), (old.clone(), vec![]), "{signal} after {moment:?}");
            }
            None => {}
        }
    }
    assert!(bench.run(&ARGS).status.success());
    assert_eq!((contents(&bench), strays(&bench)), (new, vec![]), "the next run removes what killed ones left");
}

/// The content of a file, or of a directory's files by name. `None` if the path does not exist.
fn held(path: &Path) -> Option<Vec<(String, Vec<u8>)>> {
    if path.is_file() {
        return Some(vec![(String::new(), std::fs::read(path).unwrap())]);
    }
    let files = std::fs::read_dir(path).ok()?.map(Result::unwrap);
    let mut files: Vec<_> =
        files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect();
    files.sort();
    Some(files)
}

fn remove(path: &Path) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
}

/// Ends a command at moments spread over its whole duration, with each of `signals` in turn.
fn ends_whole_or_not_at_all(bench: &Bench, args: &[&str], outputs: &[&str], signals: &[&str]) {
    let all = || outputs.iter().map(|output| held(&bench.path(output))).collect::<Vec<_>>();
    let clean = || outputs.iter().for_each(|output| remove(&bench.path(output)));
    let before = bench.files();
    let begun = Instant::now();
    let run = bench.run(args);
    assert!(run.status.success(), "{args:?}: {}", stderr(&run));
    let (length, whole) = (begun.elapsed(), all());
    for round in 0..8_u32 {
        clean();
        for stray in strays(bench) {
            remove(&bench.path(&stray));
        }
        let signal = signals[round as usize % signals.len()];
        let mut child = bench.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(length.mul_f64(1.05 * (f64::from(round) + 0.5) / 8.0));
        send(signal, &child);
        let status = child.wait().unwrap();
        let left = all();
        for (left, whole) in left.iter().zip(&whole) {
            assert!(left.is_none() || left == whole, "{args:?}: {signal} in round {round}: torn");
        }
        if status.code().is_some_and(|code| code != 0) {
            assert!(
                left.iter().all(Option::is_none) && bench.files() == before,
                "{args:?}: {signal}: {:?}",
                bench.files()
            );
        }
    }
    clean();
    assert!(bench.run(args).status.success());
    assert_eq!(all(), whole, "{args:?}");
    clean();
    assert_eq!(bench.files(), before, "{args:?}: the next run removes what killed ones left");
}

#[test]
fn the_commands_of_the_paper_leave_whole_files_or_none_too() {
    let bench = Bench::new();
    bench.write("g.fa", format!(">chr1\n{}\n", bases(3, 60_000)));
    let genes = (0..20).map(|n| format!("chr1\tx\tCDS\t{}\t{}\t.\t+\t0\tID=c{n}\n", 3000 * n + 301, 3000 * n + 1800));
    bench.write("g.gff3", genes.collect::<String>());
    bench.write("in.fq", fastq(5000, 150, ""));
    let (model, labelled) = (testdata("parity/k6_tiny_zip"), testdata("calls/reads.tsv.gz"));
    let (model, labelled) = (model.to_str().unwrap(), labelled.to_str().unwrap());
    let stops = ["TERM", "KILL", "INT", "KILL"];
    let reads = ["reads", "--genome", "g.fa", "--annotation", "g.gff3", "--count", "20000", "-o", "a.tsv.gz"];
    ends_whole_or_not_at_all(&bench, &reads, &["a.tsv.gz"], &stops);
    ends_whole_or_not_at_all(&bench, &["kmers", "in.fq", "-o", "dev.tsv"], &["dev.tsv"], &stops);
    let evaluate =
        ["evaluate", labelled, "--model", "compact", "--device", "cpu", "--json", "e.json", "--html", "e.html"];
    ends_whole_or_not_at_all(&bench, &evaluate, &["e.json", "e.html"], &stops);
    ends_whole_or_not_at_all(&bench, &["model", "convert", model, "out"], &["out"], &["KILL"]);
    // An interrupted training writes what it has; train.rs tests that.
    #[cfg(feature = "train")]
    {
        let tiny = testdata("compact/tiny1");
        let from = ["train", "--reads", labelled, "--from", tiny.to_str().unwrap(), "--device", "cpu", "--epochs", "1"];
        ends_whole_or_not_at_all(&bench, &[&from[..], &["-o", "m"]].concat(), &["m"], &["KILL"]);
    }
}
