//! The built binary with every compression and CRAM, as input and as output: the same reads, the same bytes for any
//! number of threads, and levels where a format has them.

use crate::support::{Bench, fastq, records, stderr, testdata};

const SUFFIXES: [&str; 4] = ["gz", "zst", "bz2", "xz"];

/// The content of a file, decompressed by the binary itself: without a model, all reads pass through.
fn decompressed(bench: &Bench, name: &str) -> String {
    let output = bench.run(&["split", name, "--no-model", "--coding", "/dev/null", "--noncoding", "-", "-q"]);
    assert!(output.status.success(), "{name}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn outputs_are_compressed_as_their_suffix_says() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(300, 150, " 1:N:0"));
    bench.split(&["in.fq", "--scores", "s.tsv"]);
    let magics: [&[u8]; 4] = [b"\x1f\x8b\x08\x04", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0"];
    for (suffix, magic) in SUFFIXES.into_iter().zip(magics) {
        let [coding, noncoding, scores] = ["c.fq", "n.fasta", "s.tsv"].map(|name| format!("{name}.{suffix}"));
        let outputs = ["--coding", &coding, "--noncoding", &noncoding, "--scores", &scores];
        let output = bench.run(&[&["split", "in.fq", "--device", "cpu"], &outputs[..]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        for file in [&coding, &noncoding, &scores] {
            assert!(std::fs::read(bench.path(file)).unwrap().starts_with(magic), "{file}");
        }
        assert_eq!(decompressed(&bench, &coding), bench.read("c.fq"));
        let headers = |text: &str, every| text.lines().step_by(every).map(|l| l[1..].to_owned()).collect::<Vec<_>>();
        let output = bench.run(&["split", &noncoding, "--no-model", "--coding", "-", "--noncoding", "x.fa", "--force"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(
            headers(&bench.read("x.fa"), 2),
            headers(&bench.read("n.fq"), 4),
            "FASTA, whatever comes after .fasta"
        );
    }
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let bench = Bench::new();
    // The input spans several of the largest pieces that any compression uses: zstd's jobs of 4 MiB.
    bench.write("in.fq", fastq(30_000, 150, ""));
    for (suffix, level) in [("gz", "1"), ("zst", "1"), ("bz2", "1"), ("xz", "0")] {
        let written = |threads: &str| {
            let name = format!("n{threads}.fq.{suffix}");
            let outputs = ["--coding", "/dev/null", "--noncoding", &name, "--compression-level", level, "-t", threads];
            let output = bench.run(&[&["split", "in.fq", "--no-model"], &outputs[..]].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            std::fs::read(bench.path(&name)).unwrap()
        };
        let one = written("1");
        assert!(written("2") == one, "{suffix} with two threads");
        assert!(written("7") == one, "{suffix} with seven threads");
        assert!(decompressed(&bench, &format!("n7.fq.{suffix}")) == bench.read("in.fq"), "{suffix}");
    }
}

#[test]
fn levels_make_a_difference_and_are_checked_against_what_is_written() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(2000, 150, ""));
    let split = |level: &str, output: &str| {
        let args = ["split", "in.fq", "--no-model", "--coding", "/dev/null", "--noncoding", output, "--force"];
        bench.run(&[&args[..], &["--compression-level", level]].concat())
    };
    for (suffix, low, high) in [("gz", "1", "12"), ("zst", "1", "19"), ("bz2", "1", "9"), ("xz", "0", "9")] {
        let size = |level| {
            let name = format!("n.fq.{suffix}");
            let output = split(level, &name);
            assert!(output.status.success(), "{}", stderr(&output));
            bench.path(&name).metadata().unwrap().len()
        };
        assert!(size(high) < size(low), "{suffix}");
    }
    for (name, level, range) in
        [("n.gz", "13", "(0-12)"), ("n.zst", "0", "(1-22)"), ("n.bz2", "0", "(1-9)"), ("n.xz", "10", "(0-9)")]
    {
        let output = split(level, name);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(stderr(&output).contains(range), "{}", stderr(&output));
    }
    let plain = split("3", "n.fq");
    assert_eq!(plain.status.code(), Some(2));
    assert!(stderr(&plain).contains("no output is compressed"), "{}", stderr(&plain));
}

#[test]
fn a_compressed_file_cut_short_leaves_nothing() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(500, 150, ""));
    for suffix in SUFFIXES {
        let name = format!("n.fq.{suffix}");
        let args = ["--coding", "/dev/null", "--noncoding", &name];
        assert!(bench.run(&[&["split", "in.fq", "--no-model"], &args[..]].concat()).status.success());
        let whole = std::fs::read(bench.path(&name)).unwrap();
        bench.write("cut", &whole[..whole.len() / 2]);
        let before = bench.files();
        let output = bench.run_split(&["cut"]);
        assert_eq!(output.status.code(), Some(3), "{suffix}: {}", stderr(&output));
        assert!(stderr(&output).contains("the file is cut short"), "{suffix}: {}", stderr(&output));
        assert_eq!(bench.files(), before);
        std::fs::remove_file(bench.path(&name)).unwrap();
    }
}

#[test]
fn a_full_disk_is_an_error_whatever_the_compression() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3000, 150, ""));
    for suffix in SUFFIXES {
        let name = format!("full.{suffix}");
        std::os::unix::fs::symlink("/dev/full", bench.path(&name)).unwrap();
        let output = bench.run(&["split", "in.fq", "--no-model", "--coding", "/dev/null", "--noncoding", &name]);
        assert_eq!(output.status.code(), Some(6), "{suffix}: {}", stderr(&output));
        assert!(stderr(&output).contains(&format!("cannot write {name}: No space left")), "{}", stderr(&output));
    }
}

