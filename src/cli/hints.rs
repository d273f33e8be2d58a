//! Advice on errors and warnings. It names flags and commands, which no lower layer knows.

use std::error::Error as _;
use std::io;

use rustix::io::Errno;

use crate::conflict::Conflict;
use crate::error::Error;
use crate::model::device::DeviceError;
use crate::model::{self, FetchError, LoadError, Needs};
use crate::paths::on_one_line;
use crate::progress::say;
use crate::reads::{self, GivenAs, LayoutError};
use crate::warning::Warning;

/// Prints an error: its chain of causes in one line, then advice. `from_stdin` is the command that ran, with stdin as
/// its input.
pub(super) fn print_error(error: &Error, from_stdin: &str) {
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    let mut line = format!("readseeker: {}", on_one_line(&causes));
    if let Some(hint) = hint(error, from_stdin) {
        line.push_str("\nhint: ");
        line.push_str(&hint);
    }
    line.push('\n');
    say(&line);
}

/// Prints a warning and advice.
pub(super) fn print_warning(warning: &Warning) {
    let advice = match warning {
        Warning::JudgedApart { .. } => {
            "--interleaved judges mates together, --single confirms that these are single reads"
        }
        Warning::ReferenceUnused { .. } => "leave out --reference",
        Warning::NoEndMarker { .. } => "compare its number of reads with the original's, or create the file again",
        Warning::AttentionUnused { .. } => "leave out --attention",
        Warning::PriorOfAnotherModel { .. } => "--prior auto lets this run estimate its own",
        Warning::Unscored { .. } => {
            "--min-length sets how many known bases a read needs; --undecided collects these reads"
        }
        Warning::Short { .. } => "do not trust single reads; docs/odd-reads.md has the figures",
        Warning::Slow { .. } => "use a GPU (--device gpu), a part of the reads (--max-reads), or --model builtin",
        Warning::Truncated { .. } => "score all of each read in windows with --windows 150",
        _ => "",
    };
    let hint = if advice.is_empty() { String::new() } else { format!("hint: {advice}\n") };
    say(&format!("readseeker: warning: {}\n{hint}", on_one_line(&warning.to_string())));
}

/// Advice on missing flags that clap cannot give.
pub(super) fn on_flags(error: &clap::Error) -> Option<&'static str> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else { return None };
    let of_a_class = |argument: &String| argument.starts_with("--coding") || argument.starts_with("--noncoding");
    (error.kind() == ErrorKind::MissingRequiredArgument && missing.iter().any(of_a_class))
        .then_some("--out-prefix PREFIX names all outputs at once; the path /dev/null discards a class")
}

