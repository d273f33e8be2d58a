//! Where a BAM record keeps what: its fields as stored, without the size before them.

use noodles::sam::alignment::record::Flags;

use crate::reads::Mate;
use crate::reads::record::name_len;

/// The Phred+33 letter of a base whose quality is unknown, as samtools writes it.
pub(in crate::reads) const UNKNOWN_QUALITY: u8 = b'B';

/// How many bytes the fields of fixed length take.
pub(in crate::reads) const FIXED: usize = 32;

/// The bytes that name, CIGAR, bases and quality scores say they take, the fixed fields included.
pub(in crate::reads) fn needed(fields: &[u8]) -> Option<usize> {
    let name = usize::from(fields[8]);
    let cigar = 4 * usize::from(u16::from_le_bytes([fields[12], fields[13]]));
    let bases = u32::from_le_bytes([fields[16], fields[17], fields[18], fields[19]]);
    let bases = usize::try_from(bases).ok()?;
    bases.checked_add(bases.div_ceil(2))?.checked_add(FIXED + name + cigar)
}

/// The flags of a record whose lengths were checked.
pub(in crate::reads) fn flags(fields: &[u8]) -> Flags {
    Flags::from(u16::from_le_bytes([fields[14], fields[15]]))
}

/// The name of a record whose lengths were checked, without `/1` or `/2`.
pub(in crate::reads) fn name(fields: &[u8]) -> &[u8] {
    let name = stored_name(fields);
    &name[..name_len(name)]
}

pub(in crate::reads) fn stored_name(fields: &[u8]) -> &[u8] {
    let stored = &fields[FIXED..][..usize::from(fields[8])];
    stored.strip_suffix(b"\0").unwrap_or(stored)
}

/// Which mate a record's flags make it.
pub(in crate::reads) fn mate(flags: Flags) -> Mate {
    match (flags.is_first_segment(), flags.is_last_segment()) {
        (true, false) => Mate::First,
        (false, true) => Mate::Second,
        _ => Mate::Unpaired,
    }
}
