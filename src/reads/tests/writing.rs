//! Outputs: names, formats, and that each is written completely or not at all.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::reads::Mate;

fn written(header: &str, mate: Mate, format: output::SequenceFormat, names: Names) -> String {
    let record = Record::new(header.as_bytes(), b"ACGT", b"IIII").with_mate(mate);
    let mut text = Vec::new();
    write_record(&record, format, names, &mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn mates_are_numbered_before_the_description_and_only_once() {
    let header = |header, mate| {
        written(header, mate, output::SequenceFormat::Fastq, Names::Numbered).lines().next().unwrap().to_owned()
    };
    assert_eq!(header("r 1:N:0", Mate::First), "@r/1 1:N:0");
    assert_eq!(header("r\tx", Mate::Second), "@r/2\tx");
    assert_eq!(header("r/2 x", Mate::Second), "@r/2 x");
    assert_eq!(header("r x", Mate::Unpaired), "@r x");
    assert_eq!(written("r\tx", Mate::First, output::SequenceFormat::Fastq, Names::AsRead), "@r\tx\nACGT\n+\nIIII\n");
    assert_eq!(written("r\tx", Mate::First, output::SequenceFormat::Fasta, Names::Numbered), ">r/1\tx\nACGT\n");
}

#[test]
fn a_read_without_quality_scores_gets_them() {
    let record = Record::new(b"r", b"ACGT", b"");
    let mut text = Vec::new();
    write_record(&record, output::SequenceFormat::Fastq, Names::AsRead, &mut text);
    assert_eq!(text, b"@r\nACGT\n+\nBBBB\n");
}

#[tokio::test]
async fn an_output_is_there_whole_or_not_at_all() {
    let files = Files::new();
    let path = files.path("out.fq");
    let names = || std::fs::read_dir(files.0.path()).unwrap().count();
    for commit in [false, true] {
        let (mut writer, pending) = output::create(&path, ENCODING).await.unwrap();
        writer.write(b"@a\nA\n+\nI\n").await.unwrap();
        writer.finish().await.unwrap();
        assert!(!path.exists());
        assert_eq!(names(), 1, "the temporary file is beside its place");
        if commit {
            pending.commit().unwrap();
        } else {
            drop(pending);
            assert_eq!(names(), 0);
        }
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"@a\nA\n+\nI\n");
    assert_eq!(names(), 1);
    let plain = files.write("plain", "");
    assert_eq!(path.metadata().unwrap().permissions().mode(), plain.metadata().unwrap().permissions().mode());
}

#[tokio::test]
async fn what_a_link_points_to_is_replaced_not_the_link() {
    let files = Files::new();
    let (target, link) = (files.write("target", "old"), files.path("link"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let (mut writer, pending) = output::create(&link, ENCODING).await.unwrap();
    writer.write(b"new").await.unwrap();
    writer.finish().await.unwrap();
    pending.commit().unwrap();
    assert!(link.is_symlink());
    assert_eq!(std::fs::read(target).unwrap(), b"new");
}

#[tokio::test]
async fn a_full_disk_is_an_error_of_the_output() {
    let (mut writer, _pending) = output::create("/dev/full".as_ref(), ENCODING).await.unwrap();
    let error = match writer.write(&vec![b'A'; 1 << 20]).await {
        Ok(()) => writer.finish().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, Error::Output { .. }), "{error}");
    assert!(explain(&error).contains("cannot write /dev/full: No space left"), "{error}");
    let (mut writer, _pending) = output::create("/dev/full".as_ref(), ENCODING).await.unwrap();
    writer.write(b"short").await.unwrap();
    let held_back = writer.finish().await.unwrap_err();
    assert!(matches!(held_back, Error::Output { .. }), "{held_back}");
}

#[tokio::test]
async fn a_full_disk_is_an_error_of_a_compressed_output() {
    let files = Files::new();
    let link = files.path("full.gz");
    std::os::unix::fs::symlink("/dev/full", &link).unwrap();
    let (mut writer, _pending) = output::create(&link, ENCODING).await.unwrap();
    writer.write(b"short").await.unwrap();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, Error::Output { .. }), "{error}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let files = Files::new();
    let error = output::create(&files.path("no/such/folder.fq"), ENCODING).await.unwrap_err();
    assert!(matches!(error, Error::Output { .. }), "{error}");
    assert!(explain(&error).contains("folder.fq: "), "{error}");
}

#[tokio::test]
async fn named_pipes_are_written_directly() {
    let files = Files::new();
    let pipe = files.path("pipe.fq");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = tokio::task::spawn_blocking({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).unwrap()
    });
    let (mut writer, pending) = output::create(&pipe, ENCODING).await.unwrap();
    writer.write(b"@a\n").await.unwrap();
    writer.finish().await.unwrap();
    pending.commit().unwrap();
    assert_eq!(reader.await.unwrap(), b"@a\n");
}

#[tokio::test]
async fn gz_is_bgzf_with_its_end_marker() {
    let files = Files::new();
    let path = files.path("table.tsv.gz");
    let (mut writer, pending) = output::create(&path, ENCODING).await.unwrap();
    for n in 0..30_000 {
        writer.write(format!("row {n}\n").as_bytes()).await.unwrap();
    }
    writer.finish().await.unwrap();
    pending.commit().unwrap();
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..4], [0x1f, 0x8b, 8, 4]);
    assert_eq!(&bytes[bytes.len() - 28..][16..18], [0x1b, 0]);
}

#[tokio::test]
async fn the_target_of_a_dangling_link_is_made() {
    let files = Files::new();
    let (target, link) = (files.path("target"), files.path("link"));
    std::os::unix::fs::symlink("target", &link).unwrap();
    let (writer, pending) = output::create(&link, ENCODING).await.unwrap();
    writer.finish().await.unwrap();
    pending.commit().unwrap();
    assert!(link.is_symlink() && target.is_file());
}

#[tokio::test]
async fn a_name_as_long_as_names_may_be_is_written() {
    let files = Files::new();
    let path = files.path(&"n".repeat(255));
    let (writer, pending) = output::create(&path, ENCODING).await.unwrap();
    writer.finish().await.unwrap();
    pending.commit().unwrap();
    assert!(path.is_file());
}
