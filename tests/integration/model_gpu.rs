//! The models on a GPU or a software adapter. Set `READSEEKER_TEST_GPU` to an adapter's number (`readseeker device`
//! lists them); if the machine lacks that adapter, the tests fail instead of being skipped.
#![cfg(feature = "wgpu")]

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use readseeker::error::Error;
use readseeker::kmer::Letters;
use readseeker::model::device::{Choice, adapters};
use readseeker::model::{Attention, Check, Classifier, Options, Precision};

use super::model_parity::{Compact, bert_goldens, compact_goldens, largest, options, testdata, tokens, wrong_frames};
use super::support::{Bench, fastq, records, skipped, stderr};

/// The adapter to test on. `None` if `READSEEKER_TEST_GPU` is not set.
fn wanted() -> Option<Choice> {
    let Ok(number) = std::env::var("READSEEKER_TEST_GPU") else {
        skipped("READSEEKER_TEST_GPU names no GPU");
        return None;
    };
    Some(Choice::Gpus(vec![number.parse().unwrap()]))
}

#[test]
fn a_bert_on_a_gpu_says_what_the_original_says() {
    let Some(device) = wanted() else { return };
    let directory = testdata("parity/k6_tiny_zip");
    let goldens = bert_goldens(&directory);
    // Checked in one mode only: the other mode's check has its own shapes, which a software adapter takes long to tune
    // for.
    for (attention, check) in [(Attention::Published, Check::Run), (Attention::Masked, Check::Skip)] {
        let options = options(directory.clone(), attention, device.clone());
        let classifier = Classifier::load(&Options { check, ..options }).unwrap();
        let tokens = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
        let predictions = classifier.classify(&tokens).unwrap();
        let expected = goldens.iter().map(|row| row.probability(attention));
        let largest = largest(&predictions, expected);
        eprintln!("{attention:?}: {largest:e}");
        assert!(largest <= 1e-4, "{attention:?}: {largest}");
        assert_eq!(classifier.notes(), Vec::<String>::new());
        assert!(classifier.card().backend.starts_with("wgpu"));
    }
}

/// The model in f16. `None` if the adapter does not support f16; the error must say so.
fn in_f16(exact: Options) -> Option<Classifier> {
    let Choice::Gpus(numbers) = &exact.device else { panic!("it is a GPU") };
    let f16 = adapters()[numbers[0]].f16;
    // Unchecked, so that fewer shapes are tuned for: the tests in f32 load with the check.
    let loaded = Classifier::load(&Options { precision: Precision::F16, check: Check::Skip, ..exact });
    if !f16 {
        let error = loaded.unwrap_err();
        assert_eq!((error.to_string().contains("does not support f16"), Error::from(error).exit_code()), (true, 5));
        return None;
    }
    let classifier = loaded.unwrap();
    assert_eq!(classifier.card().precision, "f16");
    Some(classifier)
}

#[test]
fn a_bert_in_f16_stays_near_where_the_adapter_has_it_and_is_refused_elsewhere() {
    let Some(device) = wanted() else { return };
    let directory = testdata("parity/k6_tiny_zip");
    let goldens = bert_goldens(&directory);
    // Published attention pads all reads to one length, so a software adapter need not tune many kernels. Masked
    // attention uses the same kernels.
    let Some(classifier) = in_f16(options(directory, Attention::Published, device)) else { return };
    let tokens = tokens(&classifier, Letters::Published, goldens.iter().map(|row| row.bases.as_slice()));
    let predictions = classifier.classify(&tokens).unwrap();
    let largest = largest(&predictions, goldens.iter().map(|row| row.probability(Attention::Published)));
    eprintln!("f16: {largest:e}");
    assert!(largest <= 0.005 && largest > 1e-6, "{largest}");
}

