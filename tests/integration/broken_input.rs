//! Input that is truncated, corrupt or out of step, and outputs that cannot be written: the right exit code, a helpful
//! message, and no files left behind.

use std::process::Stdio;

use crate::support::{Bench, fastq, stderr, testdata};

/// Runs `split` on `args`, which must fail with `code`, print all of `words`, and leave only the files that were there.
fn refuses(bench: &Bench, args: &[&str], code: i32, words: &[&str]) {
    let before = bench.files();
    let output = bench.run_split(args);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    for word in words {
        assert!(text.contains(word), "{args:?}: {word:?} is not in: {text}");
    }
    assert_eq!(bench.files(), before, "{args:?} leaves something behind");
}

#[test]
fn a_bam_cut_anywhere_is_an_error() {
    let bench = Bench::new();
    let whole = std::fs::read(testdata("community.bam")).unwrap();
    // The last BGZF block is the 28-byte EOF marker.
    for length in [whole.len() - 1, whole.len() - 28, whole.len() / 2, 1000, 20] {
        bench.write("cut.bam", &whole[..length]);
        refuses(&bench, &["cut.bam"], 3, &["readseeker: cannot read cut.bam"]);
    }
}

#[test]
fn a_gzip_cut_anywhere_is_an_error() {
    let bench = Bench::new();
    let whole = std::fs::read(testdata("community_R1.fq.gz")).unwrap();
    for length in [whole.len() - 1, whole.len() - 9, whole.len() / 2, 12] {
        bench.write("cut.fq.gz", &whole[..length]);
        refuses(&bench, &["cut.fq.gz"], 3, &["cannot read cut.fq.gz"]);
    }
}

