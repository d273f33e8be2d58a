//! zstd, bzip2 and xz files: several members, truncated, damaged, followed by garbage. Tests for gzip are also in
//! `traps`.

use async_compression::Level;
use async_compression::tokio::write::{BzEncoder, GzipEncoder, XzEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::*;

/// The format of a compressed member.
#[derive(Clone, Copy, Debug)]
enum Member {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

const ALL: [Member; 4] = [Member::Gzip, Member::Zstd, Member::Bzip2, Member::Xz];

impl Member {
    async fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        let into = &mut compressed;
        let mut encoder: Box<dyn AsyncWrite + Unpin + Send> = match self {
            Self::Gzip => Box::new(GzipEncoder::new(into)),
            Self::Zstd => {
                let checksum = [CParameter::checksum_flag(true)];
                Box::new(ZstdEncoder::with_quality_and_params(into, Level::Default, &checksum))
            }
            Self::Bzip2 => Box::new(BzEncoder::new(into)),
            Self::Xz => Box::new(XzEncoder::new(into)),
        };
        encoder.write_all(bytes).await.unwrap();
        encoder.shutdown().await.unwrap();
        drop(encoder);
        compressed
    }
}

/// The error message for a file with these bytes.
async fn complaint(bytes: impl AsRef<[u8]>) -> String {
    let files = Files::new();
    message(&read(files.write("reads", bytes)).await.unwrap_err())
}

fn reads_of(range: std::ops::Range<u32>) -> Vec<u8> {
    let record = |n: u32| {
        let bases: String =
            (0..80).map(|i| char::from(b"ACGT"[(n.wrapping_mul(2_654_435_761) >> (i % 30)) as usize % 4])).collect();
        format!("@r{n}\n{bases}\n+\n{}\n", "I".repeat(80))
    };
    range.map(record).collect::<String>().into_bytes()
}

#[tokio::test]
async fn each_compression_is_told_by_content_and_read() {
    let files = Files::new();
    let plain = read(files.write("plain", reads_of(0..3000))).await.unwrap();
    for member in ALL {
        let path = files.write("reads.txt", member.of(&reads_of(0..3000)).await);
        assert!(read(path).await.unwrap() == plain, "{member:?}");
    }
}

#[tokio::test]
async fn members_one_after_the_other_are_one_file() {
    let files = Files::new();
    let plain = read(files.write("plain", reads_of(0..300))).await.unwrap();
    for member in ALL {
        let parts = [member.of(&reads_of(0..100)).await, member.of(b"").await, member.of(&reads_of(100..300)).await];
        let path = files.write("reads", parts.concat());
        assert!(read(path).await.unwrap() == plain, "{member:?}");
    }
}

/// No tool can know whether another member was to come, so a cut between two members goes unnoticed.
#[tokio::test]
async fn a_cut_is_noticed_wherever_it_falls() {
    for member in ALL {
        let first = member.of(&reads_of(0..8)).await;
        let whole = [&first[..], &member.of(&reads_of(8..16)).await].concat();
        for cut in (7..whole.len()).filter(|&cut| cut != first.len()) {
            let message = complaint(&whole[..cut]).await;
            assert!(message.contains("the file is cut short"), "{member:?} cut at {cut} of {}: {message}", whole.len());
        }
    }
}

#[tokio::test]
async fn damage_is_noticed_wherever_it_falls() {
    for member in ALL {
        let mut damaged = member.of(&reads_of(0..300)).await;
        for at in (12..damaged.len()).step_by(damaged.len() / 20) {
            damaged[at] ^= 0x10;
            complaint(&damaged).await;
            damaged[at] ^= 0x10;
        }
    }
}

/// gzip and bzip2 warn and go on, zstd and xz fail; we cannot know what the garbage was.
#[tokio::test]
async fn garbage_after_the_last_member_is_an_error() {
    for member in ALL {
        for garbage in [b"garbage after the end, longer than any header of a member".as_slice(), &[0; 512][..]] {
            let zeros = garbage[0] == 0;
            if zeros && matches!(member, Member::Gzip | Member::Xz) {
                continue; // padding
            }
            let message = complaint([&member.of(&reads_of(0..30)).await, garbage].concat()).await;
            let cause = match member {
                Member::Gzip => "continues with something that is not gzip",
                _ => "the compressed data is damaged",
            };
            assert!(message.contains(cause), "{member:?}, zeros: {zeros}: {message}");
        }
    }
}

/// As in `gzip -t`: files from tapes end in zeros.
#[tokio::test]
async fn zeros_after_the_last_member_of_gzip_are_skipped() {
    let files = Files::new();
    let member = Member::Gzip.of(&reads_of(0..30)).await;
    assert_eq!(read(files.write("reads", [&member[..], &vec![0; 700_000]].concat())).await.unwrap().len(), 30);
    let garbage = complaint([&member[..], &vec![0; 300_000], b"x"].concat()).await;
    assert!(garbage.contains("continues with something that is not gzip"), "{garbage}");
}

#[tokio::test]
async fn padding_between_and_after_streams_of_xz_is_skipped() {
    let files = Files::new();
    let [a, b] = [Member::Xz.of(&reads_of(0..10)).await, Member::Xz.of(&reads_of(10..20)).await];
    let path = files.write("reads", [&a[..], &[0; 8], &b, &[0; 4]].concat());
    assert_eq!(read(path).await.unwrap().len(), 20);
    assert!(complaint([&a[..], &[0; 5], &b].concat()).await.contains("damaged"));
}

#[tokio::test]
async fn skippable_frames_of_zstd_are_skipped_wherever_they_are() {
    let files = Files::new();
    let skippable = b"\x53\x2a\x4d\x18\x05\0\0\x00abcde";
    let [a, b] = [Member::Zstd.of(&reads_of(0..10)).await, Member::Zstd.of(&reads_of(10..20)).await];
    let parts = [&skippable[..], &a, skippable, skippable, &b, skippable];
    assert_eq!(read(files.write("reads", parts.concat())).await.unwrap().len(), 20);
    let whole = [&a[..], skippable].concat();
    for cut in a.len() + 1..whole.len() {
        assert!(complaint(&whole[..cut]).await.contains("cut short"), "cut at {cut}");
    }
}

#[tokio::test]
async fn empty_members_are_empty_files() {
    let files = Files::new();
    for member in ALL {
        let empty = member.of(b"").await;
        assert_eq!(read(files.write("empty", &empty)).await.unwrap(), [], "{member:?}");
    }
}

#[tokio::test]
async fn compressed_twice_is_called_that_whatever_the_two_are() {
    for outer in ALL {
        for inner in ALL {
            let twice = outer.of(&inner.of(&reads_of(0..30)).await).await;
            assert!(complaint(&twice).await.contains("compressed twice"), "{inner:?} in {outer:?}");
        }
    }
}

/// A frame states the size of its window: this one needs 2 GiB, as from `zstd --ultra --long=31`.
#[tokio::test]
async fn a_window_too_wide_is_refused_before_it_is_made() {
    let window_log_31 = (31 - 10) << 3;
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, window_log_31, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // The same for xz: changes the dictionary size in the block header, and corrects the header's checksum.
    let mut block = Member::Xz.of(&reads_of(0..3)).await;
    let header = 12..12 + 4 * usize::from(block[12]);
    assert_eq!(block[header.start + 2..header.start + 4], [0x21, 1], "LZMA2, and one byte for it");
    block[header.start + 4] = 39;
    let checksum = libdeflater::crc32(&block[header.clone()]);
    block[header.end..header.end + 4].copy_from_slice(&checksum.to_le_bytes());
    for file in [&frame[..], &block] {
        let message = complaint(file).await;
        assert!(message.contains("takes a window of more than 128 MiB"), "{message}");
    }
}