#[test]
fn a_compact_model_on_a_gpu_says_what_the_training_code_says() {
    let Some(device) = wanted() else { return };
    let directory = testdata("compact/tiny3");
    // A few short reads and a few pooled ones: each new shape is tuned for, which takes a software adapter long.
    let mut goldens = compact_goldens(&directory);
    goldens.retain(|row| [60, 63, 150, 151, 152, 300, 301, 500].contains(&row.bases.len()));
    let classifier = Classifier::load(&options(directory.clone(), Attention::default(), device)).unwrap();
    let tokens = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
    let predictions = classifier.classify(&tokens).unwrap();
    let largest = largest(&predictions, goldens.iter().map(|row| row.probability));
    eprintln!("{largest:e}");
    assert!(largest <= 1e-4, "{largest}");
    assert_eq!(wrong_frames(&predictions, &goldens), Vec::<String>::new());
    assert_eq!(classifier.notes(), Vec::<String>::new());
    two_gpus_say_what_one_says(directory, &goldens);
}

/// Not a test of its own, so that the kernels are already tuned: while another thread tunes one, burn uses a different
/// kernel, which rounds differently.
fn two_gpus_say_what_one_says(directory: PathBuf, goldens: &[Compact]) {
    let Some(Choice::Gpus(one)) = wanted() else { return };
    // The same adapter given twice counts as two: two networks, each with its own queue.
    let two = Choice::Gpus(vec![one[0], one[0]]);
    let two = Options { check: Check::Skip, ..options(directory, Attention::default(), two) };
    let classifier = Classifier::load(&two).unwrap();
    assert_eq!(classifier.workers(), 4);
    let tokens = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
    let expected = classifier.classify(&tokens).unwrap();
    assert!(largest(&expected, goldens.iter().map(|row| row.probability)) <= 1e-4);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| classifier.classify(&tokens).unwrap())).collect();
        for call in calls {
            assert_eq!(call.join().unwrap(), expected, "the same whoever calls and whichever GPU answers");
        }
    });
}

#[test]
fn a_compact_model_in_f16_stays_near_too() {
    let Some(device) = wanted() else { return };
    let directory = testdata("compact/tiny3");
    let mut goldens = compact_goldens(&directory);
    goldens.retain(|row| [150, 152].contains(&row.bases.len())); // few shapes to tune for, the second one padded
    let Some(classifier) = in_f16(options(directory, Attention::default(), device)) else { return };
    let tokens = tokens(&classifier, Letters::Lenient, goldens.iter().map(|row| row.bases.as_slice()));
    let predictions = classifier.classify(&tokens).unwrap();
    let largest = largest(&predictions, goldens.iter().map(|row| row.probability));
    eprintln!("f16: {largest:e}");
    assert!(largest <= 0.005 && largest > 1e-6, "{largest}");
    assert_eq!(classifier.notes(), Vec::<String>::new());
}

/// Runs few steps of one batch, since each new shape is tuned for; with batch normalisation and dropout.
#[cfg(feature = "train")]
#[test]
fn a_training_on_a_gpu_has_the_losses_of_the_cpu() {
    let tiny = testdata("compact/tiny3");
    trains_as_on_the_cpu(&["--from", tiny.to_str().unwrap(), "--scratch"]);
}

#[cfg(feature = "train")]
#[test]
#[ignore = "a software adapter takes five minutes to tune for these"]
fn trainings_of_the_other_families_on_a_gpu_have_the_losses_of_the_cpu() {
    let bert = testdata("parity/k6_tiny_zip");
    trains_as_on_the_cpu(&["--from", bert.to_str().unwrap(), "--rate", "0.001"]);
    trains_as_on_the_cpu(&["--from", "builtin"]);
}

