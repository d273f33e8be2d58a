//! How a run treats the system around it: files it must not touch, threads, signals, streams.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bench, fastq, stderr, testdata};

const LIMIT: Duration = Duration::from_mins(1);

/// Waits for a child, for at most `LIMIT`, and returns its exit code.
fn code(child: &mut Child) -> Option<i32> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(started.elapsed() < LIMIT, "it hangs");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn no_file_that_the_run_reads_is_overwritten() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    bench.write("list", "in.fq\n");
    bench.write("reference.fa.fai", "");
    std::fs::create_dir(bench.path("model")).unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(testdata("compact/tiny1").join(file), bench.path("model").join(file)).unwrap();
    }
    let model = std::fs::read(bench.path("model/config.json")).unwrap();
    for (input, output) in [
        (&["in.fq"][..], "./in.fq"),
        (&["--files-from", "list"], "list"),
        (&["in.fq", "--reference", "reference.fa"], "reference.fa.fai"),
        (&["in.fq", "--model", "model"], "model/config.json"),
    ] {
        let output = bench.run_split(&[input, &["--force", "--scores", output]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("both input and output"), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read(bench.path("model/config.json")).unwrap(), model);
}

#[test]
fn a_suffix_of_what_is_not_written_is_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for name in ["c.sam", "c.bam.gz", "c.fq.lz4", "c.CRAM"] {
        let args = ["split", "in.fq", "--device", "cpu", "--noncoding", "n.fq", "--force", "--coding", name];
        let output = bench.run(&args);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains("is not written"), "{}", stderr(&output));
        let output = bench.run(&[&args[..], &["--output-format", "fastq"]].concat());
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    }
}

#[test]
fn text_under_a_name_of_reads_or_of_what_is_not_written_is_refused() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for args in [
        &["--scores", "s.bam"][..],
        &["--proteins", "p.BAM"],
        &["--json", "report.zip"],
        &["--scores", "s.sam", "--output-format", "fastq"],
        &["--scores", "s.fq.gz"],
        &["--scores", "s.xlsx"],
        &["--genes", "g.bed"],
        &["--proteins", "p.tsv"],
        &["--windows", "150", "--windows-out", "w.gff3"],
        &["--html", "r.json"],
    ] {
        let output = bench.run_split(&[&["in.fq"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let text = stderr(&output);
        assert!(text.contains(", but would hold ") && text.contains("hint: name it ."), "{text}");
        assert_eq!(bench.files(), ["in.fq"]);
    }
}

#[test]
fn tables_of_other_commands_have_names_that_fit_too() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for (args, hint) in [
        (&["reads", "--genome", "in.fq", "-o", "x.fa"][..], "hint: name it .tsv, or .fq for FASTQ"),
        (&["kmers", "in.fq", "-o", "x.csv"], "hint: name it .tsv"),
        (&["score", "in.fq", "-o", "x.fa"], "hint: name it .tsv, .csv or .parquet"),
        (&["evaluate", "in.fq", "--json", "x.html"], "hint: name it .json"),
        (&["compare", "x.tsv", "in.fq"], "hint: name it .html"),
    ] {
        let run = bench.run(args);
        assert!(run.status.code() == Some(2) && stderr(&run).contains(hint), "{args:?}: {}", stderr(&run));
        assert_eq!(bench.files(), ["in.fq"]);
    }
    // A suffix that stands for no format may hold any format.
    bench.split(&["in.fq", "--scores", "s.txt", "--genes", "g.out", "--json", "report"]);
}

#[test]
fn few_reads_start_few_threads_however_many_are_allowed() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    // 4 GB of addresses hold the stacks of some 2,000 threads.
    let limited = "ulimit -v 4000000; exec \"$@\"";
    let args = ["score", "in.fq", "--device", "cpu", "-t", "4096", "-o", "s.tsv"];
    let output = started_by("sh", &["-c", limited, "sh"], &bench, &args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(bench.read("s.tsv").lines().count(), 4);
}

#[test]
fn a_lock_that_nobody_gives_back_does_not_keep_a_run_for_ever() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let folder = std::fs::File::open(bench.path("")).unwrap();
    folder.lock().unwrap();
    bench.split(&["in.fq"]);
}

