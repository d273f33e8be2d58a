//! Uploads a batch to a device as one buffer, which is taken apart there.
//!
//! Ids and counts fit into 16 bits, which no shader language in use reads from a buffer directly: two ids travel in a
//! word and are separated on the device. Masks are not uploaded: the device makes them from the counts.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

/// Counts and ids are aligned to this many words, 256 bytes: devices use part of a buffer in place only if it starts at
/// such a boundary.
const ALIGNMENT: usize = 64;

/// Uploads batches, and separates the two halves of words.
#[derive(Debug)]
pub(in crate::model) struct Uploader {
    /// The number of bits by which each half is shifted, `[1, 2]`.
    shifts: Tensor<2, Int>,
}

/// A batch on the device.
#[derive(Debug)]
pub(in crate::model) struct Uploaded<const N: usize> {
    /// N counts for each row, `[rows]` each.
    pub(in crate::model) counts: [Tensor<1, Int>; N],
    /// All ids in the order given.
    pub(in crate::model) ids: Tensor<1, Int>,
}

impl Uploader {
    pub(in crate::model) fn new(device: &Device) -> Self {
        Self { shifts: Tensor::from_data(TensorData::from([[0_i32, 16]]), device) }
    }

    /// Uploads `ids`, and N counts for each row.
    ///
    /// # Panics
    /// If a count is above 2^31; no row is that long.
    pub(in crate::model) fn upload<const N: usize>(
        &self,
        counts: [&[usize]; N],
        ids: &[u16],
        device: &Device,
    ) -> Uploaded<N> {
        let rows = counts.first().map_or(0, |counts| counts.len());
        let (words, start) = words(&counts, ids);
        let length = words.len();
        let words = Tensor::<1, Int>::from_data(TensorData::new(words, [length]), device);
        let apart = rows.next_multiple_of(ALIGNMENT);
        let counts = std::array::from_fn(|count| words.clone().narrow(0, count * apart, rows));
        let shape = [length - start, 2];
        let pairs = words.narrow(0, start, length - start).reshape([length - start, 1]).expand(shape);
        let halves = pairs.bitwise_right_shift(self.shifts.clone().expand(shape)).bitwise_and_scalar(0xffff);
        Uploaded { counts, ids: halves.reshape([2 * (length - start)]).narrow(0, 0, ids.len()) }
    }
}

/// Packs counts, one to a word, then ids, two to a word with the first one lowest; returns the words and where the ids
/// start.
fn words(counts: &[&[usize]], ids: &[u16]) -> (Vec<i32>, usize) {
    let mut words = Vec::with_capacity(ids.len() / 2 + counts.iter().map(|own| own.len() + ALIGNMENT).sum::<usize>());
    for own in counts {
        words.extend(own.iter().map(|&count| i32::try_from(count).expect("no row is that long")));
        words.resize(words.len().next_multiple_of(ALIGNMENT), 0);
    }
    let start = words.len();
    let word = |pair: &[u16]| (u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or(0)) << 16).cast_signed();
    words.extend(ids.chunks(2).map(word));
    words.resize(words.len().next_multiple_of(ALIGNMENT), 0);
    (words, start)
}

/// Which of `positions` lie beyond the count of each row, `[rows, positions]`.
pub(in crate::model) fn beyond(counts: &Tensor<1, Int>, positions: usize, device: &Device) -> Tensor<2, Bool> {
    let [rows] = counts.dims();
    let end = i64::try_from(positions).expect("a row is far shorter");
    let places = Tensor::<1, Int>::arange(0..end, device).reshape([1, positions]).expand([rows, positions]);
    places.greater_equal(counts.clone().reshape([rows, 1]).expand([rows, positions]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(tensor: Tensor<1, Int>) -> Vec<i64> {
        tensor.try_into_vec_as::<i64>().unwrap()
    }

    proptest! {
        #[test]
        fn a_device_reads_what_was_sent(
            rows in 1_usize..80, ids in proptest::collection::vec(0_u16..=u16::MAX, 1..300), seed in 0_usize..1000,
        ) {
            let device = Device::flex();
            let counts = [0, 1].map(|which| (0..rows).map(|row| row * seed * 1000 + which).collect::<Vec<_>>());
            let sent = Uploader::new(&device).upload([&counts[0], &counts[1]], &ids, &device);
            prop_assert_eq!(read(sent.ids), ids.iter().copied().map(i64::from).collect::<Vec<_>>());
            for (own, sent) in counts.iter().zip(sent.counts) {
                prop_assert_eq!(read(sent), own.iter().map(|&count| i64::try_from(count).unwrap()).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_id_takes_two_bytes_and_little_else_is_sent() {
        let (ids, counts) = (vec![7; 32 * 298], vec![298; 32]);
        let (words, start) = words(&[&counts], &ids);
        assert_eq!((4 * words.len(), start), (4 * 64 + 2 * 32 * 298 + 128, 64));
    }

    #[test]
    fn beyond_a_row_is_where_it_has_ended() {
        let device = Device::flex();
        let counts = Tensor::<1, Int>::from_data(TensorData::from([0_i32, 2, 3]), &device);
        let beyond: Vec<i64> = read(beyond(&counts, 3, &device).int().reshape([9]));
        assert_eq!(beyond, [1, 1, 1, 0, 0, 1, 0, 0, 0]);
    }
}