#[cfg(feature = "train")]
fn trains_as_on_the_cpu(from: &[&str]) {
    let Some(Choice::Gpus(number)) = wanted() else { return };
    let (gpu, reads, bench) = (format!("gpu:{}", number[0]), testdata("train/reads.tsv"), Bench::new());
    let losses = |device: &str| {
        let args =
            ["train", "--reads", reads.to_str().unwrap(), "--device", device, "--epochs", "4", "--hold-out", "0"];
        let run = bench.run(&[&args, from, &["-o", device, "--log", "log.tsv"]].concat());
        assert!(run.status.success(), "{from:?} on {device}: {}", stderr(&run));
        let log = bench.read("log.tsv");
        std::fs::remove_file(bench.path("log.tsv")).unwrap();
        log.lines().skip(1).map(|line| line.rsplit('\t').next().unwrap().parse().unwrap()).collect::<Vec<f64>>()
    };
    let (cpu, gpu) = (losses("cpu"), losses(&gpu));
    let largest = cpu.iter().zip(&gpu).map(|(cpu, gpu)| (cpu - gpu).abs()).fold(0.0, f64::max);
    eprintln!("{from:?}: {largest:e}");
    assert!(cpu.len() == 4 && gpu.len() == 4 && largest <= 1e-4, "{from:?}: {cpu:?} {gpu:?}");
}

#[test]
fn a_gpu_that_fails_its_check_is_tried_on_a_simpler_path_and_given_up_after_the_last() {
    let Some(device) = wanted() else { return };
    let (bench, device) = (Bench::new(), device.to_string());
    let (reads, model) = (fastq(20, 150, ""), testdata("compact/tiny3"));
    let run = |path: &str, faulty: &str| {
        let outputs = ["--coding", "c.fq", "--noncoding", "n.fq", "--json", "r.json"];
        let mut command = bench.command(&["split", "-", "--device", &device, "--model", model.to_str().unwrap()]);
        command.args(outputs).env("READSEEKER_GPU_PATH", path).env("READSEEKER_FAULTY_PATHS", faulty);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(reads.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let given_up = run("retuned", "fused,unfused,retuned");
    assert_eq!(given_up.status.code(), Some(5), "{}", stderr(&given_up));
    let adapters = adapters();
    for part in ["disagree, also without fusion", "logits differ by", &adapters[0].name, &adapters[0].driver] {
        assert!(stderr(&given_up).contains(part), "{part}: {}", stderr(&given_up));
    }
    assert_eq!(bench.files(), Vec::<String>::new());

    // The program restarts itself without losing any of stdin.
    let simpler = run("", "fused");
    assert!(simpler.status.success(), "{}", stderr(&simpler));
    assert_eq!(records(&bench.read("c.fq")).len() + records(&bench.read("n.fq")).len(), 20);
    let report = bench.json("r.json");
    assert!(report["device"]["backend"].as_str().unwrap().ends_with(", without fusion"), "{report}");
    let warning = report["warnings"][0]["message"].as_str().unwrap();
    assert!(warning.contains("without fusion: ") && warning.contains("logits differ by"), "{warning}");
}

#[test]
fn a_batch_that_goes_wrong_on_a_gpu_ends_the_run_and_leaves_nothing() {
    let Some(device) = wanted() else { return };
    let (bench, device, model) = (Bench::new(), device.to_string(), testdata("compact/tiny3"));
    bench.write("in.fq", fastq(20, 150, ""));
    let outputs = ["--coding", "c.fq", "--noncoding", "n.fq"];
    let args = ["split", "in.fq", "--device", &device, "--model", model.to_str().unwrap()];
    let mut command = bench.command(&[&args[..], &outputs].concat());
    let run = command.env("READSEEKER_FAULTY_PATHS", "batches").output().unwrap();
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert!(stderr(&run).contains("disagree") && stderr(&run).contains("--device cpu"), "{}", stderr(&run));
    assert_eq!(bench.files(), ["in.fq"]);
}

#[test]
fn a_number_beyond_the_adapters_is_refused() {
    let device = Choice::Gpus(vec![adapters().len()]);
    let error = Classifier::load(&options(testdata("compact/tiny1"), Attention::default(), device)).unwrap_err();
    assert_eq!(Error::from(error).exit_code(), 5);
}