fn hint(error: &Error, from_stdin: &str) -> Option<String> {
    let hint = match error {
        Error::Reads(reads::Error::Input { problem, .. }) => return on_input(problem, from_stdin),
        Error::Reads(reads::Error::Layout(problem)) => return on_layout(problem).map(str::to_owned),
        Error::Reads(reads::Error::Temporary { .. }) => {
            "choose another folder with --temp-dir, or raise --memory to keep more records in RAM"
        }
        Error::Reads(reads::Error::Output { source, .. }) if is_too_many_files(source) => {
            "raise the limit on open files (ulimit -n)"
        }
        Error::Model(model::Error::Load { problem, .. }) => return on_model(problem).map(str::to_owned),
        Error::Model(model::Error::Fetch { problem, .. }) => return on_fetch(problem).map(str::to_owned),
        Error::Model(model::Error::Device(problem) | model::Error::Again { problem, .. }) => {
            return Some(on_device(problem));
        }
        Error::Model(model::Error::Exists(_)) => "give another name, or remove it first",
        Error::Model(model::Error::Precision { needs, .. }) => return on_precision(*needs).map(str::to_owned),
        Error::OtherTraining(_) => "repeat its command to go on with it, or remove the file to start anew",
        Error::Threads { .. } => {
            "use fewer with --threads, or raise the limit on processes (ulimit -u, a container's limit) or on memory"
        }
        Error::AddressSpace { .. } => "raise it (ulimit -v); --memory bounds what a run really uses",
        Error::OpenFiles { .. } => "raise it (ulimit -n)",
        Error::Selftest { .. } => "please report the lines that are not ok; --device cpu avoids a faulty GPU",
        Error::Audit { .. } => {
            "run in f32 on the CPU (--precision f32 --device cpu); `readseeker selftest` compares all paths of this machine"
        }
        Error::NotText { .. } => "write the scores as TSV: --scores scores.tsv.gz",
        Error::ReaderGone { .. } => {
            "read stdout to its end, or write no other files; --max-reads ends a run after so many reads"
        }
        Error::Alone { .. } => {
            "its mate is missing, has no bases, or is of another class: collect such reads with --unpaired unpaired_%.fq.gz, or give one \
             file per class"
        }
        Error::Genome(_) => "give the annotation that belongs to these sequences: names must be the same in both",
        Error::NotAligned { .. } => {
            "map them first (bwa, minimap2) and give the BAM; reads with labels of their own need no --truth"
        }
        Error::Calls(_) => {
            "give the genes found on these very reads; the name of a read is its column \"name\", else read1, read2, ... in order"
        }
        Error::Conflict(conflict) => return on_conflict(conflict),
        Error::Report { .. } => {
            "merge takes the reports of all runs with --shard I/N of one input, and --scores their tables in the same order; \
             compare puts the reports of several samples on one page"
        }
        Error::NotAReport { .. } => "give reports that --json wrote (those for MultiQC, *_mqc.json, are others)",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Whether the limit on open files is reached. By its text, as errors about temporary files do not give their number.
fn is_too_many_files(error: &io::Error) -> bool {
    error.to_string().starts_with(&io::Error::from(Errno::MFILE).to_string())
}

fn on_conflict(conflict: &Conflict) -> Option<String> {
    let hint = match conflict {
        Conflict::Exists(_) => "replace it with --force",
        Conflict::Remains { .. } => {
            "the outputs that are there may be of two runs: make all of them again with --force"
        }
        Conflict::ReadsSuffix { .. } => {
            "reads are written as .fq, .fa or .bam, the first two also with .gz, .zst, .bz2 or .xz; --output-format writes one \
             of the three under any name"
        }
        Conflict::Suffix { fitting, .. } => {
            let packed = if fitting.contains("parquet") { " (but not .parquet, which compresses itself)" } else { "" };
            return Some(format!("name it {fitting}; .gz, .zst, .bz2 or .xz may follow{packed}"));
        }
        Conflict::Folder(_) => "name a file; --out-prefix FOLDER/NAME names all outputs at once",
        Conflict::NothingCompressed => "outputs that end in .gz, .zst, .bz2, .xz or .bam are compressed",
        Conflict::ReadOnce(_) => "write it to a file first, or leave out --shard",
        Conflict::TakenAway(_) => "write it to a file first, or try a part of it that is a file",
        Conflict::NoMates => "give the files of both mates, or --interleaved",
        Conflict::NoFrames { .. } => "use --model builtin",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn on_input(problem: &reads::Problem, from_stdin: &str) -> Option<String> {
    use reads::Problem;
    let piped = |command: &str| format!("`{command} | {from_stdin}`");
    Some(match problem {
        Problem::Cut => "copy or create the file again: what is missing cannot be recovered from the rest".to_owned(),
        Problem::Damaged(_) => format!(
            "check it with its own tool (`gzip -t FILE`, `zstd -t`, `xz -t`, `bzip2 -t`): if that finds no fault, try {}, \
             else copy the file again",
            piped("gzip -dc FILE")
        ),
        Problem::Letter { line: "header", .. } => {
            r"if its lines end in a carriage return alone, make them line feeds: `tr '\r' '\n' <FILE`".to_owned()
        }
        Problem::Start { .. } | Problem::Plus(_) | Problem::Lengths { .. } | Problem::Letter { .. } => {
            "look at that record: files that were cut, joined or edited end or begin within one. Copy or create the file again"
                .to_owned()
        }
        Problem::AfterBlocks { .. } | Problem::AfterEnd => {
            "copy or create the file again: what follows is not part of it, or was appended in another format"
                .to_owned()
        }
        Problem::Compression { tool, .. } => format!("decompress it first: {}", piped(&format!("{tool} FILE"))),
        Problem::Window { .. } => {
            format!("let its own tool decompress it: {} or {}", piped("zstd -dc --long=31 FILE"), piped("xz -dc FILE"))
        }
        Problem::CompressedTwice => format!("decompress it once: {}", piped("gzip -dc FILE")),
        Problem::Cram(_) => format!("let samtools decode it: {}", piped("samtools view -u -T REF.fa FILE")),
        Problem::NoReference | Problem::WrongReference(_) => format!(
            "give the reference with --reference REF.fa (REF_PATH and REF_CACHE are not used), or use {}",
            piped("samtools view -u FILE")
        ),
        Problem::Reference { .. } => "check its name; it must be FASTA, plain or compressed with bgzip".to_owned(),
        Problem::ReferenceCodec { .. } => {
            "decompress it, or compress it with bgzip and index it with samtools faidx".to_owned()
        }
        Problem::ReferenceIndex { .. } => "make one: `samtools faidx REF.fa.gz`".to_owned(),
        Problem::HeaderLine { .. } => {
            "a BAM output passes the header on, and samtools would refuse it: mend that line (`samtools reheader`), or write \
             FASTQ"
                .to_owned()
        }
        Problem::NotBgzf => format!("compress it with BGZF: {}", piped("samtools view -b FILE")),
        Problem::Mates { .. } => {
            "the two files must list the same reads in the same order: `seqkit pair -1 R1 -2 R2` keeps those in both. If they \
             do, under other names, add --trust-order"
                .to_owned()
        }
        Problem::Alternating { .. } => {
            "R1 and R2 must alternate: a read without its mate puts all after it out of step. Leave such reads out, or judge each \
             read alone without --interleaved"
                .to_owned()
        }
        Problem::Numbers { .. } => {
            "give the first mates first and the second mates second; is one file given twice?".to_owned()
        }
        Problem::Swapped { .. } => "give the first mates first and the second mates second".to_owned(),
        Problem::Protein => "give the nucleotide sequences that these proteins come from".to_owned(),
        Problem::SameReads => "one file is a copy of the other, or an interleaved file holds each read twice: give R1 and R2".to_owned(),
        Problem::NoPrimary(_) => "regroup the records by name with --collate".to_owned(),
        Problem::References { .. } => {
            "a BAM output holds one list of reference sequences: split these inputs in separate runs".to_owned()
        }
        Problem::Line { .. } => {
            "a table of reads needs a header line, then a sequence (or its k-mers), a tab and a label on each line: `readseeker \
             kmers` and `readseeker reads` write such tables; the latter also writes FASTQ, with labels in the names. \
             `readseeker evaluate --truth` takes alignments instead. An annotation (--annotation) must be GFF3 or GTF"
                .to_owned()
        }
        Problem::NoIndex | Problem::OtherIndex { .. } => {
            "make it anew, of the same files in the same order: `readseeker index READS -o INDEX`".to_owned()
        }
        Problem::NoCuts => {
            "compress FASTQ and FASTA with bgzip, and convert SAM and CRAM to BAM; or use --shard without an index".to_owned()
        }
        Problem::Odd => "R1 and R2 must alternate; without --interleaved each read is judged alone".to_owned(),
        Problem::Formats { .. } => "give two FASTQ files or two FASTA files".to_owned(),
        Problem::Lanes { .. } => "process inputs of different formats in separate runs".to_owned(),
        Problem::CoordinateSorted | Problem::NotAdjacent(_) => format!(
            "regroup the records by name with --collate, or beforehand: {}; if no output is BAM, --mates each judges each \
             read alone",
            piped("samtools collate -u -O FILE")
        ),
        _ => return None,
    })
}

fn on_layout(problem: &LayoutError) -> Option<&'static str> {
    Some(match problem {
        LayoutError::Ambiguous { .. } => {
            "say which: --paired (R1 and R2 in turn), --interleaved (mates one after the other) or --single"
        }
        LayoutError::NotLetters { given_as: GivenAs::Interleaved, .. } => "leave out --interleaved",
        LayoutError::NotLetters { given_as: GivenAs::Pair, .. } => "leave out --paired, or give the file alone",
        LayoutError::NotCollatable { .. } => "leave out --collate",
        _ => return None,
    })
}

fn on_model(problem: &LoadError) -> Option<&'static str> {
    Some(match problem {
        LoadError::Io { file, source } if file == "config.json" && source.kind() == io::ErrorKind::NotFound => {
            "--model takes `builtin` or a directory with config.json, the weights and, for a BERT, vocab.txt"
        }
        LoadError::NoDirectory | LoadError::NotADirectory => {
            "the models inside the program are --model builtin and --model compact; any other is a directory, or a name that `readseeker model \
             list` shows. `readseeker model fetch` downloads the published one (https://huggingface.co/bnwlf/ReadSeeker), \
             which then is `--model ReadSeeker`"
        }
        LoadError::Unsupported { key, .. } if key == "model_type" => {
            "readseeker runs BERT models for sequence classification, and its own models"
        }
        LoadError::VocabularySize { .. } | LoadError::Vocabulary { .. } => {
            "use the vocab.txt that came with the model; DNABERT's order is A, T, C, G"
        }
        LoadError::NoWeights { .. } | LoadError::Weights { .. } => {
            "is the download complete? compare sizes or checksums"
        }
        LoadError::MissingTensor { .. } | LoadError::ExtraTensor { .. } | LoadError::TensorShape { .. } => {
            "config.json and the weights must come from the same model, fine-tuned for sequence classification"
        }
        LoadError::TensorType { .. } => "convert the weights to f32 first",
        LoadError::Overflow => "is this the checkpoint of a finished training?",
        _ => return None,
    })
}

fn on_fetch(problem: &FetchError) -> Option<&'static str> {
    Some(match problem {
        FetchError::NotBuilt => {
            "build with the feature `fetch`, or download it otherwise: `hf download bnwlf/ReadSeeker --local-dir ReadSeeker`"
        }
        FetchError::NotFound { .. } => "check its name; models that are not public need HF_TOKEN",
        FetchError::Refused { .. } => "set HF_TOKEN to a token that may read this model",
        FetchError::Status { .. } | FetchError::Network { .. } => {
            "try again later: the same command goes on where this one has stopped. HTTPS_PROXY and HF_ENDPOINT are honoured"
        }
        FetchError::Size { .. } | FetchError::Checksum { .. } => "the server has another file than the published one",
        _ => return None,
    })
}

fn on_precision(needs: Needs) -> Option<&'static str> {
    match needs {
        Needs::Gpu => Some("run on a GPU with --device gpu"),
        Needs::Cpu => Some("run on the CPU with --device cpu"),
        _ => None,
    }
}

