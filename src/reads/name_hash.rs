//! A hash of names that never changes, since samples and the order of regrouped records depend on it.

use std::hash::Hasher;

use fnv::FnvHasher;

/// FNV-1a of the seed, if there is one, and the name. The last bytes hardly affect its high bits, so the finalizer of
/// `MurmurHash3` (Appleby 2011) is applied to it.
#[must_use]
pub fn name_hash(seed: Option<u64>, name: &[u8]) -> u64 {
    let mut hasher = FnvHasher::default();
    if let Some(seed) = seed {
        hasher.write(&seed.to_le_bytes());
    }
    hasher.write(name);
    let mut hash = hasher.finish();
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_always_the_same() {
        assert_eq!(name_hash(None, b""), 0xefd0_1f60_ba99_2926);
        assert_eq!(name_hash(None, b"r1"), name_hash(None, b"r1"));
        assert_ne!(name_hash(None, b"r1"), name_hash(None, b"r2"));
    }
}