#[test]
fn text_without_the_end_marker_of_bgzf_is_read_with_a_warning() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 100, ""));
    let all = ["--threshold", "0", "--coding", "c.fq.gz", "--noncoding", "n.fq.gz"];
    let output = bench.run(&[&["split", "in.fq", "--device", "cpu"], &all[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let whole = std::fs::read(bench.path("c.fq.gz")).unwrap();
    bench.write("in.fq.gz", &whole[..whole.len() - 28]);
    let output = bench.split(&["in.fq.gz", "--json", "r.json"]);
    assert!(stderr(&output).contains("warning: in.fq.gz has no BGZF end marker"), "{}", stderr(&output));
    let report = bench.json("r.json");
    assert_eq!(report["counts"]["records"], 20);
    let warnings = report["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "no_end_marker"), "{warnings:?}");
}

#[test]
fn a_fastq_cut_anywhere_inside_a_record_is_an_error_naming_it() {
    let bench = Bench::new();
    let whole = fastq(3, 100, "");
    let last_record = whole.len() / 3 * 2;
    for cut in [1, 3, 50, 104, 106, 107, 150] {
        bench.write("cut.fq", &whole[..last_record + cut]);
        refuses(&bench, &["cut.fq"], 3, &["cannot read cut.fq: record 3"]);
    }
}

#[test]
fn garbage_is_an_error() {
    let bench = Bench::new();
    for garbage in [&b"hello, world\n"[..], &[0xff; 100], b"@r\nACGT\n+\nIII\n", b"@r\nAC\nGT\n+\nIII\n"] {
        bench.write("in.fq", garbage);
        refuses(&bench, &["in.fq"], 3, &["cannot read in.fq"]);
    }
}

#[test]
fn a_missing_input_is_an_error() {
    refuses(&Bench::new(), &["nothing.bam"], 3, &["cannot read nothing.bam", "No such file"]);
}

#[test]
fn mates_out_of_step_are_named() {
    let bench = Bench::new();
    bench.write("1.fq", fastq(10, 100, "/1"));
    bench.write("2.fq", fastq(10, 100, "/2").replace("@r7/2", "@x7/2"));
    refuses(&bench, &["1.fq", "2.fq"], 3, &["pair 8", "r7/1", "x7/2", "hint:"]);
    bench.write("3.fq", fastq(9, 100, "/2"));
    refuses(&bench, &["1.fq", "3.fq"], 3, &["hint:"]);
}

#[test]
fn a_sorted_bam_with_pairs_is_refused_unless_mates_may_part() {
    let bench = Bench::new();
    let sorted = testdata("odd/sorted.bam");
    let sorted = sorted.to_str().unwrap();
    refuses(&bench, &[sorted], 3, &["samtools collate"]);
    bench.split(&[sorted, "--mates", "each"]);
    // Mates in separate files must stay in step, and only grouped records can.
    let two = ["--mates", "each", "--coding", "c#.fq", "--noncoding", "n#.fq", "--unpaired", "u_%.fq"];
    let output = bench.run(&[&["split", sorted, "--device", "cpu"], &two[..]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn outputs_are_not_overwritten_by_accident() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    bench.write("c.fq", "precious");
    refuses(&bench, &["in.fq"], 2, &["c.fq exists", "--force"]);
    assert_eq!(bench.read("c.fq"), "precious");
    bench.split(&["in.fq", "--force"]);
    refuses(&bench, &["in.fq", "--force", "--scores", "./c.fq"], 2, &["two outputs are the same file"]);
    refuses(&bench, &["c.fq", "--force"], 2, &["both input and output"]);
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    refuses(&bench, &["in.fq", "--scores", "no/such/folder/s.tsv"], 6, &["cannot write no/such/folder/s.tsv"]);
    refuses(&bench, &["in.fq", "--scores", "/dev/full"], 6, &["cannot write /dev/full"]);
}

#[test]
fn two_outputs_need_mates() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let output = bench.run(&["split", "in.fq", "--device", "cpu", "--coding", "c#.fq", "--noncoding", "n#.fq"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_model_that_is_none_is_an_error() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    refuses(&bench, &["in.fq", "--model", "no-such-folder"], 4, &["cannot load the model no-such-folder"]);
}

#[test]
fn proteins_are_not_reads() {
    let bench = Bench::new();
    bench.write("in.faa", ">p\nMAIDENKQKALAAALGQIEKQFGKGSIMRLGEDRSMDVETISTGSLSLDIALGAGGLPMG\n".repeat(3));
    refuses(&bench, &["in.faa"], 3, &["cannot read in.faa: its sequences are proteins", "hint: give the nucleotide"]);
    bench.write("codes.fa", format!(">r\n{}\n", "ACGTUNRYSWKMBDHVacgtunryswkmbdhv".repeat(5)));
    bench.split(&["codes.fa"]);
}

#[test]
fn flags_that_make_no_sense_are_usage_errors() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    for (args, said) in [
        (&["--threshold", "2"][..], "a probability lies between 0 and 1"),
        (&["--prior", "1"], "must be greater than 0 and less than 1"),
        (&["--undecided-band", "0.6,0.9"], "must contain the --threshold"),
        (&["--memory", "lots"], "not a size"),
        (&["--memory", "4"], "add a unit, as in 4M or 4G"),
        (&["--windows", "0"], "expected a whole number above 0"),
        (&["in.fq"], "is given twice"),
        (&["--genetic-code", "7"], "expected one of 1, 2,"),
    ] {
        refuses(&bench, &[&["in.fq"], args].concat(), 2, &[said]);
    }
    let device = bench.run(&["score", "in.fq", "-o", "s.tsv", "--device", "toaster"]);
    assert_eq!(device.status.code(), Some(2));
    assert!(stderr(&device).contains("not a valid device"), "{}", stderr(&device));
    let half = bench.run(&["split", "in.fq", "--coding", "c.fq"]);
    assert_eq!(half.status.code(), Some(2));
    assert!(
        stderr(&half).contains("--noncoding <PATH>") && stderr(&half).contains("hint: --out-prefix"),
        "{}",
        stderr(&half)
    );
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20_000, 100, ""));
    let until_the_reader_leaves = |more: &[&str]| {
        let args = ["split", "in.fq", "--device", "cpu", "--coding", "-", "--threshold", "0", "-q"];
        let mut child = bench.command(&[&args, more].concat());
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(bench.files(), ["in.fq"]);
        (output.status.code(), stderr(&output))
    };
    assert_eq!(until_the_reader_leaves(&["--noncoding", "/dev/null"]), (Some(0), String::new()));
    // A program that waits for the other files must not believe that they were written.
    let (code, said) = until_the_reader_leaves(&["--noncoding", "n.fq", "--json", "j.json"]);
    assert_eq!(code, Some(6));
    assert!(said.contains("stdout was closed by its reader; n.fq and j.json were not written\nhint: "), "{said}");
}

#[test]
fn a_failed_run_leaves_no_folder() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(30, 100, "") + "@cut\nACGT\n");
    for prefix in ["new/folder/x", "new/"] {
        let output = bench.run(&["split", "in.fq", "--device", "cpu", "--out-prefix", prefix]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert_eq!(bench.files(), ["in.fq"]);
    }
    std::fs::create_dir(bench.path("mine")).unwrap();
    let output = bench.run(&["split", "in.fq", "--device", "cpu", "--out-prefix", "mine/x"]);
    assert_eq!((output.status.code(), bench.files().len()), (Some(3), 2), "a folder that was there stays");
}

#[test]
fn an_interrupt_ends_a_run_that_still_waits_for_its_first_read() {
    let bench = Bench::new();
    let args = ["split", "-", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq"];
    let mut child = bench.command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    std::thread::sleep(std::time::Duration::from_secs(1)); // until it listens for signals
    let sent = std::time::Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(sent.elapsed() < std::time::Duration::from_secs(4), "stdin must not be waited for");
    assert_eq!(bench.files(), Vec::<String>::new());
    drop(stdin); // open until now: the run never saw the end of its input
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let bench = Bench::new();
        // Stdin stays open, so the run waits for more.
        let args = ["split", "-", "--device", "cpu", "--coding", "c.fq", "--noncoding", "n.fq"];
        let mut child = bench.command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, fastq(2000, 100, "").as_bytes()).unwrap();
        while bench.files().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains("interrupted"));
        assert_eq!(bench.files(), Vec::<String>::new());
    }
}

