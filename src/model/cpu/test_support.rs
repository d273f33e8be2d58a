//! What the tests of both engines share.

use super::InstructionSet;
use crate::model::Precision;

/// The instruction sets to test in `precision`. Says which ones this CPU does not have.
pub(super) fn instruction_sets(precision: Precision) -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(move |set| {
        let supported = set.is_supported_in(precision);
        if !supported {
            eprintln!("skipped: {} in {}, which this CPU does not have", set.name(), precision.name());
        }
        supported
    })
}

/// A number as a float.
#[allow(clippy::cast_precision_loss)]
pub(super) fn count(n: usize) -> f32 {
    n as f32
}

/// A random number from -1 to 1.
pub(super) fn noise(state: &mut u64) -> f32 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    count(usize::try_from(*state >> 40).unwrap()) / 8_388_608.0 - 1.0
}
