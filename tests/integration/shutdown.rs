//! Every way a run can end, each many times, on both of tokio's runtimes: a hang is a failure.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::stream;
use readseeker::error::{Error, Result, Signal};
use readseeker::kmer::Letters;
use readseeker::outputs::{Files, Judge, Outputs, OutputsConfig, Split};
use readseeker::pipeline::decode::DecodeConfig;
use readseeker::pipeline::tokenize::TokenizeConfig;
use readseeker::pipeline::{self, PipelineConfig};
use readseeker::prediction::{Prediction, Predictions};
use readseeker::prior::Prior;
use readseeker::reads::{EncoderConfig, Record, Template};
use readseeker::tally::Tally;
use readseeker::tokens::Tokens;
use readseeker::verdict::{Mates, VerdictConfig};

const LIMIT: Duration = Duration::from_secs(20);
const ROUNDS: usize = 25;
const TOKENIZE: TokenizeConfig =
    TokenizeConfig { k: 6, longest: None, min_length: 60, letters: Letters::Lenient, windows: None, audit: None };

#[expect(clippy::unnecessary_wraps, reason = "an item of the stream that readers give")]
fn template(number: u64) -> Result<Template> {
    let record = Record::new(format!("r{number}").as_bytes(), &b"ACGT".repeat(25), &[b'I'; 100]);
    Ok(Template { segments: [record].into(), ..Template::default() })
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of the pipeline's seam")]
fn all_coding(tokens: &Tokens) -> Result<Predictions> {
    Ok(vec![Prediction { probability: 1.0, frame: None }; tokens.len()].into())
}

fn failing() -> Error {
    Error::Internal("as the test asks".into())
}

fn config(workers: usize) -> PipelineConfig {
    PipelineConfig {
        decode: DecodeConfig { segments_per_chunk: 10, max_reads: None },
        tokenize: TOKENIZE,
        workers,
        memory: 1 << 20,
        bytes_per_base: 0,
        estimate_from: None,
        model_error: 0.0,
    }
}

/// Runs a pipeline into `folder` on its own runtime, within the time limit, and commits the outputs as `run` does.
fn run<M>(
    flavour: fn() -> tokio::runtime::Runtime,
    folder: &Path,
    workers: usize,
    input: impl Iterator<Item = Result<Template>> + Send + 'static,
    classify: M,
    interrupt: impl Future<Output = Signal>,
) -> Result<Tally>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static,
{
    let runtime = flavour();
    let outcome = runtime.block_on(async {
        let verdict = VerdictConfig { threshold: 0.5, band: None, mates: Mates::Any };
        let judge = Judge { prior: Prior::default(), verdict, windows: None, reads_at_most: None, audit: None };
        let file = |name| Files::One(folder.join(name));
        let split = Split::new(file("coding.fq"), file("noncoding.fq"), None);
        let outputs = OutputsConfig { split: Some(split), ..OutputsConfig::default() };
        let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
        let (outputs, pending) = Outputs::create(outputs, &Arc::default(), judge, encoding, Arc::default()).await?;
        let running = pipeline::run(config(workers), stream::iter(input), classify, outputs, interrupt);
        let tally = tokio::time::timeout(LIMIT, running).await.expect("a run must not hang")?;
        pending.into_iter().try_for_each(readseeker::reads::output::Pending::commit)?;
        Ok(tally)
    });
    runtime.shutdown_background();
    outcome
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn many_threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

const FLAVOURS: [fn() -> tokio::runtime::Runtime; 2] = [one_thread, many_threads];

fn never() -> impl Future<Output = Signal> {
    std::future::pending()
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_run_ends_when_its_input_ends_and_keeps_the_order() {
    for flavour in FLAVOURS {
        for round in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let tally =
                run(flavour, folder.path(), 1 + round % 3, (0..500).map(template), all_coding, never()).unwrap();
            assert_eq!(tally.classes.coding.reads, 500);
            let written = std::fs::read_to_string(folder.path().join("coding.fq")).unwrap();
            let names: Vec<&str> = written.lines().step_by(4).collect();
            assert!(names.iter().enumerate().all(|(i, name)| *name == format!("@r{i}")));
        }
    }
}

#[test]
fn one_worker_of_two_failing_ends_the_run_with_its_error() {
    for flavour in FLAVOURS {
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let calls = Arc::new(AtomicU64::new(0));
            let classify = move |tokens: &Tokens| match calls.fetch_add(1, Ordering::Relaxed) {
                7 => Err(failing()),
                _ => all_coding(tokens),
            };
            // The input never ends: if the other worker were not stopped, the run would not end either.
            let outcome = run(flavour, folder.path(), 2, (0..).map(template), classify, never());
            assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
            assert_eq!(files_in(folder.path()), 0, "a failed run leaves nothing");
        }
    }
}

#[test]
fn an_input_that_fails_leaves_no_output() {
    for flavour in FLAVOURS {
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            let input = (0..).map(|n| if n == 123 { Err(failing()) } else { template(n) });
            let outcome = run(flavour, folder.path(), 2, input, all_coding, never());
            assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
            assert_eq!(files_in(folder.path()), 0, "what was written before the error must not look whole");
        }
    }
}

#[test]
fn a_panicking_worker_panics_the_run() {
    for flavour in FLAVOURS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let classify = |_: &Tokens| -> Result<Predictions> { panic!("as the test asks") };
        let outcome = std::panic::catch_unwind(move || {
            let _tally = run(flavour, &path, 2, (0..).map(template), classify, never());
        });
        assert!(outcome.is_err());
        assert_eq!(files_in(folder.path()), 0);
    }
}

#[test]
fn an_interrupt_ends_the_run_within_a_second_whatever_the_model_does() {
    for flavour in FLAVOURS {
        let folder = tempfile::tempdir().unwrap();
        let classify = |tokens: &Tokens| {
            std::thread::sleep(Duration::from_secs(5));
            all_coding(tokens)
        };
        let soon = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Signal::Terminate
        };
        let started = Instant::now();
        let outcome = run(flavour, folder.path(), 2, (0..).map(template), classify, soon);
        assert!(matches!(outcome, Err(Error::Interrupted(Signal::Terminate))), "{outcome:?}");
        assert!(started.elapsed() < Duration::from_secs(4), "the compute threads must not be waited for");
        assert_eq!(files_in(folder.path()), 0);
    }
}

#[test]
fn a_slow_model_holds_the_reader_back() {
    let folder = tempfile::tempdir().unwrap();
    let (read, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let most = Arc::new(AtomicU64::new(0));
    let input = {
        let (read, answered, most) = (Arc::clone(&read), Arc::clone(&answered), Arc::clone(&most));
        (0..2000).map(move |n| {
            let ahead = read.fetch_add(1, Ordering::Relaxed) + 1 - answered.load(Ordering::Relaxed);
            most.fetch_max(ahead, Ordering::Relaxed);
            template(n)
        })
    };
    let classify = move |tokens: &Tokens| {
        std::thread::sleep(Duration::from_millis(1));
        answered.fetch_add(tokens.len() as u64, Ordering::Relaxed);
        all_coding(tokens)
    };
    run(many_threads, folder.path(), 1, input, classify, never()).unwrap();
    // Six chunks of ten in flight, one more in decode's hands.
    assert!(most.load(Ordering::Relaxed) <= 70 + 10, "{most:?} reads ahead");
}
