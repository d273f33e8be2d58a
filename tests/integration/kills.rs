//! Runs that are ended at any moment: each output is the old file or the whole new one.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bench, fastq};

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
        // Every other moment is near the end, where outputs take their places.
        let share = f64::from(round * 37 % 100) / 100.0;
        let moment = if round % 2 == 0 { length.mul_f64(1.1 * share) } else { length.mul_f64(0.8 + 0.3 * share) };
        let mut child = bench.command(&ARGS).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment.max(Duration::from_millis(1)));
        Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let status = child.wait().unwrap();
        let left = contents(&bench);
        for ((left, new), old) in left.iter().zip(&new).zip(&old) {
            assert!(left == new || left == old, "{signal} after {moment:?}: torn: {} bytes", left.len());
        }
        match status.code() {
            Some(0) => assert_eq!(left, new, "{signal} after {moment:?}"),
            Some(_) => assert_eq!((left, strays(&bench)), (old.clone(), vec![]), "{signal} after {moment:?}"),
            None => {}
        }
    }
    assert!(bench.run(&ARGS).status.success());
    assert_eq!((contents(&bench), strays(&bench)), (new, vec![]), "the next run removes what killed ones left");
}
