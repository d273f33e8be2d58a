//! Encodes SAM's optional fields as BAM stores them. htslib is the model: integers take the shortest type that holds
//! them, an array may be empty, text may be anything. But for a value that does not fit its type, htslib stores what it
//! can make of it, and we refuse it.

use crate::reads::Problem;

/// Appends the tags of a line, which may end with a tab.
pub(super) fn encode(tags: &[u8], into: &mut Vec<u8>) -> Result<(), Problem> {
    let tags = tags.strip_suffix(b"\t").unwrap_or(tags);
    if tags.is_empty() {
        return Ok(());
    }
    tags.split(|&byte| byte == b'\t').try_for_each(|tag| push(tag, into).map_err(|what| problem(tag, what)))
}

fn problem(tag: &[u8], what: &'static str) -> Problem {
    Problem::Tag { name: tag[..tag.len().min(2)].escape_ascii().to_string(), what }
}

fn push(tag: &[u8], into: &mut Vec<u8>) -> Result<(), &'static str> {
    let (name, kind, value) = match *tag {
        [a, b, b':', kind, b':', ref value @ ..] if a.is_ascii_graphic() && b.is_ascii_graphic() => {
            ([a, b], kind, value)
        }
        _ => return Err("is not of the form NAME:TYPE:VALUE"),
    };
    into.extend_from_slice(&name);
    match kind {
        b'A' => into.extend([b'A', one_letter(value)?]),
        b'i' => push_number(whole(value).ok_or("is not a whole number of 32 bits")?, into),
        b'f' => push_float(b'f', &number::<f32>(value).ok_or("is not a number")?.to_le_bytes(), into),
        b'd' => push_float(b'd', &number::<f64>(value).ok_or("is not a number")?.to_le_bytes(), into),
        b'Z' | b'H' => {
            if value.contains(&0) {
                return Err("holds a zero byte");
            }
            if kind == b'H' && !value.len().is_multiple_of(2) {
                return Err("has an odd number of hexadecimal digits");
            }
            into.push(kind);
            into.extend_from_slice(value);
            into.push(0);
        }
        b'B' => push_array(value, into)?,
        _ => return Err("is of an unknown type"),
    }
    Ok(())
}

fn one_letter(value: &[u8]) -> Result<u8, &'static str> {
    match value {
        [letter @ b' '..=b'~'] => Ok(*letter),
        _ => Err("is not a single character"),
    }
}

