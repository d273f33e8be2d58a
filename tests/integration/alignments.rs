//! BAM outputs: records pass unchanged but for two tags, in input order; secondary and supplementary records follow
//! their read.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use noodles::bgzf;

use crate::support::{Bench, bases, fastq, stderr, testdata};

/// The header text and the records of a BAM file, each record without its length field.
pub(crate) fn bam(path: &std::path::Path) -> (String, Vec<Vec<u8>>) {
    let stored = std::fs::read(path).unwrap();
    assert!(stored.ends_with(&[0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "the block that ends every BAM file");
    let mut bytes = Vec::new();
    bgzf::io::Reader::new(stored.as_slice()).read_to_end(&mut bytes).unwrap();
    let mut rest = bytes.strip_prefix(b"BAM\x01").unwrap();
    let number = |rest: &mut &[u8]| {
        let (number, after) = rest.split_first_chunk::<4>().unwrap();
        *rest = after;
        u32::from_le_bytes(*number) as usize
    };
    let len = number(&mut rest);
    let text = String::from_utf8(rest[..len].to_vec()).unwrap();
    rest = &rest[len..];
    for _ in 0..number(&mut rest) {
        let len = number(&mut rest);
        rest = &rest[len + 4..];
    }
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len = number(&mut rest);
        records.push(rest[..len].to_vec());
        rest = &rest[len..];
    }
    (text, records)
}

fn name(record: &[u8]) -> String {
    String::from_utf8(record[32..32 + usize::from(record[8]) - 1].to_vec()).unwrap()
}

pub(crate) fn flags(record: &[u8]) -> u16 {
    u16::from_le_bytes([record[14], record[15]])
}

fn mate(record: &[u8]) -> &'static str {
    match flags(record) & 0xc0 {
        0x40 => "1",
        0x80 => "2",
        _ => "0",
    }
}

/// A record without our tags, and the values of the tags: the probability with six decimals, and the frame.
fn parted(record: &[u8]) -> (&[u8], Option<(String, String)>) {
    let Some(at) = record.len().checked_sub(11).filter(|&at| record[at..].starts_with(b"cpf")) else {
        assert!(!record.windows(3).any(|tag| tag == b"cpf"), "our tags come last, and both or none");
        return (record, None);
    };
    let probability = f32::from_le_bytes(record[at + 3..at + 7].try_into().unwrap());
    let frame = i8::from_le_bytes(record[at + 7..].strip_prefix(b"cfc").unwrap().try_into().unwrap());
    (&record[..at], Some((format!("{probability:.6}"), frame.to_string())))
}

/// Inputs whose records are grouped by name.
const GROUPED: [&str; 3] = ["aligners/bwa.bam", "aligners/bowtie2.bam", "aligners/minimap2.bam"];