#[test]
fn cram_gives_the_outputs_its_bam_gives() {
    let bench = Bench::new();
    let path = |name: &str| testdata(&format!("odd/{name}")).to_str().unwrap().to_owned();
    bench.split(&[&path("mapped.bam"), "--scores", "bam.tsv"]);
    let bam = [bench.read("c.fq"), bench.read("n.fq"), bench.read("bam.tsv")];
    for kind in ["3.0", "3.1", "3.1_archive", "embedded", "no_reference"] {
        let cram = path(&format!("mapped.{kind}.cram"));
        let flags = ["--reference", &path("reference.fa"), "--scores", "cram.tsv", "--json", "r.json", "--force"];
        bench.split(&[&[cram.as_str()], &flags[..]].concat());
        assert!([bench.read("c.fq"), bench.read("n.fq"), bench.read("cram.tsv")] == bam, "{kind}");
        let report = bench.json("r.json");
        assert_eq!(report["input"]["format"], "CRAM");
        assert_eq!(report["input"]["stored_bytes"], std::fs::metadata(&cram).unwrap().len());
    }
    let sorted = bench.run_split(&[&path("mapped_sorted.3.0.cram"), "--reference", &path("reference.fa"), "--force"]);
    assert_eq!(sorted.status.code(), Some(3), "{}", stderr(&sorted));
    assert!(stderr(&sorted).contains("samtools collate"), "{}", stderr(&sorted));
}

#[test]
fn cram_reads_of_which_nothing_lies_on_the_reference_may_lie_at_the_ends_of_a_slice() {
    let bench = Bench::new();
    let [cram, bam] = ["cram", "bam"].map(|kind| {
        bench.split(&[testdata(&format!("odd/without_matches.{kind}")).to_str().unwrap(), "--force"]);
        bench.read("c.fq") + &bench.read("n.fq")
    });
    assert_eq!(records(&bam).len(), 5);
    assert_eq!(cram, bam);
}

#[test]
fn a_cram_that_only_samtools_decodes_is_not_called_damaged() {
    let bench = Bench::new();
    let output = bench.run_split(&[testdata("odd/only_without_matches.cram").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    assert!(text.contains("cannot be decoded here") && text.contains("samtools view -u"), "{text}");
}

#[test]
fn cram_is_read_from_a_pipe() {
    let bench = Bench::new();
    let cram = std::fs::File::open(testdata("odd/mapped.no_reference.cram")).unwrap();
    let args = ["split", "-", "--no-model", "--coding", "/dev/null", "--noncoding", "n.fq"];
    let mut cat = std::process::Command::new("cat").stdin(cram).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let output = bench.command(&args).stdin(cat.stdout.take().unwrap()).output().unwrap();
    cat.wait().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(records(&bench.read("n.fq")).len(), 129);
}

#[test]
fn a_cram_that_cannot_be_read_ends_in_words_and_not_in_a_panic() {
    let bench = Bench::new();
    let output = bench.run_split(&[testdata("odd/mapped.3.0.cram").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("needs the reference") && text.contains("REF_PATH") && !text.contains("panicked"), "{text}");
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[test]
fn a_run_without_a_model_cannot_be_taken_for_one() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(20, 150, ""));
    let run = bench.run_split(&["in.fq", "--no-model", "--json", "r.json", "--scores", "s.tsv"]);
    assert!(
        run.status.success() && stderr(&run).contains("model       none (none, none) on nothing"),
        "{}",
        stderr(&run)
    );
    let report = bench.json("r.json");
    assert_eq!((&report["model"]["name"], &report["model"]["sha256"]), (&"none".into(), &"".into()));
    assert_eq!((&report["counts"]["scored"], &report["counts"]["undecided"]), (&0.into(), &20.into()));
    assert_eq!(bench.read("s.tsv").lines().filter(|line| line.ends_with("\tNA\tNA\tNA")).count(), 20);
    assert_eq!(bench.read("n.fq"), bench.read("in.fq"));
    assert!(!String::from_utf8(bench.run(&["split", "--help"]).stdout).unwrap().contains("none|"));
    assert_eq!(bench.run_split(&["in.fq", "--no-model", "--proteins", "p.faa", "--force"]).status.code(), Some(2));
}
