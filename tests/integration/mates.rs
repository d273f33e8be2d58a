//! Mates that lie apart in the input or go to different outputs: `--collate` and `--unpaired`.

use std::fmt::Write;
use std::process::Command;

use crate::alignments::{bam, flags};
use crate::support::{Bench, bases, fastq, records, stderr, testdata};

fn sorted(mut records: Vec<String>) -> Vec<String> {
    records.sort();
    records
}

/// The names of a FASTQ file's reads, without `/1` and `/2`.
fn names(text: &str) -> Vec<String> {
    let name = |record: &String| {
        let header = record.lines().next().unwrap();
        header.strip_suffix("/1").or(header.strip_suffix("/2")).unwrap_or(header).to_owned()
    };
    records(text).iter().map(name).collect()
}

#[test]
fn what_looks_interleaved_is_said_once_and_not_where_it_is_meant() {
    let bench = Bench::new();
    let pair = |one: &str, other: &str| {
        let (letters, quality_scores) = (bases(1, 100), "I".repeat(100));
        bench.write(
            "in.fq",
            format!("@{one}\n{letters}\n+\n{quality_scores}\n@{other}\n{letters}\n+\n{quality_scores}\n"),
        );
    };
    let said =
        |args: &[&str]| stderr(&bench.split(&[&["in.fq", "--force"], args].concat())).contains("begins with two mates");
    for (one, other) in [("r/1", "r/2"), ("r 1:N:0:A", "r 2:N:0:A"), ("r", "r")] {
        pair(one, other);
        assert!(said(&[]), "{one}, {other}");
        assert!(!said(&["--interleaved"]) && !said(&["--single"]) && !said(&["-q"]) && !said(&["--mates", "each"]));
    }
    for (one, other) in [("r/1", "s/1"), ("r/1", "r/1"), ("r 1:N:0:A", "r 1:N:0:A"), ("r.1", "r.2"), ("r1", "r2")] {
        pair(one, other);
        assert!(!said(&[]), "{one}, {other}");
    }
}

#[test]
fn a_sorted_bam_is_regrouped_to_what_it_was() {
    let bench = Bench::new();
    for aligner in ["bwa", "bowtie2", "minimap2"] {
        let [grouped, apart] = ["", ".sorted"].map(|suffix| testdata(&format!("aligners/{aligner}{suffix}.bam")));
        let grouped = grouped.to_str().unwrap();
        bench.split(&[grouped, "--force"]);
        let expected = ["c.fq", "n.fq"].map(|class| sorted(records(&bench.read(class))));
        bench.split(&[apart.to_str().unwrap(), "--collate", "--force"]);
        assert_eq!(["c.fq", "n.fq"].map(|class| sorted(records(&bench.read(class)))), expected);
        for class in ["c.fq", "n.fq"] {
            let text = bench.read(class);
            let seconds = records(&text).into_iter().filter(|record| record.lines().next().unwrap().ends_with("/2"));
            let firsts = text.lines().step_by(4).filter(|name| name.ends_with("/1")).count();
            assert_eq!(seconds.count(), firsts, "no mate is alone here");
            let pairs = text.lines().step_by(4).filter(|name| name.contains('/')).collect::<Vec<_>>();
            assert!(pairs.chunks(2).all(|pair| pair[0].replace("/1", "/2") == pair[1]), "mates follow each other");
        }
    }
}

