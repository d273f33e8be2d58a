//! Makes text of others safe for a terminal: it must not move the cursor, change colours or the writing direction.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Shows a path as text. Bytes that are not UTF-8 are escaped, as in `\xff`.
#[must_use]
pub(crate) fn text(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    bytes.utf8_chunks().fold(String::with_capacity(bytes.len()), |mut text, chunk| {
        text.push_str(chunk.valid());
        write!(text, "{}", chunk.invalid().escape_ascii()).expect("writing to a string cannot fail");
        text
    })
}

/// Whether a terminal would interpret the character instead of showing it.
fn is_unsafe_to_show(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Escapes characters that a terminal would interpret, as in `\u{1b}`, except line ends and tabs.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    with_written_out(text, |letter| is_unsafe_to_show(letter) && !matches!(letter, '\n' | '\t'))
}

/// Escapes characters that a terminal would interpret, including line ends and tabs, so that the text stays on one
/// line.
#[must_use]
pub(crate) fn on_one_line(text: &str) -> String {
    with_written_out(text, is_unsafe_to_show)
}

fn with_written_out(text: &str, unsafe_to_show: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        if unsafe_to_show(letter) {
            write!(shown, "{}", letter.escape_default()).expect("writing to a string cannot fail");
        } else {
            shown.push(letter);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_text_loses_nothing() {
        let path = Path::new(std::ffi::OsStr::from_bytes(b"\xC3\xA4/in\xFF.fq"));
        assert_eq!(text(path), "ä/in\\xff.fq");
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(escaped("a\u{1b}[31m\u{9b}\u{202e}\r\n\tä"), "a\\u{1b}[31m\\u{9b}\\u{202e}\\r\n\tä");
        assert_eq!(on_one_line("a\nreadseeker: done\t"), "a\\nreadseeker: done\\t");
    }
}
