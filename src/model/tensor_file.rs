//! Reads just the header of a safetensors file: a BERT of full size has 360 MB, and memory should hold only one tensor
//! at a time.

use std::io::{self, Read, Seek, SeekFrom};

use safetensors::SafeTensorError;
use safetensors::tensor::Metadata;

use super::load_error::LoadError;

/// A file, or bytes in memory.
pub(super) trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// The number of bytes that give the length of the header.
const LENGTH: usize = size_of::<u64>();
/// The longest header: a longer one is refused, as in the format's own library.
const LONGEST_HEADER: usize = 100_000_000;

/// Reads which tensors the file has, which must fill it, and where the first one begins. `file` is its name.
pub(super) fn header(file: &str, bytes: &mut dyn Bytes) -> Result<(Metadata, u64), LoadError> {
    let unreadable = |source| LoadError::Io { file: file.to_owned(), source };
    let refused = |source| Err(LoadError::Weights { file: file.to_owned(), source: Box::new(source) });
    let all = bytes.seek(SeekFrom::End(0)).map_err(unreadable)?;
    if all < LENGTH as u64 {
        return refused(SafeTensorError::HeaderTooSmall);
    }
    let mut length = [0; LENGTH];
    read_at(bytes, 0, &mut length).map_err(unreadable)?;
    let Some(length) = usize::try_from(u64::from_le_bytes(length)).ok().filter(|&length| length <= LONGEST_HEADER)
    else {
        return refused(SafeTensorError::HeaderTooLarge);
    };
    let start = (LENGTH + length) as u64;
    if start > all {
        return refused(SafeTensorError::InvalidHeaderLength);
    }
    let mut header = vec![0; length];
    read_at(bytes, LENGTH as u64, &mut header).map_err(unreadable)?;
    let tensors: Metadata = match serde_json::from_slice(&header) {
        Ok(tensors) => tensors,
        Err(error) => return refused(SafeTensorError::InvalidHeaderDeserialization(error)),
    };
    if tensors.data_len() as u64 != all - start {
        return refused(SafeTensorError::MetadataIncompleteBuffer);
    }
    Ok((tensors, start))
}

/// Fills `to` with the bytes from `start` on.
pub(super) fn read_at(bytes: &mut dyn Bytes, start: u64, to: &mut [u8]) -> io::Result<()> {
    bytes.seek(SeekFrom::Start(start))?;
    bytes.read_exact(to)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io::Cursor;

    use safetensors::tensor::{Dtype, TensorInfo};

    use super::*;

    fn file(length: u64, header: &[u8], rest: usize) -> Vec<u8> {
        [&length.to_le_bytes()[..], header, &vec![0; rest]].concat()
    }

    #[test]
    fn a_header_is_read_and_the_tensors_must_fill_the_file() {
        let info = TensorInfo { dtype: Dtype::F32, shape: vec![3], data_offsets: (0, 12) };
        let tensors = Metadata::new(Some(HashMap::new()), vec![("a".to_owned(), info)]).unwrap();
        let json = serde_json::to_vec(&tensors).unwrap();
        let length = json.len() as u64;
        let (read, start) = header("f", &mut Cursor::new(file(length, &json, 12))).unwrap();
        assert_eq!((read.info("a").unwrap().data_offsets, start), ((0, 12), 8 + length));
        for (length, json, rest, reason) in [
            (length, &json[..], 11, "MetadataIncompleteBuffer"),
            (length, &json, 13, "MetadataIncompleteBuffer"),
            (length + 13, &json, 12, "InvalidHeaderLength"),
            (100_000_001, &json, 12, "HeaderTooLarge"),
            (u64::MAX, &json, 12, "HeaderTooLarge"),
            (length - 1, &json, 13, "InvalidHeaderDeserialization"),
        ] {
            let problem = header("f", &mut Cursor::new(file(length, json, rest))).unwrap_err();
            assert!(format!("{problem:?}").contains(reason), "{problem:?}");
        }
        assert!(header("f", &mut Cursor::new(&[0; 7])).is_err());
    }
}
