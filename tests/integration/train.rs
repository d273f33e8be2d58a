//! `readseeker train`: models trained on labelled reads, from a model or from random weights.

use std::fmt::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bench, bases, stderr, testdata};

/// A table of labelled reads: the coding ones have no A, and so no stop codons; the others have no G.
fn table(reads: u64) -> String {
    let mut text = "sequence\tlabel\tcoded_fraction\tframe\tgroup\n".to_owned();
    for n in 0..reads {
        let is_coding = n % 2 == 0;
        let read = bases(n + 1, 90).replace(if is_coding { 'A' } else { 'G' }, if is_coding { "G" } else { "A" });
        let frame = if is_coding { "1" } else { "." };
        writeln!(
            text,
            "{read}\t{label}\t{label}.000\t{frame}\t{}",
            if n % 4 < 2 { "one" } else { "other" },
            label = u8::from(is_coding)
        )
        .unwrap();
    }
    text
}

fn train(bench: &Bench, args: &[&str]) -> Output {
    let threads: &[&str] = if args.contains(&"--threads") { &[] } else { &["--threads", "2"] };
    bench.run(&[&["train", "--reads", "reads.tsv", "--device", "cpu"], threads, args].concat())
}

/// The rows of a table, without its header, split into fields.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split('\t').collect()).collect()
}