#[test]
fn every_command_of_the_paper_names_the_file_and_the_line_and_says_what_to_do() {
    let bench = Bench::new();
    let bases = crate::support::bases(1, 90);
    bench.write("g.fa", format!(">chr1\n{bases}\n"));
    bench.write("genes.gff3", "chr1\tx\tCDS\t1\t90\t.\t+\t0\tID=c\nchr1\tx\tCDS\t90\n");
    bench.write(
        "cut.gbk",
        "LOCUS       chr1  90 bp  DNA\nFEATURES             Location\n     CDS             1-9\nORIGIN\n",
    );
    bench.write("bad.tsv", format!("sequence\tlabel\n{bases}\t1\n{bases}\tmaybe\n"));
    bench.write("good.tsv", format!("sequence\tlabel\n{bases}\t1\n{bases}\t0\n"));
    bench.write("named.fq", format!("@r1 label=1\n{bases}\n+\n{}\n@r2\n{bases}\n", "I".repeat(90)));
    bench.write("cut.fq", format!("@r1 label=1\n{bases}\n+\n{}\n@r2 label=0\n{bases}\n", "I".repeat(90)));
    bench.write("bad.fq", format!("@r1\n{bases}\n+\nIII\n"));
    bench.write("dev.tsv", "sequence\tlabel\nACGTAC\t1\nACGTAC\n");
    let (sam, bert) = (testdata("community.bam"), testdata("parity/k6_tiny_zip"));
    let (sam, bert) = (sam.to_str().unwrap(), bert.to_str().unwrap());
    let cpu = ["--device", "cpu"];
    let evaluate = |args: &[&'static str]| [&["evaluate"], args, &cpu, &["--json", "out"]].concat();
    let cases = [
        (
            vec!["reads", "--genome", "g.fa", "--annotation", "genes.gff3", "-o", "out"],
            "genes.gff3: line 2: expected nine",
        ),
        (vec!["reads", "--genome", "cut.gbk", "-o", "out"], "cut.gbk"),
        (vec!["reads", "--genome", "bad.tsv", "-o", "out"], "bad.tsv: line 1: expected nine columns"),
        (vec!["kmers", "bad.fq", "-o", "out"], "bad.fq: record 1"),
        ([&["score", "--dnabert", "dev.tsv", "--model", bert, "-o", "out"], &cpu[..]].concat(), "dev.tsv: line 3"),
        (evaluate(&["bad.tsv"]), "bad.tsv: line 3: expected the label"),
        (evaluate(&["named.fq"]), "named.fq: line 5: expected label=0 or label=1"),
        (evaluate(&["cut.fq"]), "cut.fq: line 7: the file ends within a record"),
        (evaluate(&["good.tsv", "--calls", "x=genes.gff3"]), "genes.gff3: line 2"),
        ([&["evaluate", sam, "--truth", "genes.gff3", "--json", "out"], &cpu[..]].concat(), "genes.gff3: line 2"),
        #[cfg(feature = "train")]
        (vec!["train", "--reads", "bad.tsv", "--device", "cpu", "-o", "out"], "bad.tsv: line 3: expected the label"),
        #[cfg(feature = "train")]
        (vec!["train", "--reads", "named.fq", "--device", "cpu", "-o", "out"], "named.fq: line 5"),
    ];
    let before = bench.files();
    for (args, problem) in cases {
        let run = bench.run(&args);
        let said = stderr(&run);
        assert_eq!(run.status.code(), Some(3), "{args:?}: {said}");
        assert!(said.contains(problem) && said.contains("hint: "), "{args:?}: {said}");
        assert_eq!(bench.files(), before, "{args:?}");
    }
}