/// The class and the bytes of each record of the input, from a run with BAM outputs. Panics if the outputs are not in
/// input order.
fn classes(bench: &Bench, input: &str, args: &[&str]) -> Vec<(&'static str, Vec<u8>)> {
    let fixed = ["--coding", "c.bam", "--noncoding", "n.bam", "--undecided", "u.bam", "--force", "--json", "r.json"];
    let output = bench.run(&[&["split", input, "--device", "cpu"], &fixed[..], args].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let mut queues = ["c.bam", "n.bam", "u.bam"].map(|class| (class, bam(&bench.path(class)).1.into_iter().peekable()));
    let mut found = Vec::new();
    for (n, expected) in bam(std::path::Path::new(input)).1.iter().enumerate() {
        let next = |queue: &mut std::iter::Peekable<std::vec::IntoIter<Vec<u8>>>| {
            queue.next_if(|record| parted(record).0 == expected)
        };
        let record = queues.iter_mut().find_map(|(class, queue)| Some((*class, next(queue)?)));
        found.push(record.unwrap_or_else(|| panic!("{input}: record {n} ({}) is next in no class", name(expected))));
    }
    for (class, mut queue) in queues {
        assert_eq!(queue.next(), None, "{class} has more records than the input");
    }
    found
}

#[test]
fn records_pass_unchanged_in_order_and_with_the_scores_of_the_table() {
    let bench = Bench::new();
    let mut seen = HashSet::new();
    for input in GROUPED {
        let input = testdata(input);
        let found = classes(&bench, input.to_str().unwrap(), &["--scores", "s.tsv"]);
        seen.extend(found.iter().map(|(class, _)| *class));
        let table = bench.read("s.tsv");
        let lines = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        let scores: HashMap<(String, &str), (&str, &str)> =
            lines.map(|l| ((l[0].to_owned(), l[1]), (l[3], l[6]))).collect();
        for (_, record) in &found {
            let (_, score) = parted(record);
            let (probability, frame) = score.expect("these reads are all long enough");
            assert_eq!(scores[&(name(record), mate(record))], (probability.as_str(), frame.as_str()));
        }
    }
    assert!(seen.contains("c.bam") && seen.contains("n.bam"));
}

#[test]
fn all_records_of_a_name_go_to_one_class_and_those_of_a_mate_where_mates_may_part() {
    let bench = Bench::new();
    let mut parted_pairs = 0;
    for (input, args) in GROUPED.iter().flat_map(|input| [(input, &[][..]), (input, &["--mates", "each"])]) {
        let mut places: HashMap<(String, &str), &str> = HashMap::new();
        let mut names: HashMap<String, HashSet<&str>> = HashMap::new();
        for (class, record) in &classes(&bench, testdata(input).to_str().unwrap(), args) {
            let key = (name(record), if args.is_empty() { "" } else { mate(record) });
            assert_eq!(places.entry(key).or_insert(*class), class, "{}", name(record));
            names.entry(name(record)).or_default().insert(*class);
        }
        parted_pairs += names.values().filter(|classes| classes.len() > 1).count();
    }
    assert!(parted_pairs > 5, "mates judged apart part");
}

#[test]
fn the_header_is_the_inputs_with_a_line_for_this_run() {
    let bench = Bench::new();
    for input in GROUPED {
        let path = testdata(input);
        classes(&bench, path.to_str().unwrap(), &[]);
        let (before, _) = bam(&path);
        for class in ["c.bam", "n.bam", "u.bam"] {
            let (after, _) = bam(&bench.path(class));
            let ours = after.strip_prefix(&before).unwrap();
            assert_eq!(ours.lines().count(), 1);
            let program = before.lines().rfind(|line| line.starts_with("@PG")).map(|line| {
                let id = line.split('\t').find_map(|field| field.strip_prefix("ID:"));
                format!("\tPP:{}", id.unwrap())
            });
            let start = format!("@PG\tID:readseeker\tPN:readseeker{}\tVN:0.1.0\tCL:", program.unwrap_or_default());
            assert!(ours.starts_with(&start) && ours.contains(" split ") && ours.ends_with('\n'), "{ours}");
        }
    }
}

#[test]
fn the_header_of_lanes_has_the_read_groups_of_all() {
    let bench = Bench::new();
    for lane in 1..=3 {
        let read = format!("r{lane}\t0\tc\t{}\t60\t100M\t*\t0\t0\t{}\t*\tRG:Z:l{lane}\n", 4 - lane, bases(lane, 100));
        let header = format!("@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:c\tLN:1000\n@RG\tID:l{lane}\tSM:s\n@PG\tID:bwa\n");
        bench.write(&format!("{lane}.sam"), header + &read);
    }
    let written = |lanes: &[&str]| {
        let to_bam = ["split", "--no-model", "--coding", "c.bam", "--noncoding", "n.bam", "--force"];
        let output = bench.run(&[&to_bam, lanes].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        bam(&bench.path("n.bam"))
    };
    let (header, records) = written(&["1.sam", "2.sam", "3.sam"]);
    let groups = "@RG\tID:l1\tSM:s\n@PG\tID:bwa\n@RG\tID:l2\tSM:s\n@RG\tID:l3\tSM:s\n@PG\tID:readseeker\t";
    let expected = format!("@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:c\tLN:1000\n{groups}");
    assert!(header.starts_with(&expected) && records.len() == 3, "{header}");
    assert!(written(&["1.sam"]).0.starts_with("@HD\tVN:1.6\tSO:coordinate\n"), "of one file as it is");
}

#[test]
fn a_second_run_replaces_the_tags_of_the_first() {
    let bench = Bench::new();
    let input = testdata("aligners/minimap2.bam");
    classes(&bench, input.to_str().unwrap(), &["--threshold", "0"]);
    std::fs::rename(bench.path("c.bam"), bench.path("again.bam")).unwrap();
    let (_, first) = bam(&bench.path("again.bam"));
    bench.run(&[
        "split",
        "again.bam",
        "--device",
        "cpu",
        "--coding",
        "c.bam",
        "--noncoding",
        "n.bam",
        "--threshold",
        "0",
        "--force",
    ]);
    let (header, second) = bam(&bench.path("c.bam"));
    assert_eq!(second, first);
    assert!(header.contains("@PG\tID:readseeker.1\tPN:readseeker\tPP:readseeker\t"), "{header}");
}

#[test]
fn a_header_that_samtools_refuses_is_not_passed_on() {
    let bench = Bench::new();
    bench.write("in.sam", "@HD\tVN:1.6\n@SQ\tSN:c\nr\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n");
    let split = |coding, noncoding| {
        bench.run(&["split", "in.sam", "--device", "cpu", "--coding", coding, "--noncoding", noncoding])
    };
    let refused = split("c.bam", "n.bam");
    assert_eq!(refused.status.code(), Some(3));
    let message = stderr(&refused);
    assert!(message.contains("line 2 of its header has no length (LN) from 0 to 2147483647"), "{message}");
    assert_eq!(bench.files(), ["in.sam"]);
    assert_eq!(split("c.fq", "n.fq").status.code(), Some(0));
}

/// Writes `alignments.sam` without the record that has no primary one.
fn odd_sam(bench: &Bench) -> String {
    let text = std::fs::read_to_string(testdata("odd/alignments.sam")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("only_secondary")).map(|line| format!("{line}\n"));
    bench.write("odd.sam", lines.collect::<String>()).to_str().unwrap().to_owned()
}

/// Splits `odd.sam` on the CPU and writes the coding records to `c.bam`.
fn split_odd(bench: &Bench, more: &[&str]) -> std::process::Output {
    bench.run(&[&["split", "odd.sam", "--device", "cpu", "--coding", "c.bam"], more].concat())
}

#[test]
fn sam_becomes_the_bam_that_samtools_makes_of_it() {
    let bench = Bench::new();
    odd_sam(&bench);
    split_odd(&bench, &["--noncoding", "/dev/null", "--output-format", "bam", "--threshold", "0", "--min-length", "6"]);
    let (_, made) = bam(&bench.path("c.bam"));
    let (_, mut expected) = bam(&testdata("odd/alignments.bam"));
    // These records are not written: they are too short to be scored, or no read of their name has bases.
    expected.retain(|record| !["only_secondary", "one_base", "no_bases"].contains(&name(record).as_str()));
    assert_eq!(made.len(), expected.len());
    for (made, expected) in made.iter().zip(&expected) {
        assert_eq!(parted(made).0, expected, "{}", name(expected));
    }
}

#[test]
fn nothing_is_lost_and_the_counts_add_up() {
    let bench = Bench::new();
    odd_sam(&bench);
    let output = split_odd(&bench, &["--noncoding", "n.bam", "--json", "r.json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let records: Vec<Vec<u8>> = ["c.bam", "n.bam"].iter().flat_map(|class| bam(&bench.path(class)).1).collect();
    let lines = bench.read("odd.sam").lines().filter(|line| !line.starts_with('@')).count();
    assert_eq!(records.len(), lines);
    let report = bench.json("r.json");
    let count = |name: &str| report["counts"][name].as_u64().unwrap();
    let sum = ["coding", "noncoding", "undecided", "without_bases", "secondary", "supplementary"]
        .map(count)
        .iter()
        .sum::<u64>();
    assert_eq!(sum, count("records"));
    assert_eq!(count("followers"), count("without_bases") + count("secondary") + count("supplementary"));
    assert!(records.iter().any(|record| name(record) == "no_bases"), "a record without bases is no read, but is kept");
}

#[test]
fn a_class_that_is_not_bam_has_the_reads_alone() {
    let bench = Bench::new();
    let input = testdata("aligners/bwa.bam");
    let input = input.to_str().unwrap();
    bench.run(&["split", input, "--device", "cpu", "--coding", "c.bam", "--noncoding", "n.fq"]);
    bench.split(&[input, "--force"]);
    let (_, coding) = bam(&bench.path("c.bam"));
    assert!(coding.iter().any(|record| flags(record) & 0x800 != 0));
    let reads = |text: String| text.lines().count() / 4;
    assert_eq!(coding.iter().filter(|record| flags(record) & 0x900 == 0).count(), reads(bench.read("c.fq")));
}

#[test]
fn fastq_becomes_unaligned_bam_and_back() {
    let bench = Bench::new();
    bench.write("1.fq", fastq(40, 100, "/1 x"));
    bench.write("2.fq", fastq(40, 100, "/2"));
    bench.run(&["split", "1.fq", "2.fq", "--device", "cpu", "--coding", "c.bam", "--noncoding", "n.bam"]);
    bench.split(&["1.fq", "2.fq"]);
    for (class, reads) in [("c.bam", "c.fq"), ("n.bam", "n.fq")] {
        let (header, records) = bam(&bench.path(class));
        assert!(header.starts_with("@HD\tVN:1.6\tSO:unsorted\tGO:query\n@PG\tID:readseeker\t"), "{header}");
        assert!(records.iter().map(|record| flags(record)).eq([77, 141].into_iter().cycle().take(records.len())));
        let args = ["split", class, "--device", "cpu", "--coding", "-", "--noncoding", "/dev/null", "--threshold", "0"];
        let back = String::from_utf8(bench.run(&args).stdout).unwrap();
        assert_eq!(back, bench.read(reads).replace("/1 x", "/1"));
    }
    bench.write("single.fa", ">r one\nACGTUACGTNACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\n");
    bench.run(&[
        "split",
        "single.fa",
        "--device",
        "cpu",
        "--coding",
        "s.bam",
        "--noncoding",
        "/dev/null",
        "--threshold",
        "0",
    ]);
    let (_, records) = bam(&bench.path("s.bam"));
    assert_eq!((flags(&records[0]), name(&records[0]).as_str()), (4, "r"));
    assert!(parted(&records[0]).0.ends_with(&[0xff; 66]), "quality scores that are not known");
    let long = format!("@{}\nACGT\n+\nIIII\n", "n".repeat(255));
    bench.write("long.fq", long);
    let output = bench.run(&["split", "long.fq", "--device", "cpu", "--coding", "x.bam", "--noncoding", "y.bam"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("the name is 255 bytes long"), "{}", stderr(&output));
}

#[test]
fn bam_goes_to_stdout_on_request() {
    let bench = Bench::new();
    let input = testdata("aligners/bwa.bam");
    let args = ["split", input.to_str().unwrap(), "--device", "cpu", "--noncoding", "n.bam"];
    bench.run(&[&args[..], &["--coding", "c.bam"]].concat());
    let output = bench.run(&[&args[..], &["--coding", "-", "--output-format", "bam", "--force"]].concat());
    let stdout = bench.write("stdout.bam", output.stdout);
    assert_eq!(bam(&stdout).1, bam(&bench.path("c.bam")).1);
}

#[test]
fn outputs_that_bam_cannot_be_are_usage_errors() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(3, 100, ""));
    let input = testdata("aligners/bwa.bam");
    let input = input.to_str().unwrap();
    for args in [
        &[input, "--coding", "c#.bam", "--noncoding", "n.bam"][..],
        &[input, "--coding", "c.bam", "--coding2", "d.bam", "--noncoding", "n.bam"],
        &[input, "--coding", "c.bam", "--noncoding", "n.bam", "--unpaired", "u_%.bam"],
        &[input, "--coding", "c#.fq", "--noncoding", "n#.fq", "--output-format", "bam"],
        &[input, "--coding", "c#.fq", "--noncoding", "n#.fq", "--unpaired", "u.fq"],
        &[input, "--coding", "c#.fq", "--noncoding", "n#.fq", "--mates", "each"],
        &["in.fq", "--coding", "c.bam", "--noncoding", "n.bam", "--collate"],
        &["in.fq", "--coding", "c.bam", "--noncoding", "n.bam", "--temp-dir", "."],
    ] {
        let output = bench.run(&[&["split", "--device", "cpu"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert_eq!(bench.files(), ["in.fq"]);
    }
}