fn push_float(kind: u8, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(kind);
    into.extend_from_slice(bytes);
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Parses an integer that one of BAM's types holds.
fn whole(text: &[u8]) -> Option<i64> {
    number(text).filter(|number| (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(number))
}

/// BAM's integer types: letter, length in bytes, smallest and largest value.
const UNSIGNED: [(u8, usize, i64, i64); 3] = [(b'C', 1, 0, 0xff), (b'S', 2, 0, 0xffff), (b'I', 4, 0, 0xffff_ffff)];
const SIGNED: [(u8, usize, i64, i64); 3] =
    [(b'c', 1, -0x80, 0x7f), (b's', 2, -0x8000, 0x7fff), (b'i', 4, -0x8000_0000, 0x7fff_ffff)];

/// Appends a type and a number: the shortest type that holds it, unsigned unless it is negative.
fn push_number(number: i64, into: &mut Vec<u8>) {
    let types = if number < 0 { SIGNED } else { UNSIGNED };
    let (kind, len, ..) =
        types.into_iter().find(|&(.., least, most)| (least..=most).contains(&number)).expect("checked");
    into.push(kind);
    into.extend_from_slice(&number.to_le_bytes()[..len]);
}

/// Appends an array. The text has the type of its elements, then each element after a comma.
fn push_array(value: &[u8], into: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut parts = value.split(|&byte| byte == b',');
    let Some(&[kind]) = parts.next() else { return Err("has no type of elements") };
    let mut elements = Vec::new();
    let (kind, count) = if kind == b'f' {
        let numbers: Option<Vec<f32>> = parts.map(number).collect();
        let numbers = numbers.ok_or("has an element that is not a number")?;
        elements.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        (kind, numbers.len())
    } else {
        let numbers: Option<Vec<i64>> = parts.map(whole).collect();
        let numbers = numbers.ok_or("has an element that is not a whole number of 32 bits")?;
        let (kind, len) = element_type(kind, &numbers).ok_or("has elements of an unknown type, or beyond any type")?;
        elements.extend(numbers.iter().flat_map(|number| number.to_le_bytes().into_iter().take(len)));
        (kind, numbers.len())
    };
    into.extend([b'B', kind]);
    into.extend_from_slice(&u32::try_from(count).expect("a line has fewer").to_le_bytes());
    into.extend_from_slice(&elements);
    Ok(())
}

/// The stated type of an array's elements, or if numbers exceed it the shortest that holds them all, as in htslib.
fn element_type(said: u8, numbers: &[i64]) -> Option<(u8, usize)> {
    let fits =
        |&&(_, _, least, most): &&(u8, usize, i64, i64)| numbers.iter().all(|number| (least..=most).contains(number));
    let mut types = SIGNED.iter().chain(&UNSIGNED);
    let asked = types.find(|(kind, ..)| *kind == said)?;
    let wider = if numbers.iter().any(|&number| number < 0) { &SIGNED } else { &UNSIGNED };
    let (kind, len, ..) = Some(asked).filter(fits).or_else(|| wider.iter().find(fits))?;
    Some((*kind, *len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bam_tags::tag_len;
    use super::*;

    fn encoded(tags: impl AsRef<[u8]>) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        encode(tags.as_ref(), &mut bytes).map(|()| bytes).map_err(|problem| problem.to_string())
    }

    #[test]
    fn each_type_is_stored_as_htslib_stores_it() {
        for (text, bytes) in [
            ("XA:A:x", &b"XAAx"[..]),
            ("XI:i:0", b"XIC\0"),
            ("XI:i:255", b"XIC\xff"),
            ("XI:i:256", b"XIS\0\x01"),
            ("XI:i:65536", b"XII\0\0\x01\0"),
            ("XI:i:4294967295", b"XII\xff\xff\xff\xff"),
            ("XI:i:-1", b"XIc\xff"),
            ("XI:i:-129", b"XIs\x7f\xff"),
            ("XI:i:-32769", b"XIi\xff\x7f\xff\xff"),
            ("XF:f:0.5", b"XFf\0\0\0\x3f"),
            ("XD:d:1.5", b"XDd\0\0\0\0\0\0\xf8\x3f"),
            ("XZ:Z:5 \u{b5}g", b"XZZ5 \xc2\xb5g\0"),
            ("XZ:Z:", b"XZZ\0"),
            ("XH:H:0AF1", b"XHH0AF1\0"),
            ("ML:B:C", b"MLBC\0\0\0\0"),
            ("ML:B:C,1,255", b"MLBC\x02\0\0\0\x01\xff"),
            ("XB:B:c,-1,300", b"XBBs\x02\0\0\0\xff\xff\x2c\x01"),
            ("XB:B:c,1,300", b"XBBS\x02\0\0\0\x01\0\x2c\x01"),
            ("XB:B:f,0.5", b"XBBf\x01\0\0\0\0\0\0\x3f"),
        ] {
            assert_eq!(encoded(text).as_deref(), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn a_tab_at_the_end_is_nothing() {
        assert_eq!(encoded("NM:i:0\t"), encoded("NM:i:0"));
        assert_eq!(encoded(""), Ok(vec![]));
    }

    #[test]
    fn what_is_refused_is_named() {
        for text in [
            "NM:i:x",
            "NM:i:",
            "NM:i:4294967296",
            "NM:A:",
            "NM:A:xy",
            "NM:f:x",
            "NM:H:0",
            "NM:B:",
            "NM:B:x,1",
            "NM:B:C,",
            "NM:B:C,1,x",
            "NM:B:I,-1,4294967295",
            "NM:X:1",
            "NMi0",
            "NM",
            "NM:Z:a\0b",
        ] {
            let message = encoded(format!("XX:i:1\t{text}")).unwrap_err();
            assert!(message.contains("NM"), "{text}: {message}");
        }
        assert!(encoded("NM:i:0\t\tXX:i:1").is_err());
    }

    proptest! {
        #[test]
        fn what_is_stored_is_well_formed(tags in prop::collection::vec("X[A-Z]:[AifdZHB]:[0-9a-fcCsSiI,.+-]{0,9}", 1..5)) {
            if let Ok(bytes) = encoded(tags.join("\t")) {
                let mut rest = &bytes[..];
                for _ in &tags {
                    rest = &rest[tag_len(rest).unwrap()..];
                }
                prop_assert!(rest.is_empty());
            }
        }
    }
}