#[test]
fn neither_memory_nor_threads_change_the_order() {
    let bench = Bench::new();
    for input in ["aligners/bowtie2.sorted.bam", "aligners/minimap2.sorted.bam", "odd/alignments.sam"] {
        let input = testdata(input);
        for (classes, read) in [
            (["c.bam", "n.bam"], (|bench, class| bam(&bench.path(class)).1) as fn(&Bench, &str) -> Vec<Vec<u8>>),
            (["c.fq", "n.fq"], |bench, class| vec![bench.read(class).into_bytes()]),
        ] {
            let run = |flags: &[&str]| {
                let fixed = ["split", "--device", "cpu", "--collate", "--force", "--coding", classes[0], "--noncoding"];
                let output = bench.run(&[&fixed[..], &[classes[1], input.to_str().unwrap()], flags].concat());
                assert!(output.status.success(), "{}", stderr(&output));
                classes.map(|class| read(&bench, class))
            };
            let expected = run(&[]);
            for flags in [&["--memory", "16K"][..], &["--memory", "100K", "-t", "1"], &["-t", "3"]] {
                assert!(run(flags) == expected, "{input:?} {flags:?}");
            }
        }
    }
}

#[test]
fn what_lies_apart_is_refused_by_a_bam_output_that_would_tear_it_apart() {
    let bench = Bench::new();
    for (aligner, args) in [("minimap2", &[][..]), ("bwa", &["--mates", "each"]), ("bwa", &[])] {
        let input = testdata(&format!("aligners/{aligner}.sorted.bam"));
        let fixed = ["split", input.to_str().unwrap(), "--device", "cpu", "--coding", "c.bam", "--noncoding", "n.bam"];
        let output = bench.run(&[&fixed, args].concat());
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains("--collate"), "{}", stderr(&output));
        assert_eq!(bench.files(), Vec::<String>::new());
    }
}