/// For each held-out read of a model: the probability that `score` gives it, and the one in the training's table.
fn probabilities(bench: &Bench, model: &str) -> Vec<[f64; 2]> {
    let held_out = bench.read(&format!("{model}/held_out.tsv"));
    let held_out = rows(&held_out);
    let fasta = held_out.iter().enumerate().fold(String::new(), |text, (n, row)| format!("{text}>{n}\n{}\n", row[0]));
    bench.write("held_out.fa", fasta);
    let run = bench.run(&["score", "held_out.fa", "--model", model, "--device", "cpu", "-o", "s.tsv"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let scores = bench.read("s.tsv");
    let column = scores.lines().next().unwrap().split('\t').position(|name| name.starts_with("probability")).unwrap();
    let pairs: Vec<[f64; 2]> = rows(&scores)
        .iter()
        .zip(&held_out)
        .map(|(score, trained)| [score[column], trained[5]].map(|number| number.parse().unwrap()))
        .collect();
    std::fs::remove_file(bench.path("s.tsv")).unwrap();
    assert_eq!(pairs.len(), held_out.len());
    pairs
}

#[test]
fn a_trained_model_leaves_the_share_of_other_genomes_as_open_as_the_one_it_began_with() {
    let bench = Bench::new();
    bench.write("reads.tsv", table(400));
    let recipe = ["--epochs", "3", "--rate", "0.002", "--batch-size", "16", "--hold-out", "0.2"];
    let run = train(&bench, &[&["--from", "compact", "-o", "m"], &recipe[..]].concat());
    assert!(run.status.success(), "{}", stderr(&run));
    let mut config = bench.json("m/config.json");
    let error = config["log_odds_error"].as_f64().unwrap();
    assert!(error > 1.7 && error <= 7.0, "it is surer of what it has learnt than the model it began with: {error}");
    let reads = testdata("community_R1.fq.gz");
    let width = || {
        let run = bench.run_split(&[reads.to_str().unwrap(), "--model", "m", "--json", "r.json", "--force"]);
        assert!(run.status.success(), "{}", stderr(&run));
        let interval = bench.json("r.json")["settings"]["prior"]["coding_share_95"].clone();
        interval[1].as_f64().unwrap() - interval[0].as_f64().unwrap()
    };
    let own = width();
    config.as_object_mut().unwrap().remove("log_odds_error");
    bench.write("m/config.json", config.to_string());
    assert!(own > width() + 0.01, "{own}");
    config["log_odds_error"] = (-1.0).into();
    bench.write("m/config.json", config.to_string());
    let run = bench.run_split(&[reads.to_str().unwrap(), "--model", "m", "--force"]);
    assert_eq!(run.status.code(), Some(4));
    assert!(stderr(&run).contains("log_odds_error must be a number from 0 to 7"), "{}", stderr(&run));
}

#[test]
fn what_is_written_is_what_was_trained_whatever_the_family() {
    let bert = testdata("parity/k6_tiny_zip");
    for (from, rate) in [("compact", "0.01"), ("builtin", "0.01"), (bert.to_str().unwrap(), "0.01")] {
        let bench = Bench::new();
        bench.write("reads.tsv", table(320));
        let run = train(
            &bench,
            &[
                "--from",
                from,
                "-o",
                "m",
                "--epochs",
                "1",
                "--batch-size",
                "16",
                "--rate",
                rate,
                "--hold-out-group",
                "other",
            ],
        );
        let said = stderr(&run);
        assert!(run.status.success() && said.contains("learnt from 160 reads, 160 held out"), "{from}: {said}");
        assert!(said.contains("warning: learnt from only 160 reads"), "{said}");
        for [scored, trained] in probabilities(&bench, "m") {
            assert!((scored - trained).abs() <= 1e-5, "{from}: {scored} {trained}");
        }
        let config = bench.json("m/config.json");
        let training = &config["training"];
        let brier = |when: &str| training[when]["brier"].as_f64().unwrap();
        assert!(brier("held_out") < brier("held_out_before"), "{from}: {said}");
        assert_eq!(
            (training["reads"].as_str(), training["reads_learnt_from"].as_u64()),
            (Some("reads.tsv"), Some(160))
        );
        assert_eq!(training["from_sha256"].as_str().unwrap().len(), 64);
        assert!(
            said.contains("calibration kept from the starting model") == (from != bert.to_str().unwrap()),
            "160 are too few: {said}"
        );
        let mut files: Vec<String> = std::fs::read_dir(bench.path("m"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.retain(|file| file != "vocab.txt");
        files.sort();
        assert_eq!(files, ["config.json", "held_out.tsv", "model.safetensors"]);
        assert_eq!(bench.files(), ["held_out.fa", "m", "reads.tsv"]);
    }
}

/// The goldens come from `PyTorch`, through `tests/oracle/train_losses.py`.
#[test]
fn losses_of_fifty_steps_are_those_of_pytorch() {
    let bench = Bench::new();
    std::fs::copy(testdata("train/reads.tsv"), bench.path("reads.tsv")).unwrap();
    let golden = std::fs::read_to_string(testdata("train/losses.tsv")).unwrap();
    let names: Vec<&str> = golden.lines().next().unwrap().split('\t').collect();
    assert_eq!(names, ["step", "compact", "builtin", "bert", "scratch"]);
    let bert = testdata("parity/k6_tiny_zip");
    for (column, name) in names.iter().enumerate().skip(1) {
        let from = match *name {
            "bert" => vec![bert.to_str().unwrap()],
            "scratch" => vec!["compact", "--scratch"],
            inside => vec![inside],
        };
        let args = ["--epochs", "50", "--batch-size", "64", "--hold-out", "0", "--dropout", "0", "-o", name, "--log"];
        let run = train(&bench, &[&["--from"], &from[..], &args, &[&format!("{name}.tsv")]].concat());
        assert!(run.status.success(), "{name}: {}", stderr(&run));
        let log = bench.read(&format!("{name}.tsv"));
        let (ours, theirs) = (rows(&log), rows(&golden));
        assert_eq!((ours.len(), theirs.len()), (50, 50));
        let mut largest = 0.0_f64;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let [ours, theirs] = [ours[3], theirs[column]].map(|loss| loss.parse::<f64>().unwrap());
            largest = largest.max((ours - theirs).abs());
        }
        eprintln!("{name}: {largest:e}");
        assert!(largest <= 1e-3, "{name}: {largest:e}\n{log}");
    }
}

#[test]
fn a_model_from_random_weights_is_written_as_it_was_measured() {
    let tiny = testdata("compact/tiny3");
    for hold_out in [&["--hold-out-group", "other"][..], &["--hold-out", "0"]] {
        let bench = Bench::new();
        bench.write("reads.tsv", table(320));
        let args = ["--from", tiny.to_str().unwrap(), "--scratch", "--epochs", "4", "--batch-size", "16", "-o", "m"];
        let run = train(&bench, &[&args[..], hold_out].concat());
        let said = stderr(&run);
        assert!(run.status.success(), "{said}");
        let config = bench.json("m/config.json");
        let training = &config["training"];
        let told: Vec<&str> =
            [&training["from"], &config["trained_on"]].into_iter().map(|text| text.as_str().unwrap()).collect();
        let taught = if hold_out.len() == 2 && hold_out[0] == "--hold-out" { 320 } else { 160 };
        assert_eq!(told[0], "random weights of the shape of tiny3");
        assert_eq!(told[1], format!("{}, trained on {taught} reads of reads.tsv", told[0]));
        assert!(config["calibration"].is_null(), "too few are held out to fit one: {config}");
        // The written weights include the normalisation, so any reader of such models can load them.
        let run = bench.run(&["evaluate", "reads.tsv", "--model", "m", "--device", "cpu", "--json", "e.json"]);
        assert!(run.status.success(), "{}", stderr(&run));
        let accuracy = bench.json("e.json")["predictors"][0]["all"]["accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.95, "{accuracy}: {said}");
        if taught == 160 {
            assert!(probabilities(&bench, "m").iter().all(|[scored, trained]| (scored - trained).abs() <= 1e-5));
        }
    }
}

#[test]
fn what_is_left_out_at_random_follows_from_the_seed_alone() {
    let bench = Bench::new();
    bench.write("reads.tsv", table(40));
    let (bert, tiny) = (testdata("parity/k6_tiny_zip"), testdata("compact/tiny1"));
    let (bert, tiny) = (bert.to_str().unwrap(), tiny.to_str().unwrap());
    for from in [&["--from", bert][..], &["--from", tiny, "--scratch"]] {
        let losses = |name: &str, more: &[&str]| {
            // Each step's batch holds all reads, so their order does not matter.
            let args = ["--epochs", "3", "--batch-size", "40", "--hold-out", "0", "-o", name, "--log"];
            let run = train(&bench, &[from, &args, &[&format!("{name}.tsv")], more].concat());
            assert!(run.status.success(), "{}", stderr(&run));
            std::fs::remove_dir_all(bench.path(name)).unwrap();
            let log = bench.read(&format!("{name}.tsv"));
            std::fs::remove_file(bench.path(&format!("{name}.tsv"))).unwrap();
            rows(&log).iter().map(|row| row[3].to_owned()).collect::<Vec<_>>()
        };
        let first = losses("a", &[]);
        assert_eq!(first, losses("b", &["--threads", "1"]));
        assert_ne!(first[0], losses("c", &["--dropout", "0"])[0], "it is on by default");
        assert_ne!(first, losses("d", &["--dropout", "0.3"]));
        assert_ne!(first[0], losses("e", &["--seed", "1"])[0]);
    }
}

/// DNABERT's own checkpoints were trained to find masked tokens: they have layers for that and no classifier.
#[test]
fn a_bert_without_a_classifier_gets_one() {
    let bench = Bench::new();
    bench.write("reads.tsv", table(80));
    let from = testdata("parity/k6_tiny_zip");
    let converted = bench.run(&["model", "convert", from.to_str().unwrap(), "pre"]);
    assert!(converted.status.success(), "{}", stderr(&converted));
    let bytes = std::fs::read(bench.path("pre/model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let other = tensors.tensor("classifier.bias").unwrap();
    let kept = tensors.iter().filter(|(name, _)| !name.starts_with("classifier"));
    let kept = kept.chain([("cls.predictions.bias", other)]);
    let written = safetensors::serialize(kept, None).unwrap();
    std::fs::write(bench.path("pre/model.safetensors"), written).unwrap();

    let scored = bench.run(&["evaluate", "reads.tsv", "--model", "./pre", "--device", "cpu"]);
    assert!(scored.status.code() == Some(4) && stderr(&scored).contains("classifier"), "{}", stderr(&scored));
    let run = train(&bench, &["--from", "./pre", "-o", "m", "--epochs", "1"]);
    let said = stderr(&run);
    assert!(run.status.success() && said.contains("has no classifier.weight, classifier.bias"), "{said}");
    assert!(probabilities(&bench, "m").iter().all(|[scored, trained]| (scored - trained).abs() <= 1e-5));
}

/// Starts a training that saves its state after each step, and waits until the state is there.
fn started(bench: &Bench, args: &[&str]) -> std::process::Child {
    let fixed = ["train", "--reads", "reads.tsv", "--device", "cpu", "--threads", "1", "--save-every", "0"];
    let child = bench.command(&[&fixed, args].concat()).stderr(Stdio::null()).spawn().unwrap();
    let (state, begun) = (bench.path(".m.training"), Instant::now());
    while !state.exists() {
        assert!(begun.elapsed() < Duration::from_mins(2), "no state was saved");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &std::process::Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_training_that_was_killed_goes_on_and_ends_as_if_it_had_not_been() {
    let tiny = testdata("compact/tiny1");
    for scratch in [&[][..], &["--scratch"]] {
        let bench = Bench::new();
        bench.write("reads.tsv", table(200));
        let args = ["--from", tiny.to_str().unwrap(), "--epochs", "30", "--batch-size", "8", "-o"];
        let args = [scratch, &args].concat();
        let mut child = started(&bench, &[&args[..], &["m"]].concat());
        signal(&child, "KILL");
        child.wait().unwrap();
        assert!(!bench.path("m").exists(), "it was killed too late");

        let run = train(&bench, &[&args[..], &["m", "--rate", "0.5"]].concat());
        assert!(stderr(&run).contains("of another training") && run.status.code() == Some(3), "{}", stderr(&run));
        let run = train(&bench, &[&args[..], &["m"]].concat());
        assert!(run.status.success() && stderr(&run).contains("going on from step"), "{}", stderr(&run));
        assert!(train(&bench, &[&args[..], &["whole"]].concat()).status.success());
        let weights = |model: &str| std::fs::read(bench.path(&format!("{model}/model.safetensors"))).unwrap();
        assert!(weights("m") == weights("whole"), "weights differ");
        assert_eq!(
            bench.json("m/config.json")["training"]["held_out"],
            bench.json("whole/config.json")["training"]["held_out"]
        );
        assert_eq!(bench.files(), ["m", "reads.tsv", "whole"]);
    }
}

#[test]
fn a_training_that_is_interrupted_writes_the_best_model_so_far() {
    let bench = Bench::new();
    bench.write("reads.tsv", table(200));
    let tiny = testdata("compact/tiny1");
    let mut child = started(&bench, &["--from", tiny.to_str().unwrap(), "--epochs", "100000", "-o", "m"]);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(probabilities(&bench, "m").iter().all(|[scored, trained]| (scored - trained).abs() <= 1e-5));
    assert_eq!(bench.files(), ["held_out.fa", "m", "reads.tsv"]);
}

#[test]
fn what_cannot_be_trained_says_why_and_leaves_nothing() {
    let bench = Bench::new();
    let header = "sequence\tlabel\tcoded_fraction\tframe\tgroup\n";
    let read = bases(1, 90);
    let tiny = testdata("compact/tiny1");
    let tiny = tiny.to_str().unwrap();
    for (table, args, code, problem) in [
        (format!("{header}{read}\t1\t1\t1\tg\n"), vec!["--from", tiny], 3, "no non-coding read to learn from"),
        (
            format!("{header}{read}\t1\t0.6\t1\tg\n{read}\t0\t0\t.\tg\n"),
            vec![],
            3,
            "left out: 1 read not wholly in one class",
        ),
        (format!("{header}{read}\t1\t2\t1\tg\n"), vec!["--from", tiny], 3, "line 2"),
        (table(8), vec!["--from", tiny, "--hold-out-group", "third"], 3, "of the group third"),
        (table(8), vec!["--from", "nothing"], 4, "no such directory"),
        (table(8), vec!["--from", tiny, "--log", "reads.tsv"], 2, "exists"),
    ] {
        bench.write("reads.tsv", table);
        let run = train(
            &bench,
            &[
                &args[..],
                &["-o", "m", "--hold-out", "0"][..if args.len() == 4 && args[2] == "--hold-out-group" { 2 } else { 4 }],
            ]
            .concat(),
        );
        let said = stderr(&run);
        assert!(run.status.code() == Some(code) && said.contains(problem), "{args:?}: {said}");
        assert_eq!(bench.files(), ["reads.tsv"]);
    }
    let bert = testdata("parity/k6_tiny_zip");
    for from in ["builtin", bert.to_str().unwrap()] {
        let run = train(&bench, &["--from", from, "--scratch", "-o", "m"]);
        assert!(run.status.code() == Some(2) && stderr(&run).contains("from random weights"), "{}", stderr(&run));
    }
    let nowhere = train(&bench, &["--from", tiny, "-o", "nowhere/m"]);
    assert!(nowhere.status.code() == Some(6), "before the work: {}", stderr(&nowhere));
    bench.write("m", "");
    let run = train(&bench, &["--from", tiny, "-o", "m"]);
    let said = stderr(&run);
    assert!(run.status.code() == Some(2) && said.contains("m exists\nhint: "), "{said}");
    assert!(!said.contains("--force") && bench.read("m").is_empty(), "{said}");
}

#[test]
fn quiet_commands_say_nothing_but_errors() {
    let bench = Bench::new();
    bench.write("reads.tsv", table(40));
    let said = |args: &[&str]| {
        let run = bench.run(args);
        assert!(run.status.success(), "{args:?}: {}", stderr(&run));
        stderr(&run)
    };
    let train = ["train", "--reads", "reads.tsv", "--from", "compact", "--device", "cpu", "--epochs", "1", "-o"];
    assert!(said(&[&train[..], &["loud"]].concat()).contains("warning: learnt from only "));
    assert_eq!(said(&[&train[..], &["quiet", "-q"]].concat()), "");
    assert_eq!(said(&["evaluate", "reads.tsv", "-q"]), "");
    bench.write("in.fq", "");
    assert_eq!(said(&["kmers", "in.fq", "-o", "k.tsv", "--quiet"]), "");
}
