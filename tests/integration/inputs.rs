//! Several inputs in one run, samples and estimates, and what `--annotate` writes.

use crate::support::{Bench, bases, fastq, records, stderr, testdata};

/// FASTQ of `count` reads, whose names are numbered from `first`.
fn lane(first: u64, count: u64) -> String {
    records(&fastq(first + count, 120, "")).split_off(usize::try_from(first).unwrap()).join("\n") + "\n"
}

/// The records of both classes' outputs, sorted together.
fn written(bench: &Bench) -> Vec<String> {
    let mut all = [records(&bench.read("c.fq")), records(&bench.read("n.fq"))].concat();
    all.sort();
    all
}

fn sorted(text: &str) -> Vec<String> {
    let mut all = records(text);
    all.sort();
    all
}

#[test]
fn lanes_are_read_one_after_the_other() {
    let bench = Bench::new();
    let lanes = [lane(0, 30), String::new(), lane(30, 20)];
    for (n, lane) in lanes.iter().enumerate() {
        bench.write(&format!("l{n}.fq"), lane);
    }
    let whole = lanes.concat();
    bench.write("whole.fq", &whole);
    bench.split(&["whole.fq"]);
    let expected = [bench.read("c.fq"), bench.read("n.fq")];
    bench.write("list", "l0.fq\n# nothing in this one\nl1.fq\nl2.fq\n");
    for lanes in [&["--single", "l0.fq", "l1.fq", "l2.fq"][..], &["--files-from", "list"]] {
        bench.split(&[lanes, &["--force", "--json", "r.json"]].concat());
        assert_eq!([bench.read("c.fq"), bench.read("n.fq")], expected, "{lanes:?}");
        let report = bench.json("r.json");
        assert_eq!((&report["counts"]["records"], &report["input"]["files"][2]), (&50.into(), &"l2.fq".into()));
        assert_eq!(report["input"]["stored_bytes"], whole.len());
    }
}

#[test]
fn a_lane_that_starts_with_blank_lines_is_not_empty() {
    let bench = Bench::new();
    bench.write("l0.fq", "\n".repeat(10_000) + &lane(0, 30));
    bench.write("l1.fq", lane(30, 20));
    bench.write("l2.fq", "\r\n".repeat(10_000));
    bench.split(&["--single", "l0.fq", "l1.fq", "l2.fq", "--json", "r.json"]);
    assert_eq!(bench.json("r.json")["counts"]["records"], 50);
}

