//! Turns FASTQ and FASTA records into unaligned BAM records, as `samtools import` does.

use crate::reads::{Problem, Record};

/// The longest QNAME that BAM holds.
pub(super) const LONGEST_NAME: usize = 254;

/// Stands for an unknown quality score.
pub(super) const UNKNOWN_QUALITY_SCORE: u8 = 0xff;

/// The flags of unpaired reads, first mates and second mates: all unmapped, with unmapped mates.
const FLAGS: [u16; 3] = [4, 77, 141];

/// The bin of a record without a position (SAM specification, 4.2.1).
const NO_BIN: u16 = 4680;

/// The fields of a record as BAM stores them, without the block size before them.
///
/// The name is that of the template; whatever follows it in the header is left out, as in `samtools import`. BAM has no
/// lower case and no U: case is lost, and U becomes T.
///
/// # Errors
/// [`Problem::NameLength`] and [`Problem::Alignment`] if BAM cannot hold the record.
pub(in crate::reads) fn fields(record: &Record) -> Result<Vec<u8>, Problem> {
    let name = match record.name() {
        b"" => b"*",
        name => name,
    };
    if name.len() > LONGEST_NAME {
        return Err(Problem::NameLength { length: name.len(), longest: LONGEST_NAME });
    }
    if name.iter().any(u8::is_ascii_control) {
        return Err(CONTROL);
    }
    let name_len = u8::try_from(name.len() + 1).expect("checked above");
    let len = u32::try_from(record.bases().len()).map_err(|_| TOO_LONG)?;
    let flags = FLAGS[usize::from(record.mate.number())];
    let mut fields = Vec::with_capacity(32 + name.len() + 1 + record.bases().len() * 3 / 2 + 1);
    fields.extend_from_slice(&(-1_i32).to_le_bytes()); // reference
    fields.extend_from_slice(&(-1_i32).to_le_bytes()); // position
    fields.push(name_len);
    fields.push(0); // mapping quality
    fields.extend_from_slice(&NO_BIN.to_le_bytes());
    fields.extend_from_slice(&0_u16.to_le_bytes()); // CIGAR operations
    fields.extend_from_slice(&flags.to_le_bytes());
    fields.extend_from_slice(&len.to_le_bytes());
    fields.extend_from_slice(&(-1_i32).to_le_bytes()); // mate's reference
    fields.extend_from_slice(&(-1_i32).to_le_bytes()); // mate's position
    fields.extend_from_slice(&0_i32.to_le_bytes()); // template length
    fields.extend_from_slice(name);
    fields.push(0);
    let code = |base: Option<&u8>| base.map_or(0, |&base| CODES[usize::from(base)]);
    fields.extend(record.bases().chunks(2).map(|two| (code(two.first()) << 4) | code(two.get(1))));
    if record.quality_scores().is_empty() {
        fields.resize(fields.len() + record.bases().len(), UNKNOWN_QUALITY_SCORE);
    } else {
        fields.extend(record.quality_scores().iter().map(|&letter| letter - b'!'));
    }
    Ok(fields)
}

/// The problem of a name with a control character: no tool could read such a record again.
const CONTROL: Problem = Problem::Alignment { format: "BAM", what: "its name holds a control character" };

const TOO_LONG: Problem = Problem::Alignment { format: "BAM", what: "it has more bases than BAM can count" };

/// BAM's four-bit code for each letter; letters that are not IUPAC become N.
pub(super) const CODES: [u8; 256] = {
    const LETTERS: &[u8; 16] = b"=ACMGRSVTWYHKDBN";
    let mut codes = [15; 256];
    let mut code = 0_u8;
    while code < 16 {
        let letter = LETTERS[code as usize];
        codes[letter as usize] = code;
        codes[letter.to_ascii_lowercase() as usize] = code;
        code += 1;
    }
    codes[b'U' as usize] = codes[b'T' as usize];
    codes[b'u' as usize] = codes[b'T' as usize];
    codes
};

#[cfg(test)]
mod tests {
    use super::super::{bam, parse::Step};
    use super::*;
    use crate::reads::Mate;

    /// Reads the stored form of a record back with the BAM parser.
    fn read_back(record: &Record) -> Record {
        let fields = fields(record).unwrap();
        let stored = [&u32::try_from(fields.len()).unwrap().to_le_bytes()[..], &fields].concat();
        match bam::parse(&stored, true).unwrap() {
            Step::Record(record, len) if len == stored.len() => record,
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn names_bases_quality_scores_and_mates_are_read_back() {
        for mate in [Mate::Unpaired, Mate::First, Mate::Second] {
            let record = Record::new(b"r1/2 x y", b"ACGTN", b"!I~#A").with_mate(mate);
            let back = read_back(&record);
            assert_eq!(back, Record::new(b"r1", record.bases(), record.quality_scores()).with_mate(mate));
        }
    }

    #[test]
    fn letters_become_those_bam_has_and_missing_quality_scores_stay_missing() {
        let back = read_back(&Record::new(b"r", b"acgtuURYKMBDHVNX.-=", b""));
        assert_eq!(back.bases(), b"ACGTTTRYKMBDHVNNNN=");
        assert_eq!(back.quality_scores(), [b'B'; 19]);
    }

    #[test]
    fn a_name_with_a_control_character_is_refused() {
        for name in [&b"r\0x"[..], b"r\x07", b"\x7f"] {
            assert!(matches!(fields(&Record::new(name, b"A", b"")), Err(Problem::Alignment { .. })), "{name:?}");
        }
    }

    #[test]
    fn a_name_too_long_for_bam_is_refused() {
        assert!(fields(&Record::new(&[b'n'; 254], b"", b"")).is_ok());
        let error = fields(&Record::new(&[b'n'; 255], b"", b"")).unwrap_err();
        assert!(matches!(error, Problem::NameLength { length: 255, longest: 254 }));
    }
}
