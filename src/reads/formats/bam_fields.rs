//! Accesses the fields of a BAM record as stored, without the block size before them.

use noodles::sam::alignment::record::Flags;

use crate::reads::Mate;
use crate::reads::record::name_len;

/// The Phred+33 letter of a base whose quality is unknown, as samtools writes it.
pub(in crate::reads) const UNKNOWN_QUALITY: u8 = b'B';

/// The length in bytes of the fixed-length fields.
pub(in crate::reads) const FIXED: usize = 32;

/// The offset of the name's length.
pub(in crate::reads) const NAME_LENGTH: usize = 8;

/// The bytes that name, CIGAR, bases and quality scores need according to their lengths, with the fixed fields.
pub(in crate::reads) fn needed(fields: &[u8]) -> Option<usize> {
    let name = usize::from(fields[NAME_LENGTH]);
    let cigar = 4 * ops(fields);
    let bases = usize::try_from(bases(fields)).ok()?;
    bases.checked_add(bases.div_ceil(2))?.checked_add(FIXED + name + cigar)
}

/// The number of bases.
pub(in crate::reads) fn bases(fields: &[u8]) -> u32 {
    u32::from_le_bytes([fields[16], fields[17], fields[18], fields[19]])
}

/// The number of CIGAR operations.
fn ops(fields: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([fields[12], fields[13]]))
}

/// The CIGAR of a record whose lengths were checked.
pub(in crate::reads) fn cigar(fields: &[u8]) -> &[u8] {
    &fields[FIXED + usize::from(fields[NAME_LENGTH])..][..4 * ops(fields)]
}

/// The reference sequence and position of a record, and those of its mate.
pub(in crate::reads) fn places(fields: &[u8]) -> [(i32, i32); 2] {
    let number = |at: usize| i32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
    [(number(0), number(4)), (number(20), number(24))]
}

/// The flags of a record whose lengths were checked.
pub(in crate::reads) fn flags(fields: &[u8]) -> Flags {
    Flags::from(u16::from_le_bytes([fields[14], fields[15]]))
}

/// The name by which a record is grouped: for a mate without `/1` or `/2`. Its lengths have been checked.
pub(in crate::reads) fn own_name(fields: &[u8]) -> &[u8] {
    grouped_by(stored_name(fields), flags(fields))
}

/// The name by which a record called `name` is grouped. A `/1` or `/2` of an unpaired read is part of its name.
pub(in crate::reads) fn grouped_by(name: &[u8], flags: Flags) -> &[u8] {
    if mate(flags) == Mate::Unpaired { name } else { &name[..name_len(name)] }
}

pub(in crate::reads) fn stored_name(fields: &[u8]) -> &[u8] {
    let stored = &fields[FIXED..][..usize::from(fields[NAME_LENGTH])];
    stored.strip_suffix(b"\0").unwrap_or(stored)
}

/// The mate that a record's flags say it is.
pub(in crate::reads) fn mate(flags: Flags) -> Mate {
    match (flags.is_first_segment(), flags.is_last_segment()) {
        (true, false) => Mate::First,
        (false, true) => Mate::Second,
        _ => Mate::Unpaired,
    }
}