#[test]
fn lanes_of_pairs_keep_their_mates() {
    let bench = Bench::new();
    for (name, first) in [("a", 0), ("b", 25)] {
        bench.write(&format!("{name}_1.fq"), lane(first, 25));
        bench.write(&format!("{name}_2.fq"), lane(first, 25).replace('I', "H"));
    }
    bench.write("list", "a_1.fq\ta_2.fq\nb_1.fq\tb_2.fq\n");
    for lanes in [&["--paired", "a_1.fq", "a_2.fq", "b_1.fq", "b_2.fq"][..], &["--files-from", "list"]] {
        let outputs = ["--device", "cpu", "--coding", "c#.fq", "--noncoding", "n#.fq", "--force"];
        let output = bench.run(&[&["split"][..], lanes, &outputs].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let [first, second] =
            ["1", "2"].map(|n| ["c", "n"].map(|class| bench.read(&format!("{class}{n}.fq"))).concat());
        assert_eq!(first.replace('I', "H"), second);
        assert_eq!(sorted(&(bench.read("c1.fq") + &bench.read("n1.fq"))), sorted(&lane(0, 50)));
    }
}

#[test]
fn alignments_need_no_word_on_how_they_go_together() {
    let bench = Bench::new();
    let bam = std::fs::read(testdata("community.bam")).unwrap();
    bench.write("a.bam", &bam);
    bench.write("b.bam", &bam);
    bench.write("c.bam", &bam);
    bench.split(&["a.bam"]);
    let once = written(&bench);
    bench.split(&["a.bam", "b.bam", "c.bam", "--force"]);
    let mut thrice = [&once[..], &once, &once].concat();
    thrice.sort();
    assert_eq!(written(&bench), thrice);
}

#[test]
fn what_does_not_go_together_is_said() {
    let bench = Bench::new();
    bench.write("a.fq", lane(0, 5));
    bench.write("b.fq", lane(5, 5));
    bench.write("c.fa", ">c\nACGT\n");
    bench.write("d.fq", lane(9, 1));
    let bam = testdata("community.bam");
    let bam = bam.to_str().unwrap();
    for (args, code, text) in [
        (&["a.fq", "b.fq", "d.fq"][..], 2, "3 FASTQ or FASTA files may be R1 and R2 in turn"),
        (&["a.fq", "b.fq"], 3, "R1 and R2 differ at pair 1"),
        (&["--single", "a.fq", "c.fa"], 3, "cannot read c.fa: it is FASTA, but the inputs before it are FASTQ"),
        (&["--single", "a.fq", bam], 3, "it is BAM, but the inputs before it are FASTQ"),
        (&["--paired", bam, "a.fq"], 2, "whose records already say which mate they are"),
        (&["--single", "a.fq", "missing.fq"], 3, "cannot read missing.fq"),
        (&["--files-from", "missing"], 3, "cannot read missing"),
        (&["a.fq", "a.fq"], 2, "a.fq is given twice"),
        (&[], 2, "READS"),
    ] {
        let output = bench.run_split(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(text), "{args:?}: {}", stderr(&output));
        assert!(!bench.path("c.fq").exists() && !bench.path("n.fq").exists());
    }
}

#[test]
fn a_fault_in_a_later_lane_names_it_and_leaves_nothing() {
    let bench = Bench::new();
    bench.write("a.fq", lane(0, 5));
    bench.write("b.fq", &lane(5, 5)[..300]);
    let output = bench.run_split(&["--single", "a.fq", "b.fq"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("cannot read b.fq: record 2 (r6): the file is cut short"), "{}", stderr(&output));
    assert_eq!(bench.files(), ["a.fq", "b.fq"]);
}

#[test]
fn a_sample_is_the_same_however_the_reads_come_and_is_accounted_for() {
    let bench = Bench::new();
    bench.write("in.fq", lane(0, 600));
    bench.write("a.fq", lane(0, 200));
    bench.write("b.fq", lane(200, 400));
    let sample = ["--sample", "0.25", "--seed", "7", "--json", "r.json", "--force"];
    bench.split(&[&["in.fq"], &sample[..]].concat());
    let (taken, counts) = (written(&bench), bench.json("r.json")["counts"].clone());
    assert!((100..200).contains(&taken.len()), "{} of 600", taken.len());
    assert_eq!(counts["records"], 600);
    assert_eq!(counts["not_sampled"], 600 - taken.len());
    bench.split(&[&["--single", "b.fq", "a.fq", "-t", "1"], &sample[..]].concat());
    assert_eq!(written(&bench), taken);
    let estimate = &bench.json("r.json")["estimate"];
    assert_eq!(estimate["reads"], 600);
    let [low, high] = [0, 1].map(|end| estimate["coding_95"][end].as_f64().unwrap());
    assert!(low < high && (low..=high).contains(&estimate["coding"].as_f64().unwrap()));
    bench.split(&["in.fq", "--sample", "0.25", "--seed", "8", "--force"]);
    assert_ne!(written(&bench), taken);
}

#[test]
fn mates_are_sampled_together() {
    let bench = Bench::new();
    let bam = testdata("community.bam");
    bench.split(&[bam.to_str().unwrap(), "--sample", "0.5", "--json", "r.json"]);
    let count = |name: &str| records(&bench.read(name)).len();
    assert!(count("c.fq").is_multiple_of(2) && count("n.fq").is_multiple_of(2));
    assert_eq!(bench.json("r.json")["counts"]["orphans"], 0);
}

#[test]
fn a_run_cut_short_estimates_the_rest() {
    let bench = Bench::new();
    bench.write("in.fq", lane(0, 8000));
    bench.split(&["in.fq", "--max-reads", "200", "--json", "r.json"]);
    let reads = bench.json("r.json")["estimate"]["reads"].as_f64().unwrap();
    assert!((7_200.0..8_800.0).contains(&reads), "{reads} of 8,000");
    for compressed in ["community_R1.fq.gz", "community.bam"] {
        let path = testdata(compressed);
        bench.split(&[path.to_str().unwrap(), "--max-reads", "200", "--json", "r.json", "--force"]);
        let reads = bench.json("r.json")["estimate"]["reads"].as_f64().unwrap();
        let whole = if compressed.ends_with("bam") { 4000.0 } else { 2000.0 };
        assert!((0.85 * whole..1.15 * whole).contains(&reads), "{reads} of {whole} in {compressed}");
    }
    bench.write("few.fq", lane(0, 50));
    bench.split(&["few.fq", "--max-reads", "51", "--json", "r.json", "--force"]);
    assert!(bench.json("r.json").get("estimate").is_none(), "nothing was left out");
}

#[test]
fn annotated_headers_say_what_the_table_says() {
    let bench = Bench::new();
    bench.write("in.fq", fastq(40, 120, " 1:N:0:ACGT") + &fastq(2, 40, ""));
    bench.split(&["in.fq", "--annotate", "--scores", "s.tsv"]);
    let annotated = bench.read("c.fq") + &bench.read("n.fq");
    let headers: Vec<&str> = annotated.lines().step_by(4).collect();
    for line in bench.read("s.tsv").lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let expected = match fields[3] {
            "NA" => format!("@{}", fields[0]),
            p => format!("@{} 1:N:0:ACGT cp={:.3} cf={}", fields[0], p.parse::<f32>().unwrap(), fields[6]),
        };
        assert!(headers.contains(&expected.as_str()), "{expected}");
    }
    // Annotating a second time replaces the annotation.
    bench.write("again.fq", &annotated);
    bench.split(&["again.fq", "--annotate", "--force"]);
    assert_eq!(sorted(&(bench.read("c.fq") + &bench.read("n.fq"))), sorted(&annotated));
    // A read that is not scored this time loses its annotation.
    bench.split(&["again.fq", "--annotate", "--min-length", "1000", "--force"]);
    let bare = bench.read("c.fq") + &bench.read("n.fq");
    assert!(records(&bare).len() == 42 && !bare.contains(" cp="), "{bare}");
}

#[test]
fn flags_without_effect_are_told_of() {
    let bench = Bench::new();
    let (letters, quality_scores) = (bases(1, 100), "I".repeat(100));
    bench.write("in.fq", format!("@r\n{letters}\n+\n{quality_scores}\n"));
    bench.write("ref.fa", format!(">r\n{letters}\n"));
    let said = |args: &[&str]| stderr(&bench.split(&[&["in.fq", "--force"], args].concat()));
    assert!(said(&["--reference", "ref.fa"]).contains("warning: the reference has no effect: in.fq is FASTQ"));
    assert!(said(&["--attention", "masked"]).contains("warning: the attention mode has no effect: readseeker-along"));
    assert!(!said(&[]).contains("no effect"));
    let split = ["split", "in.fq", "--coding", "c.fq", "--noncoding", "n.fq", "--force"];
    let run = bench.command(&split).env("READSEEKER_CPU", "fast").output().unwrap();
    assert!(stderr(&run).contains("READSEEKER_CPU=fast has no effect: this CPU runs "), "{}", stderr(&run));
    assert!(!stderr(&bench.command(&split).env("READSEEKER_CPU", "plain").output().unwrap()).contains("no effect"));
    assert!(!said(&["--reference", "ref.fa", "--attention", "masked", "-q"]).contains("no effect"));
}

#[test]
fn multiqc_is_told_where_the_reads_of_a_sample_went() {
    let bench = Bench::new();
    bench.write("in.fq", lane(0, 300) + &fastq(2, 40, ""));
    bench.split(&["in.fq", "--undecided", "u.fq", "--multiqc", "soil_mqc.json", "--json", "r.json"]);
    let (told, report) = (bench.json("soil_mqc.json"), bench.json("r.json"));
    for class in ["coding", "noncoding", "undecided"] {
        assert_eq!(told["data"]["soil"][class], report["counts"][class]);
    }
    assert_eq!(told["data"]["soil"]["undecided"], 2);
    assert!(told["description"].as_str().unwrap().contains("soil: the assumed share of coding reads is 0.500"));
    assert!(told["description"].as_str().unwrap().contains("cut-off 0.500"), "{told}");
    let model = report["model"]["name"].as_str().unwrap();
    assert!(told["section_name"].as_str().unwrap().contains(model) && told["plot_type"] == "bargraph");
    let (statistics, line) = (bench.json("soil.statistics_mqc.json"), bench.json("soil.probabilities_mqc.json"));
    let row = &statistics["data"]["soil"];
    assert_eq!((&row["reads"], &row["model"]), (&302.into(), &report["model"]["name"]));
    let per_cent = |class: &str| 100.0 * report["counts"][class].as_f64().unwrap() / 302.0;
    for class in ["coding", "undecided"] {
        assert!((row[class].as_f64().unwrap() - per_cent(class)).abs() < 1e-3, "{class}: {row}");
    }
    assert!(row["estimate"].is_null(), "too few reads");
    bench.write("more.fq", lane(0, 600));
    bench.split(&["more.fq", "--force", "--multiqc", "more_mqc.json", "--json", "more.json"]);
    let estimate = bench.json("more.json")["settings"]["prior"]["coding_share"].as_f64().unwrap();
    let row = &bench.json("more.statistics_mqc.json")["data"]["more"];
    assert!((row["estimate"].as_f64().unwrap() - 100.0 * estimate).abs() < 1e-3, "{row}");
    assert!(
        bench.json("more_mqc.json")["description"]
            .as_str()
            .unwrap()
            .contains(&format!("about {:.1}%", 100.0 * estimate))
    );
    let points = line["data"]["soil"].as_array().unwrap();
    let sum: f64 = points.iter().map(|point| point[1].as_f64().unwrap()).sum();
    assert!((sum - 100.0).abs() < 0.1 && line["plot_type"] == "linegraph", "{line}");
    assert_eq!(points.len(), report["histogram"]["counts"].as_array().unwrap().len());
    let unseen = bench.run_split(&["in.fq", "--force", "--multiqc", "soil.json"]);
    assert_eq!(unseen.status.code(), Some(2));
    assert!(stderr(&unseen).contains("SAMPLE_mqc.json"), "{}", stderr(&unseen));
}

#[test]
fn the_page_names_the_model_and_says_what_the_json_says() {
    let bench = Bench::new();
    let name = "a<b>&c.fq";
    bench.write(name, lane(0, 300) + &fastq(2, 40, ""));
    bench.split(&[name, "--undecided", "u.fq", "--html", "r.html", "--json", "r.json"]);
    let (page, report) = (bench.read("r.html"), bench.json("r.json"));
    let cells: Vec<&str> = page.split("<td class=\"n\">").skip(1).map(|cell| cell.split('<').next().unwrap()).collect();
    for class in ["coding", "noncoding", "undecided"] {
        assert!(cells.contains(&report["counts"][class].to_string().as_str()), "{class}: {cells:?}");
    }
    for told in ["name", "sha256"].map(|field| report["model"][field].as_str().unwrap()) {
        assert!(page.contains(told), "{told}");
    }
    assert!(page.contains("not the published ReadSeeker"));
    for frame in report["frames"]["order"].as_array().unwrap() {
        assert!(page.contains(&format!(">{}<", frame.as_str().unwrap())), "{frame}");
    }
    assert!(page.contains("1, 2, 3: codons start"), "frames are explained as they are written");
    assert!(page.contains("a&lt;b&gt;&amp;c.fq") && !page.contains("<b>"), "names are escaped");
    assert!(!page.contains("<script") && !page.contains("http"), "one file, nothing fetched");
    let bars: u64 =
        page.split("<title>").filter_map(|bar| bar.split_once(": ")?.1.split('<').next()?.parse::<u64>().ok()).sum();
    let counted = report["counts"]["scored"].as_u64().unwrap();
    let frames: u64 = report["frames"]["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(bars, 302 + counted + frames, "by class, by probability, by frame");
}
