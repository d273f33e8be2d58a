//! Checks that samtools can read a header's text, which a BAM output passes on. Pure. The rules are those of htslib's
//! `header.c`; the specification (SAM v1, section 1.3) asks for more.

use crate::reads::Problem;

/// Refuses header text that samtools cannot read.
///
/// # Errors
/// [`Problem::HeaderLine`] with the first faulty line.
pub(super) fn check(text: &[u8]) -> Result<(), Problem> {
    if text.is_empty() {
        return Ok(());
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for (line, number) in text.split(|&byte| byte == b'\n').zip(1..) {
        fault(line).map_or(Ok(()), |what| Err(Problem::HeaderLine { number, what }))?;
    }
    Ok(())
}

/// Describes what is wrong with a line.
fn fault(line: &[u8]) -> Option<&'static str> {
    if line.contains(&0) {
        return Some("holds a zero byte");
    }
    let [b'@', start @ ..] = line else { return Some("does not start with @") };
    let (kind, fields) = match start {
        [first, second, b'\t', fields @ ..] if [first, second].iter().all(|byte| byte.is_ascii_alphabetic()) => {
            ([*first, *second], fields)
        }
        _ => return Some("does not start with two letters and a tab"),
    };
    if &kind == b"CO" {
        return None;
    }
    let mut found = [false; 2];
    for field in fields.split(|&byte| byte == b'\t') {
        if field.get(2) != Some(&b':') {
            return Some("has a field that is not TAG:VALUE");
        }
        match &field[..2] {
            b"SN" => found[0] |= field.len() > 3,
            b"LN" => found[1] |= is_length(&field[3..]),
            _ => {}
        }
    }
    match (&kind, found) {
        (b"SQ", [false, _]) => Some("has no name (SN) of the sequence"),
        (b"SQ", [_, false]) => Some("has no length (LN) from 0 to 2147483647"),
        _ => None,
    }
}

/// Whether the value is a length that BAM can store.
fn is_length(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|value| value.parse::<i32>().is_ok_and(|length| length >= 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_samtools_reads_passes() {
        for text in [
            "",
            "@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:a\tLN:9\tM5:x\n@RG\tID:a\n@PG\tID:b\tPP:a\n@CO\tany\t: thing",
            "@CO\t\n",
            "@xx\tab:c\n",
            "@SQ\tLN:2147483647\tSN:long\n",
        ] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_text_of_one_empty_line_is_refused() {
        assert!(matches!(check(b"\n"), Err(Problem::HeaderLine { number: 1, .. })));
    }

    #[test]
    fn lines_that_samtools_refuses_are_named() {
        for line in [
            "",
            "x",
            "@",
            "@SQ",
            "@CO",
            "@CO x",
            "@S1\tSN:a",
            "@SQX\tSN:a\tLN:9",
            "@SQ\tSN:a",
            "@SQ\tLN:9",
            "@SQ\tSN:\tLN:9",
            "@SQ\tSN:a\tLN:x",
            "@SQ\tSN:a\tLN:4294967295",
            "@SQ\tSN :a\tLN:9",
            "@RG\tID",
            "@RG\tID:a\t",
            "@PG\tID:a\0",
        ] {
            let text = format!("@HD\tVN:1.6\n{line}\n@CO\tx\n");
            match check(text.as_bytes()) {
                Err(Problem::HeaderLine { number: 2, .. }) => {}
                other => panic!("{line:?}: {other:?}"),
            }
        }
    }
}
