//! The cost of a read outside the model, on one thread: `cargo bench --bench reads`.
//!
//! The figure to read is items per second; an item is a read of 300 bases (in `reorder`, a chunk). Files lie in a
//! temporary folder and stay in the page cache. Inputs and outputs run on tasks, as in a run.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use divan::counter::ItemsCount;
use futures::StreamExt;
use readseeker::kmer::{self, Letters};
use readseeker::pipeline::reorder::Reorder;
use readseeker::reads::EncoderConfig;
use readseeker::reads::output::{self, Names, SequenceFormat};
use readseeker::reads::{self, Alignments, Grouping, InputConfig, Inputs, MateNames, Record};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc; // the program's

const READS: usize = 20_000;
const BASES: usize = 300;
/// The reads of a chunk, as for the built-in model.
const CHUNK: usize = 512;
/// The most k-mers of a read that the published model reads.
const LONGEST: usize = 296;

fn main() {
    divan::main();
}

/// Tokenizes for the built-in model, which reads all of a read.
#[divan::bench(args = [Letters::Lenient, Letters::Published])]
fn kmers_builtin(bencher: divan::Bencher, letters: Letters) {
    kmers(bencher, letters, None);
}

/// Tokenizes for the published model, which reads the first 301 bases.
#[divan::bench(args = [Letters::Lenient, Letters::Published])]
fn kmers_bert(bencher: divan::Bencher, letters: Letters) {
    kmers(bencher, letters, Some(LONGEST));
}

fn kmers(bencher: divan::Bencher, letters: Letters, longest: Option<usize>) {
    let records = records(CHUNK);
    bencher.counter(ItemsCount::new(CHUNK)).bench_local(|| {
        let mut ids = Vec::new();
        for record in &records {
            kmer::tokenize_letters(letters, record.bases(), 6, longest, &mut ids);
        }
        ids
    });
}

/// Puts chunks from several workers in order; those of each round arrive last first.
#[divan::bench(args = [1, 2, 16])]
fn reorder(bencher: divan::Bencher, workers: u64) {
    const CHUNKS: u64 = 4096;
    bencher.counter(ItemsCount::new(CHUNKS)).bench_local(|| {
        let (mut reorder, mut out) = (Reorder::new(), 0);
        for first in (0..CHUNKS).step_by(usize::try_from(workers).unwrap()) {
            for index in (first..first + workers).rev() {
                reorder.push(index, [index; 4]); // as large as a chunk's pointers
                while let Some(item) = reorder.pop() {
                    out += item[0];
                }
            }
        }
        assert_eq!(out, CHUNKS * (CHUNKS - 1) / 2);
    });
}

#[divan::bench(sample_count = 20)]
fn fastq_in(bencher: divan::Bencher) {
    read(bencher, "reads.fq");
}

/// Plain gzip: one member.
#[divan::bench(sample_count = 20)]
fn fastq_gzip_in(bencher: divan::Bencher) {
    read(bencher, "reads.gzip");
}

/// BGZF, as bgzip and our own `.gz` outputs write it.
#[divan::bench(sample_count = 20)]
fn fastq_bgzf_in(bencher: divan::Bencher) {
    read(bencher, "reads.fq.gz");
}

#[divan::bench(sample_count = 20)]
fn fastq_out(bencher: divan::Bencher) {
    write(bencher, "out.fq");
}

#[divan::bench(sample_count = 20)]
fn fastq_gz_out(bencher: divan::Bencher) {
    write(bencher, "out.fq.gz");
}

/// Opens a file and reads all its reads.
fn read(bencher: divan::Bencher, name: &str) {
    let (folder, runtime, records) = (tempfile::tempdir().unwrap(), runtime(), records(READS));
    let path = folder.path().join(name);
    if name == "reads.gzip" {
        let plain = folder.path().join("reads.fq");
        runtime.block_on(save(&records, &plain));
        let gzip = std::process::Command::new("gzip").arg("-c").arg(&plain).output().expect("this needs gzip");
        std::fs::File::create(&path).unwrap().write_all(&gzip.stdout).unwrap();
    } else {
        runtime.block_on(save(&records, &path));
    }
    bencher.counter(ItemsCount::new(READS)).bench_local(|| {
        let path = path.clone();
        // On a task, as in decode: `block_on` alone would run it on a thread outside the runtime.
        let count = runtime.block_on(runtime.spawn(async move { count(path).await })).unwrap();
        assert_eq!(count, READS);
    });
}

async fn count(path: PathBuf) -> usize {
    let config = InputConfig {
        part: None,
        inputs: Inputs::Files(vec![path]),
        grouping: Grouping::Templates,
        mate_names: MateNames::Compared,
        alignments: Alignments::Dropped,
        collate: None,
        reference: None,
        read_ahead: 0,
        workers: NonZero::<usize>::MIN,
    };
    let mut templates = reads::open(&config, Arc::default()).await.unwrap().stream;
    let mut count = 0;
    while let Some(template) = templates.next().await {
        count += divan::black_box(template.unwrap()).segments.len();
    }
    count
}

/// Writes all reads, a chunk at a time.
fn write(bencher: divan::Bencher, name: &str) {
    let (folder, runtime, records) = (tempfile::tempdir().unwrap(), runtime(), Arc::new(records(READS)));
    let path = folder.path().join(name);
    bencher.counter(ItemsCount::new(READS)).bench_local(|| {
        let (path, records) = (path.clone(), Arc::clone(&records));
        runtime.block_on(runtime.spawn(async move { save(&records, &path).await })).unwrap();
    });
}

async fn save(records: &[Record], path: &Path) {
    let config = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    let (mut writer, pending) = output::create(path, config).await.unwrap();
    let mut text = Vec::new();
    for records in records.chunks(CHUNK) {
        for record in records {
            output::write_record(record, SequenceFormat::Fastq, Names::Numbered, &mut text);
        }
        writer.write(&text).await.unwrap();
        text.clear();
    }
    writer.finish().await.unwrap();
    pending.commit().unwrap();
}

/// A runtime of one worker, and threads beside it that inflate and deflate.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Reads as a sequencer names them: random bases, qualities of four bins that fall towards the end.
fn records(count: usize) -> Vec<Record> {
    let mut random = Random(7);
    let record = |n: usize| {
        let header = format!("M01:7:000-ABC:1:1101:{}:{} 1:N:0:1", 10_000 + n % 20_000, n).into_bytes();
        let bases: Vec<u8> = (0..BASES).map(|_| b"ACGT"[random.below(4)]).collect();
        let quality_scores =
            (0..BASES).map(|at| if random.below(BASES * 4) > at { b'F' } else { b",:#"[random.below(3)] });
        let quality_scores: Vec<u8> = quality_scores.collect();
        Record::new(&header, &bases, &quality_scores)
    };
    (0..count).map(record).collect()
}

/// Knuth's linear congruential generator, MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
