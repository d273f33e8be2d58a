//! Random reads, the same in every run: to measure a model, and to check it.

/// Random reads, all different, the same in every run.
pub(super) fn random_reads(length: usize, count: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut base = || {
        // Marsaglia's xorshift (2003), J. Stat. Softw. 8(14).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"ACGT"[usize::from(state.to_be_bytes()[0] & 3)]
    };
    (0..count).map(|_| (0..length).map(|_| base()).collect()).collect()
}
