//! Divides a read into positions. Pure.

/// The number of bases in a position.
pub(super) const POSITION: usize = 9;

/// The number of bases of padding on each side of a read.
pub(in crate::model::along) fn side(bases: usize) -> usize {
    let both = (POSITION - bases % POSITION) % POSITION;
    both.midpoint(POSITION * (both % 2))
}

/// The number of positions of a read.
pub(in crate::model::along) fn positions(bases: usize) -> usize {
    (bases + 2 * side(bases)) / POSITION
}
