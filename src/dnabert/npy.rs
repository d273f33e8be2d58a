//! Writes numbers in `NumPy`'s format: one dimension, 32-bit floats.

/// The start of every file: the magic string and the version of the format, 1.0.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The header, with the magic string and its length, takes a multiple of this many bytes.
const ALIGNMENT: usize = 64;

/// Returns the file that holds these numbers.
pub(super) fn file(numbers: &[f32]) -> Vec<u8> {
    let description = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", numbers.len());
    let before = MAGIC.len() + size_of::<u16>();
    let whole = (before + description.len() + 1).next_multiple_of(ALIGNMENT);
    let header = u16::try_from(whole - before).expect("a short header");
    let mut file = Vec::with_capacity(whole + size_of_val(numbers));
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&header.to_le_bytes());
    file.extend_from_slice(description.as_bytes());
    file.resize(whole - 1, b' ');
    file.push(b'\n');
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_that_numpy_saves() {
        let file = file(&[0.5, 1.0, -2.0]);
        // numpy.save(file, numpy.array([0.5, 1, -2], dtype="float32")), NumPy 2.4
        let mut expected =
            b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".to_vec();
        expected.resize(127, b' ');
        expected.extend_from_slice(b"\n\x00\x00\x00\x3f\x00\x00\x80\x3f\x00\x00\x00\xc0");
        assert_eq!(file, expected);
    }

    #[test]
    fn numbers_start_at_a_multiple_of_64_bytes() {
        for count in [0, 1, 1_000_000] {
            assert_eq!((file(&vec![0.0; count]).len() - 4 * count) % ALIGNMENT, 0, "{count}");
        }
    }
}
