//! The positions that a read is divided into. Pure.

/// Bases of a position.
pub(super) const POSITION: usize = 9;

/// Bases of padding on each side of a read.
pub(in crate::model::along) fn side(bases: usize) -> usize {
    let both = (POSITION - bases % POSITION) % POSITION;
    both.midpoint(POSITION * (both % 2))
}

/// Positions of a read.
pub(in crate::model::along) fn positions(bases: usize) -> usize {
    (bases + 2 * side(bases)) / POSITION
}
