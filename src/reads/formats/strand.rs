//! The reverse complement of a sequence.

/// The complement of each upper-case IUPAC letter, as a letter of DNA; other bytes stay as they are.
const COMPLEMENTS: [u8; 256] = {
    const FROM: &[u8] = b"ACGTURYKMBVDH";
    const TO: &[u8] = b"TGCAAYRMKVBHD";
    let mut complements = [0; 256];
    let mut byte = 0_u8;
    loop {
        complements[byte as usize] = byte;
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let mut i = 0;
    while i < FROM.len() {
        complements[FROM[i] as usize] = TO[i];
        i += 1;
    }
    complements
};

/// Reverse-complements upper-case IUPAC letters in place.
pub fn reverse_complement(bases: &mut [u8]) {
    bases.reverse();
    for base in bases {
        *base = COMPLEMENTS[usize::from(*base)];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn twice_reverse_complemented_is_the_same(bases in "[=ACMGRSVTWYHKDBN]{0,99}") {
            let mut twice = bases.clone().into_bytes();
            reverse_complement(&mut twice);
            reverse_complement(&mut twice);
            prop_assert_eq!(twice, bases.into_bytes());
        }
    }

    #[test]
    fn iupac_letters_have_their_complements() {
        let mut bases = b"ACGTRYKMBDHVNSW=U".to_vec();
        reverse_complement(&mut bases);
        assert_eq!(bases, b"A=WSNBDHVKMRYACGT");
    }
}
