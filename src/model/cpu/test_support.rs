//! What the tests of all engines share.

use std::collections::HashSet;
use std::io::Write;
use std::sync::{LazyLock, Mutex};

use super::InstructionSet;
use crate::model::Precision;

/// The instruction sets to test in `precision`. Says which ones this CPU does not have.
pub(super) fn instruction_sets(precision: Precision) -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .into_iter()
        .filter(move |&set| has_or_says_so(set, set.is_supported_in(precision), precision.name()))
}

/// Whether this CPU has an instruction set for something. If not, says so.
pub(super) fn has_or_says_so(set: InstructionSet, has: bool, what: &str) -> bool {
    if !set.is_supported() {
        skipped(&format!("no {} on this CPU", set.name()));
    } else if !has {
        skipped(&format!("no {} in {what} on this CPU", set.name()));
    }
    has
}

/// Says once what the running test leaves out. `.ci/run` lists these lines at its end.
fn skipped(what: &str) {
    static SAID: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    let thread = std::thread::current();
    let line = format!("skipped: {}: {what}\n", thread.name().unwrap_or("a test"));
    if SAID.lock().unwrap().insert(line.clone()) {
        // Not by `eprintln!`: of a test that passes, libtest shows nothing that macros print.
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
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
