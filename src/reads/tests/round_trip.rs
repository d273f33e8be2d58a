//! Property of reading and writing: what is written is read back unchanged.

use proptest::prelude::*;

use super::*;
use crate::reads::Segments;

fn record() -> impl Strategy<Value = Record> {
    let letters = prop::collection::vec((prop::sample::select(b"ACGTNacgtn.-RY".to_vec()), b'!'..=b'~'), 1..300);
    ("[!-~]{0,12}(/1|/2)?([ \t][ -~\t]{0,20})?", letters).prop_map(|(header, letters)| {
        let (bases, quality_scores): (Vec<u8>, Vec<u8>) = letters.into_iter().unzip();
        Record::new(header.as_bytes(), &bases, &quality_scores)
    })
}

/// Writes records to a file and reads them back.
fn there_and_back(name: &str, written: &[Record]) -> Vec<Record> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let files = Files::new();
        let path = files.path(name);
        let (mut writer, pending) = output::create(&path, ENCODING).await.unwrap();
        for record in written {
            let mut text = Vec::new();
            write_record(record, output::SequenceFormat::of(&path), Names::AsRead, &mut text);
            writer.write(&text).await.unwrap();
        }
        writer.finish().await.unwrap();
        pending.commit().unwrap();
        records(read(path).await.unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_fastq_written_is_read_back_the_same(
        written in prop::collection::vec(record(), 0..40),
        name in prop::sample::select(vec!["reads.fastq", "reads.fq.gz", "reads.bgz", "reads.fq.zst", "reads.bz2", "reads.xz"]),
    ) {
        prop_assert_eq!(there_and_back(name, &written), written);
    }

    #[test]
    fn any_fasta_written_is_read_back_without_its_qualities(
        mut written in prop::collection::vec(record(), 0..40),
        name in prop::sample::select(vec!["reads.fasta", "reads.fa.gz", "reads.fna", "reads.fa.zst", "reads.fasta.bz2", "reads.fna.xz"]),
    ) {
        let back = there_and_back(name, &written);
        for record in &mut written {
            *record = Record::new(record.header(), record.bases(), b"");
        }
        prop_assert_eq!(back, written);
    }

    #[test]
    fn two_files_give_back_their_pairs(written in prop::collection::vec(record(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let files = Files::new();
            // Two files with the same reads are refused, so those of the second file are a base longer.
            let mates = |mate: &str, more: usize| written.iter().map(|record| {
                let word = record.header().iter().take_while(|byte| !b" \t".contains(byte)).count();
                let suffix = if record.name().len() < word { mate } else { "" };
                // A comment must not say that both are first mates, as `/1` at the end of its first word does.
                let comment: Vec<u8> =
                    record.header()[word..].iter().map(|&byte| if byte == b'/' { b'|' } else { byte }).collect();
                let header = [record.name(), suffix.as_bytes(), &comment].concat();
                let [bases, quality_scores] = [(record.bases(), b"A"), (record.quality_scores(), b"I")]
                    .map(|(letters, last)| [letters, &last[..more]].concat());
                Record::new(&header, &bases, &quality_scores)
            }).collect::<Segments>();
            let [r1, r2] = [("r1", "/1", 0), ("r2", "/2", 1)].map(|(name, mate, more)| {
                let segments = mates(mate, more);
                files.write(name, fastq(vec![Template { segments, ..Template::default() }], Names::AsRead))
            });
            let pairs = read_pair(r1, r2).await.unwrap();
            prop_assert_eq!(pairs.len(), written.len());
            for (pair, record) in pairs.iter().zip(&mates("/2", 1)) {
                prop_assert_eq!(pair.segments[1].header(), record.header());
                prop_assert_eq!([pair.segments[0].mate.number(), pair.segments[1].mate.number()], [1, 2]);
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_bytes_make_the_reader_panic(start in prop::sample::select(vec!["", "@", ">", "@HD\tVN:1\n", "BAM\u{1}"]), rest: Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let files = Files::new();
            let _ = read(files.write("any", [start.as_bytes(), &rest].concat())).await;
        });
    }
}