#[test]
fn what_replaces_a_file_is_as_private_as_it_was() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let replaced = bench.write("c.fq", "");
    std::fs::set_permissions(&replaced, PermissionsExt::from_mode(0o600)).unwrap();
    bench.split(&["in.fq", "--force"]);
    assert_eq!(replaced.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_in_memory_is_a_file() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let path = folder.path().join("s.tsv");
    let score = |force: &[&str]| {
        bench.run(&[&["score", "in.fq", "--device", "cpu", "-o", path.to_str().unwrap()], force].concat())
    };
    assert_eq!(score(&[]).status.code(), Some(0));
    assert_eq!(score(&[]).status.code(), Some(2), "it exists");
    std::fs::write(&path, "longer than what replaces it ".repeat(1000)).unwrap();
    assert_eq!(score(&["--force"]).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 4);
}

#[test]
fn what_the_shell_appends_to_keeps_its_start() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for output in ["-", "/dev/stdout", "/dev/fd/1"] {
        let log = bench.write("log", "first\n");
        let appended = std::fs::File::options().append(true).open(&log).unwrap();
        let status =
            bench.command(&["score", "in.fq", "--device", "cpu", "-q", "-o", output]).stdout(appended).status();
        assert!(status.unwrap().success());
        let lines: Vec<String> = bench.read("log").lines().map(str::to_owned).collect();
        assert_eq!((lines[0].as_str(), lines.len()), ("first", 5), "{output}");
    }
}

#[test]
fn a_stderr_that_takes_nothing_loses_no_run() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let args = ["score", "in.fq", "--device", "cpu", "-v", "-o", "s.tsv"];
    assert_eq!(bench.command(&args).stderr(full).status().unwrap().code(), Some(0));
    assert_eq!(bench.read("s.tsv").lines().count(), 4);
}

#[test]
fn levels_are_those_of_what_is_written_whatever_its_name() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let split = |level: &str| {
        let outputs = ["--output-format", "bam", "--coding", "c.zst", "--noncoding", "n", "--force"];
        bench.run(&[&["split", "in.fq", "--device", "cpu", "--compression-level", level][..], &outputs].concat())
    };
    assert_eq!(split("12").status.code(), Some(0));
    let output = split("20");
    assert_eq!((output.status.code(), stderr(&output).contains("out of range for c.zst (0-12)")), (Some(2), true));
}

#[test]
fn more_threads_than_tokio_would_give_are_no_hang() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for threads in ["600", "600", "600"] {
        let args =
            ["split", "in.fq", "--device", "cpu", "-q", "--coding", "c.fq.gz", "--noncoding", "n.fq.gz", "--force"];
        let mut run = bench.command(&[&args[..], &["-t", threads]].concat()).spawn().unwrap();
        assert_eq!(code(&mut run), Some(0));
    }
    for threads in ["0", "-1", "5000"] {
        let output = bench.run_split(&["in.fq", "-t", threads]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("from 1 to 4096"), "{}", stderr(&output));
    }
}

