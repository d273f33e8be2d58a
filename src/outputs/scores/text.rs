//! The scores table as text: a header line, then a line per read.

use std::io::Write;

use super::row::{Row, Score};
use crate::outputs::judged::Judged;
use crate::outputs::table::Table;
use crate::reads::output::Content;

const COLUMNS: [&str; 11] =
    ["name", "mate", "length", "probability", "posterior", "label", "frame", "output", "coding_bases", "start", "end"];
/// The additional columns if reads are scored in windows.
const WINDOWS_COLUMNS: [&str; 4] = ["windows", "mean", "max", "fraction"];

/// The separator of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Tab,
    /// A comma: names are quoted if necessary.
    Comma,
}

/// The scores table as text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) separator: Separator,
    /// Whether reads are scored in windows, which adds columns.
    pub(super) windows: bool,
}

impl Table for Text {
    fn holds(&self) -> Content {
        Content::Scores
    }

    fn start(&self, text: &mut Vec<u8>) {
        let windows = if self.windows { &WINDOWS_COLUMNS[..] } else { &[] };
        let header = [&COLUMNS[..], windows].concat().join(self.separator.as_str());
        text.extend_from_slice(header.as_bytes());
        text.push(b'\n');
    }

    fn entries(&self, _read: &Judged<'_>) -> usize {
        1
    }

    fn push(&mut self, read: &Judged<'_>, _n: usize, text: &mut Vec<u8>) {
        let row = Row::of(read);
        self.separator.push_name(row.name, text);
        self.push_columns(&row, text).expect("writing to a vector cannot fail");
        text.push(b'\n');
    }
}

impl Text {
    /// Appends all columns except the name.
    fn push_columns(self, row: &Row<'_>, text: &mut Vec<u8>) -> std::io::Result<()> {
        let by = self.separator.as_str();
        write!(text, "{by}{}{by}{}", row.mate, row.length)?;
        match row.score {
            None => write!(text, "{by}NA{by}NA{by}NA{by}NA")?,
            Some(Score { probability, posterior, label, frame }) => {
                write!(text, "{by}{probability:.6}{by}{posterior:.6}{by}{label}{by}")?;
                match frame {
                    None => text.push(b'.'),
                    Some(frame) => write!(text, "{frame}")?,
                }
            }
        }
        write!(text, "{by}{}", row.output.unwrap_or("NA"))?;
        for number in [row.coding_bases, row.span.map(|(start, _)| start), row.span.map(|(_, end)| end)] {
            match number {
                None => write!(text, "{by}NA")?,
                Some(number) => write!(text, "{by}{number}")?,
            }
        }
        if !self.windows {
            return Ok(());
        }
        match row.windows {
            None => write!(text, "{by}0{by}NA{by}NA{by}NA"),
            Some(all) => {
                write!(text, "{by}{}{by}{:.6}{by}{:.6}{by}{:.6}", all.windows, all.mean, all.max, all.fraction())
            }
        }
    }
}

/// The label in a line of a table with this header; `None` if the read was not scored. Columns are counted from the
/// last one, since a comma may be part of a name.
pub(in crate::outputs) fn label<'a>(line: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    let by = if header.contains(&b'\t') { b'\t' } else { b',' };
    let behind = header.split(|&byte| byte == by).rev().position(|column| column == b"label")?;
    line.rsplit(|&byte| byte == by).nth(behind).filter(|&label| label != b"NA")
}

impl Separator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tab => "\t",
            Self::Comma => ",",
        }
    }

    /// Appends a name. It cannot contain a tab, which would end the name in the input.
    fn push_name(self, name: &[u8], text: &mut Vec<u8>) {
        if self == Self::Tab || !name.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
            return text.extend_from_slice(name);
        }
        text.push(b'"');
        for &byte in name {
            if byte == b'"' {
                text.push(b'"');
            }
            text.push(byte);
        }
        text.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::outputs::Answer;
    use crate::prediction::{Frame, Prediction, Strand, Stretch};
    use crate::reads::{Mate, Record};
    use crate::verdict::Verdict;

    /// The line of a read for this prediction, and for these stretches if the model predicts any.
    fn line_by(
        separator: Separator,
        header: &[u8],
        prediction: Option<Prediction>,
        class: Class,
        stretches: Option<&[Stretch]>,
    ) -> String {
        let segment = Record::new(header, b"ACGT", b"").with_mate(Mate::Second);
        let answer = prediction.map(|prediction| Answer { prediction, posterior: 0.875, class, windows: None });
        let (is_located, stretches, output) = (stretches.is_some(), stretches.unwrap_or_default(), Some("unpaired"));
        let verdict = Verdict::Coding;
        let read = Judged { segment: &segment, answer, posterior: None, verdict, stretches, is_located, output };
        let mut line = Vec::new();
        Text { separator, windows: false }.push(&read, 0, &mut line);
        String::from_utf8(line).unwrap()
    }

    fn line(prediction: Option<Prediction>, class: Class, stretches: Option<&[Stretch]>) -> String {
        line_by(Separator::Tab, b"r1/2 lane=3", prediction, class, stretches)
    }

    fn stretch(start: u32, end: u32) -> Stretch {
        let frame = Frame::ALL[0];
        Stretch { start, end, frame, probability: 1.0, has_start: false, has_stop: false, continues: false }
    }

    #[test]
    fn a_line_names_read_mate_length_probability_posterior_label_frame_and_output() {
        let frame = Some(Frame { strand: Strand::Minus, offset: 1 });
        let coding = Prediction { probability: 0.75, frame };
        let expected = "r1\t2\t4\t0.750000\t0.875000\tcoding\t-2\tunpaired\tNA\tNA\tNA\n";
        assert_eq!(line(Some(coding), Class::Coding, None), expected);
        let noncoding = Prediction { probability: 0.25, frame: None };
        let expected = "r1\t2\t4\t0.250000\t0.875000\tnoncoding\t.\tunpaired\tNA\tNA\tNA\n";
        assert_eq!(line(Some(noncoding), Class::NonCoding, None), expected);
    }

    #[test]
    fn with_commas_names_are_quoted_where_that_is_needed() {
        let of = |header: &str| line_by(Separator::Comma, header.as_bytes(), None, Class::NonCoding, None);
        let rest = ",2,4,NA,NA,NA,NA,unpaired,NA,NA,NA\n";
        assert_eq!(of("r1/2"), format!("r1{rest}"));
        assert_eq!(of("r,1/2"), format!("\"r,1\"{rest}"));
        assert_eq!(of("r\"1"), format!("\"r\"\"1\"{rest}"));
    }

    #[test]
    fn coding_bases_of_two_genes_count_once() {
        let coding = Prediction { probability: 0.75, frame: None };
        let place = |stretches: &[Stretch]| {
            let line = line(Some(coding), Class::Coding, Some(stretches));
            line.trim_end().splitn(8, '\t').last().map(str::to_owned).unwrap()
        };
        assert_eq!(place(&[stretch(1, 3)]), "unpaired\t2\t2\t3");
        assert_eq!(place(&[stretch(0, 2), stretch(1, 4), stretch(1, 3)]), "unpaired\t4\t1\t4");
        assert_eq!(place(&[]), "unpaired\t0\tNA\tNA");
    }

    #[test]
    fn a_read_too_short_has_no_scores() {
        assert_eq!(line(None, Class::NonCoding, Some(&[])), "r1\t2\t4\tNA\tNA\tNA\tNA\tunpaired\tNA\tNA\tNA\n");
    }
}
