//! Reads what comes before the records of a BAM file: text, and the names and lengths of the reference sequences.
//!
//! noodles' reader is not used, since it always keeps the whole text: a header may be a gigabyte, and only BAM outputs
//! need it.

use super::header::{Header, ReferenceSequence};
use crate::reads::Problem;
use crate::reads::bytes::window::{Bytes, Window};

/// The length of the magic string.
const MAGIC: usize = 4;

/// The most bytes kept of the first line, if the text is not kept.
const FIRST_LINE: usize = 64 << 10;

/// Reads up to the first record. If the text is not kept, its first line still is: it says how the records are sorted.
///
/// The text is searched, not parsed: aligners write headers that strict parsers refuse, and we need a few tags.
pub(in crate::reads) async fn read(content: &mut Window<Bytes>, keeps_text: bool) -> Result<Header, Problem> {
    take(content, MAGIC).await?;
    let length = length(content, "its text has a negative length").await?;
    let text = text(content, length, keeps_text).await?;
    let count = self::length(content, "it has a negative number of reference sequences").await?;
    let mut references = Vec::new();
    for _ in 0..count {
        references.push(reference(content).await?);
    }
    Ok(Header::new(text, references))
}

async fn text(content: &mut Window<Bytes>, length: usize, keeps_text: bool) -> Result<Vec<u8>, Problem> {
    /// Room for lines of our own that may follow the text: growing it later would copy it.
    const MORE: usize = 64 << 10;
    let mut text = Vec::new();
    let (mut left, mut in_first_line) = (length, true);
    if keeps_text {
        // This reserves addresses, no memory yet: a file may claim more than it holds. If it fails, the text grows as
        // it comes.
        let _granted_or_not = text.try_reserve_exact(length.saturating_add(MORE));
    }
    while left > 0 {
        let here = content.peek(1).await?.len();
        let window = content.window();
        let part = &window[..window.len().min(left)];
        if keeps_text {
            text.extend_from_slice(part);
        } else if in_first_line {
            let line = part.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
            in_first_line = !line.ends_with(b"\n");
            text.extend_from_slice(&line[..line.len().min(FIRST_LINE - text.len())]);
        }
        let read = part.len();
        if here == 0 {
            return Err(Problem::Cut);
        }
        left -= read;
        content.skip(read);
    }
    Ok(text)
}

async fn reference(content: &mut Window<Bytes>) -> Result<ReferenceSequence, Problem> {
    let length = length(content, "the name of a reference sequence has a negative length").await?;
    let name = take(content, length).await?;
    let name = name.strip_suffix(b"\0").map(<[u8]>::to_vec).unwrap_or(name);
    let length = number(content).await?;
    Ok(ReferenceSequence { name, length })
}

/// Reads a length, which BAM stores as a signed number.
async fn length(content: &mut Window<Bytes>, what: &'static str) -> Result<usize, Problem> {
    let number = i32::from_le_bytes(number(content).await?.to_le_bytes());
    usize::try_from(number).map_err(|_negative| Problem::Header { format: "BAM", what })
}

async fn number(content: &mut Window<Bytes>) -> Result<u32, Problem> {
    let bytes = take(content, size_of::<u32>()).await?;
    Ok(u32::from_le_bytes(*bytes.first_chunk().expect("as many as asked for")))
}

/// Takes the next `n` bytes.
async fn take(content: &mut Window<Bytes>, n: usize) -> Result<Vec<u8>, Problem> {
    let bytes = content.peek(n).await?;
    if bytes.len() < n {
        return Err(Problem::Cut);
    }
    let bytes = bytes.to_vec();
    content.skip(n);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::formats::header::Order;

    const TEXT: &[u8] = b"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:c\tLN:9\n@SQ\tSN:d\tLN:8\n";

    async fn read_all(bytes: &[u8], keeps_text: bool) -> Result<Header, Problem> {
        let bytes = std::io::Cursor::new(bytes.to_vec());
        read(&mut Window::new(Box::new(bytes) as Bytes), keeps_text).await
    }

    #[tokio::test]
    async fn what_was_written_is_read_and_without_its_text_the_order_is_known() {
        let header = Header::from_text(TEXT.to_vec());
        let stored = header.to_bam();
        assert_eq!(read_all(&stored, true).await.unwrap(), header);
        let short = read_all(&stored, false).await.unwrap();
        assert_eq!((short.order(), short.references()), (Order::Coordinate, header.references()));
        assert!(short.to_bam().len() < stored.len());
        for cut in MAGIC..stored.len() {
            assert!(matches!(read_all(&stored[..cut], true).await, Err(Problem::Cut)), "{cut}");
        }
    }

    #[tokio::test]
    async fn of_a_first_line_without_end_only_the_start_is_kept() {
        let text = [&b"@HD\tVN:1.6\tSO:coordinate\tXX:"[..], &vec![b'x'; 3 << 20], b"\n@SQ\tSN:c\tLN:9\n"].concat();
        let header = read_all(&Header::from_text(text).to_bam(), false).await.unwrap();
        assert_eq!((header.order(), header.references().len()), (Order::Coordinate, 1));
        assert!(header.to_bam().len() < FIRST_LINE + 100);
    }

    #[tokio::test]
    async fn negative_numbers_are_refused() {
        let stored = Header::from_text(TEXT.to_vec()).to_bam();
        for at in [MAGIC, MAGIC + 4 + TEXT.len(), MAGIC + 8 + TEXT.len()] {
            let mut negative = stored.clone();
            negative[at..at + 4].copy_from_slice(&(-9_i32).to_le_bytes());
            assert!(matches!(read_all(&negative, true).await, Err(Problem::Header { .. })), "{at}");
        }
    }
}