/// Starts a run that has created its outputs and waits for more reads.
fn waiting_for_more(command: &mut Command, bench: &Bench) -> Child {
    command.stdin(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(fastq(2000, 100, "").as_bytes()).unwrap();
    let started = Instant::now();
    while bench.files().is_empty() {
        assert!(started.elapsed() < LIMIT, "no output was begun");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// `readseeker ARGS` in the bench's folder, started by another program.
fn started_by(program: &str, options: &[&str], bench: &Bench, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(options).arg(env!("CARGO_BIN_EXE_readseeker")).args(args).current_dir(bench.path("."));
    command.stdout(Stdio::null());
    command
}

fn hang_up(child: &Child) {
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_closed_terminal_leaves_nothing_behind() {
    let bench = Bench::new();
    let args = ["split", "-", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq"];
    // `env` restores the default action, because whoever runs the tests may ignore SIGHUP.
    let mut child = waiting_for_more(&mut started_by("env", &["--default-signal=HUP"], &bench, &args), &bench);
    hang_up(&child);
    assert_eq!(code(&mut child), Some(129));
    assert_eq!(bench.files(), [""; 0]);
}

#[test]
fn what_nohup_started_outlives_the_terminal() {
    let bench = Bench::new();
    let args = ["score", "-", "--device", "cpu", "-o", "s.tsv"];
    let mut child = waiting_for_more(&mut started_by("nohup", &[], &bench, &args), &bench);
    hang_up(&child);
    std::thread::sleep(Duration::from_millis(100));
    drop(child.stdin.take());
    assert_eq!(code(&mut child), Some(0));
    assert_eq!(bench.read("s.tsv").lines().count(), 2001);
}

#[test]
fn a_full_stdout_is_an_error() {
    let bench = Bench::new();
    for args in [&["model", "info"][..], &["device"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut child = bench.command(args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(code(&mut child), Some(6), "{args:?}: {said}");
    }
}

#[test]
fn an_output_without_a_folder_is_found_before_a_read_is() {
    let bench = Bench::new();
    bench.write("cut.fq", "@cut\nACGT\n");
    for (flag, name) in [("--json", "a.json"), ("--html", "a.html"), ("--multiqc", "a_mqc.json"), ("--scores", "a.tsv")]
    {
        let output = bench.run_split(&["cut.fq", flag, &format!("nowhere/{name}")]);
        assert_eq!(output.status.code(), Some(6), "{flag}: {}", stderr(&output));
    }
    let output = bench.run(&["evaluate", "cut.fq", "--json", "nowhere/a.json"]);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
}

#[test]
fn the_cpus_that_a_process_may_use_set_its_threads() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(2, 80, ""));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    let first = allowed.split([',', '-']).next().unwrap();
    let args = "split in.fq --no-model --json r.json --coding c.fq --noncoding n.fq".split(' ').collect::<Vec<_>>();
    let output = started_by("taskset", &["-c", first], &bench, &args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(bench.json("r.json")["device"]["threads"], 1);
}

#[test]
fn a_folder_that_is_removed_meanwhile_is_an_error() {
    let bench = Bench::new();
    let folder = bench.path("o");
    std::fs::create_dir(&folder).unwrap();
    let args = ["split", "-", "--device", "cpu", "--coding", "o/c.fq", "--noncoding", "o/n.fq"];
    let mut child = bench.command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(fastq(500, 100, "").as_bytes()).unwrap();
    let started = Instant::now();
    let begun = || {
        let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".part")).count()
    };
    while begun() < 2 {
        assert!(started.elapsed() < LIMIT, "no output was begun");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let output = child.wait_with_output().unwrap(); // which ends its input
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write") && stderr(&output).contains("o/c.fq"), "{}", stderr(&output));
    assert_eq!(bench.files(), [""; 0]);
}

#[test]
fn a_slow_reader_gets_all_of_a_pipe() {
    let bench = Bench::new();
    let input = fastq(3000, 100, "");
    bench.write("in.fq", &input);
    let args = ["split", "in.fq", "--no-model", "-q", "--coding", "/dev/null", "--noncoding", "-"];
    let mut child = bench.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let (mut pipe, mut piece, mut text) = (child.stdout.take().unwrap(), vec![0; 8192], Vec::new());
    loop {
        std::thread::sleep(Duration::from_millis(5));
        let read = pipe.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        text.extend_from_slice(&piece[..read]);
    }
    assert_eq!(code(&mut child), Some(0));
    assert!(text == input.as_bytes(), "{} bytes of {}", text.len(), input.len());
}

/// A control group (cgroup) that may use one CPU. It is removed on drop.
struct OneCpu(std::path::PathBuf);

impl OneCpu {
    /// Creates the group. `None` if this process is not allowed to.
    fn new() -> Option<Self> {
        let name = format!("readseeker-test-{}", std::process::id());
        let limits: [(&str, &[(&str, &str)]); 2] = [
            ("/sys/fs/cgroup", &[("cpu.max", "100000 100000")]),
            ("/sys/fs/cgroup/cpu", &[("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "100000")]),
        ];
        limits.iter().find_map(|(parent, limits)| {
            let group = Self(std::path::Path::new(parent).join(&name));
            std::fs::create_dir(&group.0).ok()?;
            let set = |(file, limit): &(&str, &str)| {
                std::fs::File::options()
                    .write(true)
                    .open(group.0.join(file))
                    .and_then(|mut file| file.write_all(limit.as_bytes()))
            };
            limits.iter().all(|limit| set(limit).is_ok()).then_some(group)
        })
    }
}

impl Drop for OneCpu {
    fn drop(&mut self) {
        let _may_be_gone = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn the_quota_of_a_container_sets_its_threads() {
    let Some(group) = OneCpu::new() else { return };
    let bench = Bench::new();
    bench.write("in.fq", fastq(2, 80, ""));
    let join = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", group.0.display());
    let args = "split in.fq --no-model --json r.json --coding c.fq --noncoding n.fq".split(' ').collect::<Vec<_>>();
    let output = started_by("sh", &["-c", &join, "sh"], &bench, &args).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(bench.json("r.json")["device"]["threads"], 1);
}
