//! NCBI's genetic codes.

/// An NCBI genetic code: amino acids of the 64 codons in the order of bases T, C, A, G, first base slowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneticCode {
    amino_acids: &'static [u8; 64],
}

/// The tables of <https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi>: number, amino acids.
const CODES: [(u8, &[u8; 64]); 27] = [
    (1, b"FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (2, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG"),
    (3, b"FFLLSSSSYY**CCWWTTTTPPPPHHQQRRRRIIMMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (4, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (5, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSSSVVVVAAAADDEEGGGG"),
    (6, b"FFLLSSSSYYQQCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (9, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNNKSSSSVVVVAAAADDEEGGGG"),
    (10, b"FFLLSSSSYY**CCCWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (11, b"FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (12, b"FFLLSSSSYY**CC*WLLLSPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (13, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSGGVVVVAAAADDEEGGGG"),
    (14, b"FFLLSSSSYYY*CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNNKSSSSVVVVAAAADDEEGGGG"),
    (15, b"FFLLSSSSYY*QCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (16, b"FFLLSSSSYY*LCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (21, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNNKSSSSVVVVAAAADDEEGGGG"),
    (22, b"FFLLSS*SYY*LCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (23, b"FF*LSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (24, b"FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSSKVVVVAAAADDEEGGGG"),
    (25, b"FFLLSSSSYY**CCGWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (26, b"FFLLSSSSYY**CC*WLLLAPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (27, b"FFLLSSSSYYQQCCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (28, b"FFLLSSSSYYQQCCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (29, b"FFLLSSSSYYYYCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (30, b"FFLLSSSSYYEECC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (31, b"FFLLSSSSYYEECCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (32, b"FFLLSSSSYY*WCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"),
    (33, b"FFLLSSSSYYY*CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSSKVVVVAAAADDEEGGGG"),
];

impl GeneticCode {
    /// The code with this number in NCBI's list, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        CODES.iter().find(|(n, _)| *n == number).map(|(_, amino_acids)| Self { amino_acids })
    }

    /// The numbers of all codes.
    pub fn numbers() -> impl Iterator<Item = u8> {
        CODES.iter().map(|(number, _)| *number)
    }

    /// The amino acid of an upper-case codon; `X` if its ambiguous letters leave more than one.
    pub(super) fn amino_acid(self, codon: &[u8]) -> u8 {
        let mut found = None;
        for &first in meanings(codon[0]) {
            for &second in meanings(codon[1]) {
                for &third in meanings(codon[2]) {
                    let amino_acid = self.amino_acids[usize::from(first * 16 + second * 4 + third)];
                    match found {
                        Some(other) if other != amino_acid => return b'X',
                        _ => found = Some(amino_acid),
                    }
                }
            }
        }
        found.unwrap_or(b'X')
    }
}

/// The bases that an upper-case IUPAC letter stands for, as indices in the order T, C, A, G; none for other letters.
fn meanings(letter: u8) -> &'static [u8] {
    match letter {
        b'T' | b'U' => &[0],
        b'C' => &[1],
        b'A' => &[2],
        b'G' => &[3],
        b'R' => &[2, 3],
        b'Y' => &[0, 1],
        b'S' => &[1, 3],
        b'W' => &[0, 2],
        b'K' => &[0, 3],
        b'M' => &[1, 2],
        b'B' => &[0, 1, 3],
        b'D' => &[0, 2, 3],
        b'H' => &[0, 1, 2],
        b'V' => &[1, 2, 3],
        b'N' => &[0, 1, 2, 3],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protein(bases: &str, code: u8) -> String {
        let code = GeneticCode::from_number(code).unwrap();
        bases.as_bytes().chunks(3).map(|codon| char::from(code.amino_acid(codon))).collect()
    }

    #[test]
    fn codes_differ_where_they_should() {
        assert_eq!(protein("TGATAAAGA", 11), "**R");
        assert_eq!(protein("TGATAAAGA", 4), "W*R");
        assert_eq!(protein("TGATAAAGA", 6), "*QR");
        assert_eq!(protein("TGATAAAGA", 2), "W**");
        assert_eq!(GeneticCode::from_number(7), None);
    }

    #[test]
    fn ambiguous_letters_are_resolved_where_every_meaning_agrees() {
        assert_eq!(protein("CTNTARRAYCTUNNN", 11), "L*XLX");
    }
}