#[test]
fn a_temporary_file_that_cannot_be_is_an_error_that_names_its_place() {
    let bench = Bench::new();
    let input = testdata("community.bam");
    let input = input.to_str().unwrap();
    let output = bench.run_split(&[input, "--collate", "--temp-dir", "no/such/folder"]);
    assert_eq!(output.status.code(), Some(6));
    assert!(stderr(&output).contains("cannot keep records in no/such/folder"), "{}", stderr(&output));
    assert_eq!(bench.files(), Vec::<String>::new());

    // A limit on file sizes stands in for a full disk.
    std::fs::create_dir(bench.path("temporary")).unwrap();
    let fixed = "--coding c.bam --noncoding n.bam --collate --temp-dir temporary --memory 64K --device cpu";
    let script =
        format!("trap '' XFSZ; ulimit -f 16; exec '{}' split '{input}' {fixed}", env!("CARGO_BIN_EXE_readseeker"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(bench.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot keep records in temporary"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--temp-dir"), "{}", stderr(&output));
    assert_eq!(bench.files(), ["temporary"]);
    assert_eq!(std::fs::read_dir(bench.path("temporary")).unwrap().count(), 0);
}

/// Splits into two files a class, with `--unpaired`, and checks that the two files of each class are in step; returns
/// all reads, sorted.
fn in_step(bench: &Bench, args: &[&str]) -> Vec<String> {
    let outputs = ["--coding", "c#.fq", "--noncoding", "n#.fq", "--unpaired", "u_%.fq", "--force"];
    let output = bench.run(&[&["split", "--device", "cpu"], args, &outputs].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    for class in ["c", "n"] {
        let [first, second] = [1, 2].map(|mate| bench.read(&format!("{class}{mate}.fq")));
        assert_eq!(names(&first), names(&second), "{class}");
    }
    let files = ["c1.fq", "c2.fq", "n1.fq", "n2.fq", "u_coding.fq", "u_noncoding.fq"];
    sorted(files.iter().flat_map(|file| records(&bench.read(file))).collect())
}

#[test]
fn two_files_stay_in_step_whatever_has_no_mate() {
    let bench = Bench::new();
    // Single reads among pairs.
    let mixed = testdata("aligners/bowtie2.bam");
    let mixed = mixed.to_str().unwrap();
    let plain = |bench: &Bench| {
        let texts = ["c.fq", "n.fq"].map(|class| bench.read(class)).concat();
        sorted(records(&texts.replace("/1\n", "\n").replace("/2\n", "\n")))
    };
    bench.split(&[mixed]);
    let all = in_step(&bench, &[mixed]);
    assert_eq!(all, plain(&bench));
    let single = records(&[bench.read("u_coding.fq"), bench.read("u_noncoding.fq")].concat());
    assert_eq!(single.len(), 40);
    assert!(single.iter().all(|record| record.starts_with("@S")));

    // Orphans, and mates without bases.
    let orphans = testdata("odd/alignments.bam");
    bench.split(&[orphans.to_str().unwrap(), "--force"]);
    assert_eq!(in_step(&bench, &[orphans.to_str().unwrap()]), plain(&bench));
    let unpaired = bench.read("u_coding.fq") + &bench.read("u_noncoding.fq");
    for name in ["@orphan1", "@orphan2", "@single", "@no_bases_first", "@both_flags"] {
        assert!(unpaired.lines().any(|line| line == name), "{name}");
    }

    // Mates that go to different classes.
    let pairs = testdata("aligners/bwa.bam");
    in_step(&bench, &[pairs.to_str().unwrap(), "--mates", "each"]);
    let parted = [bench.read("u_coding.fq"), bench.read("u_noncoding.fq")].map(|text| names(&text));
    assert!(parted[0].len() > 5);
    assert_eq!(sorted(parted[0].clone()), sorted(parted[1].clone()), "where one mate is, the other is not");
}

#[test]
fn the_same_mates_are_unpaired_for_one_file_a_class_and_for_two() {
    let bench = Bench::new();
    let pairs = ["community_R1.fq.gz", "community_R2.fq.gz"].map(|name| testdata(name).to_str().unwrap().to_owned());
    let bam = testdata("community.bam").to_str().unwrap().to_owned();
    let unpaired = |input: &[&str], outputs: &[&str]| {
        let fixed = ["split", "--device", "cpu", "--mates", "each", "--unpaired", "u_%.fq", "--force"];
        let output = bench.run(&[&fixed, input, outputs].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        ["u_coding.fq", "u_noncoding.fq"].map(|file| names(&bench.read(file)))
    };
    for input in [&[pairs[0].as_str(), &pairs[1]][..], &[&bam]] {
        let two = unpaired(input, &["--coding", "c#.fq", "--noncoding", "n#.fq"]);
        let one = unpaired(input, &["--coding", "c.fq", "--noncoding", "n.fq"]);
        assert!(two[0].len() > 100 && records(&bench.read("c.fq")).len() > 1000);
        assert_eq!(one, two, "{input:?}");
        assert_eq!(unpaired(input, &["--out-prefix", "o/"]), two, "{input:?}");
    }
}

#[test]
fn a_read_that_would_bring_two_files_out_of_step_is_an_error() {
    let bench = Bench::new();
    bench.write("1.fq", fastq(3, 100, "/1"));
    let empty = fastq(3, 100, "/2").replacen(&fastq(1, 100, "/2"), "@r0/2\n\n+\n\n", 1);
    bench.write("2.fq", empty);
    let mixed = testdata("aligners/bowtie2.bam");
    for (input, name) in [(&[mixed.to_str().unwrap()][..], "S"), (&["1.fq", "2.fq"], "r0/1")] {
        let outputs = ["--coding", "c#.fq", "--noncoding", "n#.fq"];
        let output = bench.run(&[&["split", "--device", "cpu"], input, &outputs[..]].concat());
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains(&format!("readseeker: {name}")) && text.contains("has no mate in its class"), "{text}");
        assert!(text.contains("--unpaired unpaired_%.fq.gz"), "{text}");
        assert_eq!(bench.files(), ["1.fq", "2.fq"]);
        in_step(&bench, input);
        for file in bench.files().iter().filter(|file| !["1.fq", "2.fq"].contains(&file.as_str())) {
            std::fs::remove_file(bench.path(file)).unwrap();
        }
    }
}

#[test]
fn interleaved_outputs_hold_pairs_alone_with_unpaired() {
    let bench = Bench::new();
    let mixed = testdata("aligners/bowtie2.bam");
    bench.split(&[mixed.to_str().unwrap(), "--unpaired", "u_%.fq"]);
    for class in ["c.fq", "n.fq"] {
        let text = bench.read(class);
        let names: Vec<&str> = text.lines().step_by(4).collect();
        assert!(names.chunks(2).all(|pair| pair[0].ends_with("/1") && pair[0].replace("/1", "/2") == pair[1]));
    }
    assert_eq!(records(&(bench.read("u_coding.fq") + &bench.read("u_noncoding.fq"))).len(), 40);
}

#[test]
fn r1_comes_before_r2_whatever_their_order_in_the_file() {
    let bench = Bench::new();
    let bases: Vec<String> = (1..=4).map(|seed| crate::support::bases(seed, 90)).collect();
    let line = |name: &str, flags: u16, bases: &str| format!("{name}\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{bases}\t*\n");
    let records = [("a", 141, 0), ("a", 77, 1), ("b", 77, 2), ("b", 141, 3)];
    let text = records.map(|(name, flags, n)| line(name, flags, &bases[n])).concat();
    bench.write("in.sam", format!("@HD\tVN:1.6\n{text}"));
    bench.split(&["in.sam", "--threshold", "0"]);
    let expected = [("a/1", 1), ("a/2", 0), ("b/1", 2), ("b/2", 3)];
    let expected = expected.map(|(name, n)| format!("@{name}\n{}\n+\n{}", bases[n], "B".repeat(90)));
    assert_eq!(crate::support::records(&bench.read("c.fq")), expected);
}

#[test]
fn mates_whose_names_end_in_numbers_are_regrouped_too() {
    let bench = Bench::new();
    let line = |name: &str, flags: u16, seed: u64| {
        format!("{name}\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{0}\t{1}\n", bases(seed, 80), "I".repeat(80))
    };
    // All first mates, then all second mates. `spot.1` and `spot.2` are two pairs: equal names take precedence.
    let styles = [("a.1", "a.2"), ("b_1", "b_2"), ("c/1", "c/2"), ("spot.1", "spot.1"), ("spot.2", "spot.2")];
    let firsts = styles.iter().zip(1..).map(|((first, _), seed)| line(first, 77, seed));
    let seconds = styles.iter().zip(11..).map(|((_, second), seed)| line(second, 141, seed));
    let runs = [line("SRR1.1", 77, 21), line("SRR1.2", 141, 22)];
    bench.write("in.sam", firsts.chain(seconds).chain(runs).collect::<String>());
    for memory in ["256M", "64K"] {
        bench.split(&["in.sam", "--memory", memory, "--collate", "--threshold", "1", "--json", "r.json", "--force"]);
        let text = bench.read("n.fq");
        let names: Vec<&str> = text.lines().step_by(4).collect();
        let spots = [("spot.1/1", "spot.1/2"), ("spot.2/1", "spot.2/2")];
        for (first, second) in styles[..3].iter().copied().chain(spots) {
            let at = names.iter().position(|name| name[1..] == *first).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(names[at + 1][1..], *second, "{text}");
        }
        assert_eq!(bench.json("r.json")["counts"]["orphans"], 2, "two spots of one run are no mates");
    }
}

/// Alignments as merged lanes have them: two pairs of each name, both first mates before both second mates.
fn merged_lanes() -> String {
    let mut text = String::from("@HD\tVN:1.6\tGO:query\n");
    for n in 0..6 {
        for (seed, flags) in [77, 77, 141, 141].into_iter().enumerate() {
            let (letters, quality_scores) = (bases(n * 4 + seed as u64 + 1, 100), "I".repeat(100));
            writeln!(text, "r{n}\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{letters}\t{quality_scores}").unwrap();
        }
    }
    text
}

#[test]
fn what_follows_a_read_follows_its_own() {
    let bench = Bench::new();
    bench.split(&[testdata("community_R1.fq.gz").to_str().unwrap(), "--prior", "0.5"]);
    let one_of = |file: &str| records(&bench.read(file))[0].lines().nth(1).unwrap().to_owned();
    let (coding, noncoding) = (one_of("c.fq"), one_of("n.fq"));
    let line = |name: &str, flags: u16, place: u32, letters: &str| {
        format!("{name}\t{flags}\tc\t{place}\t60\t{}M\t*\t0\t0\t{letters}\t*\n", letters.len())
    };
    // Single reads whose names end in /1 and /2, and two pairs of one name: each with a supplementary record.
    let single = [("x/1", 0, &coding), ("x/2", 0, &noncoding), ("x/1", 2048, &coding), ("x/2", 2048, &noncoding)];
    let pairs =
        [(65, &coding), (2113, &coding), (129, &coding), (65, &noncoding), (2113, &noncoding), (129, &noncoding)];
    let files = |lines: &[String]| {
        bench.write("in.sam", "@HD\tVN:1.6\tGO:query\n@SQ\tSN:c\tLN:9000\n".to_owned() + &lines.concat());
        for mates in ["mean", "each"] {
            let to_bam = ["split", "in.sam", "--device", "cpu", "--coding", "c.bam", "--noncoding", "n.bam", "--force"];
            let output = bench.run(&[&to_bam[..], &["--collate", "--mates", mates, "--prior", "0.5"]].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            for file in ["c.bam", "n.bam"] {
                let records = bam(&bench.path(file)).1;
                let score = |record: &Vec<u8>| record[record.len() - 11..].to_vec(); // its last two tags
                assert_eq!(records.len(), lines.len() / 2, "{file}, --mates {mates}");
                assert!(records.iter().all(|record| score(record) == score(&records[0])), "{file}, --mates {mates}");
            }
        }
    };
    files(
        &single
            .iter()
            .zip(1..)
            .map(|((name, flags, letters), n)| line(name, *flags, 100 * n, letters))
            .collect::<Vec<_>>(),
    );
    files(&pairs.iter().zip(1..).map(|((flags, letters), n)| line("p", *flags, 100 * n, letters)).collect::<Vec<_>>());
}

#[test]
fn numbered_mates_stay_together_whatever_stands_between_them() {
    let bench = Bench::new();
    let line = |name: &str, flags: u16, seed: u64| {
        format!("{name}\t{flags}\tc\t{seed}\t60\t100M\t*\t0\t0\t{}\t*\n", bases(seed, 100))
    };
    let header = "@HD\tVN:1.6\tGO:query\n@SQ\tSN:c\tLN:9000\n";
    let between = [("SRR1.7.1", 2113), ("SRR1.7.1", 65), ("SRR1.7.2", 2177), ("SRR1.7.2", 129)];
    let twice = [("SRR1.7.1", 65), ("SRR1.7.2", 129), ("SRR1.7.1", 65), ("SRR1.7.2", 129)];
    let text = |lines: &[(&str, u16)]| {
        lines.iter().zip(1..).fold(header.to_owned(), |text, ((name, flags), n)| text + &line(name, *flags, n))
    };
    bench.write("in.sam", text(&between));
    for (more, output) in [(&[][..], "n.fq"), (&["--collate"], "n.fq"), (&[], "n.bam"), (&["--collate"], "n.bam")] {
        let run = ["split", "in.sam", "--device", "cpu", "--coding", "/dev/null", "--noncoding", output];
        let run = bench.run(&[&run, &["--threshold", "1", "--json", "r.json", "--force"][..], more].concat());
        assert!(run.status.success(), "{}", stderr(&run));
        let counts = &bench.json("r.json")["counts"];
        assert!(counts["pairs"] == 1 && counts["orphans"] == 0, "{more:?} {output}: {counts}");
    }
    bench.write("twice.sam", text(&twice));
    bench.split(&["twice.sam", "--no-model", "--force"]);
    let text = bench.read("n.fq");
    let headers: Vec<&str> = text.lines().step_by(4).collect();
    assert_eq!(headers, ["@SRR1.7.1", "@SRR1.7.2", "@SRR1.7.1", "@SRR1.7.2"]);
    bench.write("again.fq", &text);
    bench.split(&["again.fq", "--interleaved", "--no-model", "--force"]);
    assert_eq!(bench.read("n.fq"), text, "what is written can be read");
}

#[test]
fn a_mate_without_bases_keeps_its_place_where_a_name_recurs() {
    let bench = Bench::new();
    let line = |(flags, letters): (u16, &str)| format!("p\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{letters}\t*\n");
    let reads = [1, 2, 3].map(|seed| bases(seed, 100));
    let lines = [(77, "*"), (141, &*reads[0]), (77, &*reads[1]), (141, &*reads[2])].map(line).concat();
    bench.write("in.sam", "@HD\tVN:1.6\tGO:query\n".to_owned() + &lines);
    let files = ["--coding", "c_#.fq", "--noncoding", "n_#.fq", "--unpaired", "u_%.fq"];
    let output = bench.run(&[&["split", "in.sam", "--no-model"], &files[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let written = ["n_1.fq", "n_2.fq", "u_noncoding.fq"].map(|file| bench.read(file));
    for (text, read) in written.iter().zip([&reads[1], &reads[2], &reads[0]]) {
        assert_eq!(text.lines().nth(1), Some(&**read));
    }
}

#[test]
fn numbered_mates_that_are_apart_are_an_error() {
    let bench = Bench::new();
    let line = |(name, flags): (&str, u16)| format!("{name}\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{}\t*\n", bases(1, 100));
    // A header that says nothing of their order.
    let lines = [("SRR1.7.1", 65), ("SRR1.8.1", 65), ("SRR1.7.2", 129), ("SRR1.8.2", 129)].map(line).concat();
    bench.write("in.sam", "@HD\tVN:1.6\n".to_owned() + &lines);
    let output = bench.run(&["split", "in.sam", "--coding", "c.fq", "--noncoding", "n.fq", "--no-model"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("the records of \"SRR1.7.2\" are not adjacent"), "{}", stderr(&output));
    assert!(!bench.path("n.fq").exists());
}

#[test]
fn mates_in_one_file_have_their_own_number() {
    let bench = Bench::new();
    let read = |name: &str| format!("@{name} x\n{}\n+\n{}\n", bases(1, 100), "I".repeat(100));
    for (file, name) in [("1.fq", "a/1"), ("2.fq", "a/1"), ("3.fq", "b/2"), ("4.fq", "c")] {
        bench.write(file, read(name));
    }
    for (first, second, expected) in [("1.fq", "2.fq", ["@a/1 x", "@a/2 x"]), ("3.fq", "4.fq", ["@b/1 x", "@c/2 x"])] {
        bench.split(&[first, second, "--trust-order", "--no-model", "--force"]);
        let text = bench.read("n.fq");
        assert_eq!(text.lines().step_by(4).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn pairs_of_one_name_are_judged_apart() {
    let bench = Bench::new();
    let [first, second] = [1, 2].map(|mate| testdata(&format!("community_R{mate}.fq.gz")));
    bench.split(&[first.to_str().unwrap(), second.to_str().unwrap(), "--no-model"]);
    let reads = records(&bench.read("n.fq"));
    // SAM in which each name belongs to two pairs, or to one.
    let sam = |pairs_of_a_name: usize| {
        let mut text = String::from("@HD\tVN:1.6\tGO:query\n");
        for (n, read) in reads[..400].iter().enumerate() {
            let lines: Vec<&str> = read.lines().collect();
            let (name, flags) = (n / 2 / pairs_of_a_name, if n % 2 == 0 { 77 } else { 141 });
            writeln!(text, "r{name}\t{flags}\t*\t0\t0\t*\t*\t0\t0\t{}\t{}", lines[1], lines[3]).unwrap();
        }
        text
    };
    let judged = |sam: &str, flags: &[&str]| {
        bench.write("in.sam", sam);
        bench.split(&[&["in.sam", "--prior", "0.5", "--json", "r.json", "--force"], flags].concat());
        let counts = bench.json("r.json")["counts"].clone();
        let letters = |file: &str| bench.read(file).lines().skip(1).step_by(4).map(str::to_owned).collect::<Vec<_>>();
        ([letters("c.fq"), letters("n.fq")], counts)
    };
    let apart = judged(&sam(1), &[]);
    assert!(apart.1["pairs"] == 200 && apart.1["pairs_that_disagree"] != 0 && apart.1["orphans"] == 0, "{}", apart.1);
    assert!(judged(&sam(2), &[]) == apart && judged(&sam(2), &["--collate"]) == apart);
    let one_more = format!("{}r99\t77\t*\t0\t0\t*\t*\t0\t0\t{}\t*\n", sam(2), bases(1, 100));
    for flags in [&[][..], &["--collate"]] {
        let (_, counts) = judged(&one_more, flags);
        assert!(counts["orphans"] == 1 && counts["pairs"] == 200, "{flags:?}: {counts}");
    }
}

#[test]
fn pairs_of_one_name_come_out_as_pairs_in_order() {
    let bench = Bench::new();
    let lanes = merged_lanes();
    bench.write("in.sam", &lanes);
    let letters: Vec<&str> = lanes.lines().skip(1).map(|line| line.split('\t').nth(9).unwrap()).collect();
    let pairs: Vec<&str> = letters.chunks(4).flat_map(|four| [four[0], four[2], four[1], four[3]]).collect();
    let written =
        |name: &str| -> Vec<String> { bench.read(name).lines().skip(1).step_by(4).map(str::to_owned).collect() };
    let split = |input: &[&str], noncoding: &str| {
        let output = bench.run(&[&["split", "--no-model", "-q", "--force", "--noncoding", noncoding], input].concat());
        assert!(output.status.success(), "{input:?}: {}", stderr(&output));
    };
    split(&["in.sam", "--coding", "c.fq"], "n.fq");
    assert_eq!(written("n.fq"), pairs, "interleaved");
    split(&["in.sam", "--mates", "each", "--coding", "c.fq"], "each.fq");
    assert_eq!(bench.read("each.fq"), bench.read("n.fq"), "judged apart");
    split(&["n.fq", "--interleaved", "--coding", "c.fq"], "again.fq");
    assert_eq!(bench.read("again.fq"), bench.read("n.fq"), "what is written can be read");
    split(&["in.sam", "--coding", "c#.fq"], "n#.fq");
    let mates = [written("n1.fq"), written("n2.fq")];
    assert!(mates[0].iter().zip(&mates[1]).flat_map(|(r1, r2)| [r1, r2]).eq(&pairs), "two files");
    for names in [&[][..], &["--trust-order"]] {
        split(&[&["n1.fq", "n2.fq", "--coding", "c.bam"], names].concat(), "n.bam");
        let flags: Vec<u16> = bam(&bench.path("n.bam")).1.iter().map(|record| flags(record)).collect();
        assert!(flags.iter().copied().eq([77, 141].into_iter().cycle().take(24)), "BAM {names:?}: {flags:?}");
    }
    split(&["in.sam", "--coding", "c.bam"], "n.bam");
    let flags: Vec<u16> = bam(&bench.path("n.bam")).1.iter().map(|record| flags(record)).collect();
    assert!(flags.iter().copied().eq([77, 77, 141, 141].into_iter().cycle().take(24)), "records stay as they were");
}