fn on_device(problem: &DeviceError) -> String {
    let hint = match problem {
        DeviceError::NotBuilt => {
            "run with --device cpu, or take a program with GPU support: the archive without -cpu, or a build with the feature `wgpu`"
        }
        DeviceError::NoGpu { software, .. } => match software.first() {
            Some(adapter) => {
                let number = adapter.number;
                return format!(
                    "run on the CPU with --device cpu, or on the software adapter with --device gpu:{number}"
                );
            }
            None => {
                "run on the CPU with --device cpu; on Linux, a GPU needs its Vulkan driver and Vulkan's loader (libvulkan1)"
            }
        },
        DeviceError::NoCuda => "build with the feature `cuda`, or run with --device gpu",
        DeviceError::NoF16 { .. } => "run with --precision f32; `readseeker device` shows which GPUs support f16",
        DeviceError::NoSuchGpu { .. } | DeviceError::NoSuchCuda { .. } => {
            "`readseeker device` lists the available devices"
        }
        DeviceError::Unusable { .. } | DeviceError::Failed { .. } | DeviceError::Drift { .. } => {
            "run on the CPU with --device cpu"
        }
        DeviceError::Threads { .. } => "use fewer threads with --threads",
    };
    hint.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_command_that_ran() {
        let error = reads::Error::Input { input: "a.gz".into(), at: None, problem: reads::Problem::CompressedTwice };
        let hint = hint(&error.into(), "readseeker score - ...").unwrap();
        assert!(hint.ends_with("`gzip -dc FILE | readseeker score - ...`"), "{hint}");
    }

    #[test]
    fn advice_fits_the_fault() {
        use reads::Problem;
        let pair = Problem::Mates { pair: 2, first: "\"a\"".into(), second: "\"b\"".into() };
        let twice = Problem::Numbers { pair: 1, first: "\"a/1\"".into(), second: "\"a/1\"".into() };
        for (problem, advice) in [
            (Problem::Damaged(io::ErrorKind::InvalidData.into()), "`gzip -dc FILE | readseeker split - ...`"),
            (Problem::NotBgzf, "`samtools view -b FILE | readseeker split - ...`"),
            (Problem::CoordinateSorted, "`samtools collate -u -O FILE | readseeker split - ...`"),
            (Problem::NotAdjacent("r1".into()), "`samtools collate -u -O FILE | readseeker split - ...`"),
            (pair, "the same reads in the same order"),
            (twice, "is one file given twice?"),
        ] {
            let hint = on_input(&problem, "readseeker split - ...").unwrap();
            assert!(hint.contains(advice), "{problem}: {hint}");
        }
    }

    #[test]
    fn a_limit_on_open_files_is_named() {
        let wrapped = io::Error::other(format!("{} at path \"x\"", io::Error::from(Errno::MFILE)));
        for source in [io::Error::from(Errno::MFILE), wrapped] {
            let error = reads::Error::Output { output: "a.fq".into(), source };
            assert!(hint(&error.into(), "").is_some_and(|hint| hint.contains("ulimit -n")));
        }
    }

    #[test]
    fn a_window_too_large_is_left_to_the_tool_that_allows_it() {
        let hint = on_input(&reads::Problem::Window { most: 128 }, "readseeker split - ...").unwrap();
        assert!(hint.contains("`zstd -dc --long=31 FILE | readseeker split - ...`"), "{hint}");
    }

    #[test]
    fn a_cram_without_its_reference_is_told_the_flag() {
        let hint = on_input(&reads::Problem::NoReference, "readseeker split - ...").unwrap();
        assert!(hint.contains("--reference REF.fa"), "{hint}");
    }

    #[test]
    fn without_cuda_the_hint_says_what_to_build() {
        assert!(on_device(&DeviceError::NoCuda).contains("feature `cuda`"));
    }
}
