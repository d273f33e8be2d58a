//! The scores table: one line per read, in input order.

use std::io::Write;

use super::judged::Judged;
use super::table::Table;
use crate::prediction::Prediction;
use crate::windows::Summary;

const HEADER: &str = "name\tmate\tlength\tprobability\tposterior\tlabel\tframe";
/// The columns that follow where reads are scored in windows.
const WINDOWS_HEADER: &str = "\twindows\tmean\tmax\tfraction";

/// The scores table.
#[derive(Clone, Copy, Debug)]
pub struct Scores {
    /// Whether reads are scored in windows, which have columns of their own.
    pub windows: bool,
}

impl Table for Scores {
    fn start(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(HEADER.as_bytes());
        if self.windows {
            text.extend_from_slice(WINDOWS_HEADER.as_bytes());
        }
        text.push(b'\n');
    }

    fn entries(&self, _read: &Judged<'_>) -> usize {
        1
    }

    fn push(&mut self, read: &Judged<'_>, _n: usize, text: &mut Vec<u8>) {
        push_columns(read, text);
        if self.windows {
            push_windows(read, text);
        }
        text.push(b'\n');
    }
}

/// The label is the read's own, whatever its mate's.
fn push_columns(read: &Judged<'_>, text: &mut Vec<u8>) {
    let (segment, mate, length) = (read.segment, read.segment.mate.number(), read.segment.bases().len());
    text.extend_from_slice(segment.name());
    let written = match &read.answer {
        None => write!(text, "\t{mate}\t{length}\tNA\tNA\tNA\tNA"),
        Some(answer) => {
            let (Prediction { probability, frame }, posterior, label) =
                (answer.prediction, answer.posterior, answer.class.id());
            let frame = frame.map_or_else(|| ".".to_owned(), |frame| frame.to_string());
            write!(text, "\t{mate}\t{length}\t{probability:.6}\t{posterior:.6}\t{label}\t{frame}")
        }
    };
    written.expect("writing to a vector cannot fail");
}

fn push_windows(read: &Judged<'_>, text: &mut Vec<u8>) {
    let written = match read.answer.and_then(|answer| answer.windows) {
        None => write!(text, "\t0\tNA\tNA\tNA"),
        Some(windowed) => {
            let (Summary { windows, mean, max, .. }, fraction) = (windowed.summary, windowed.summary.fraction());
            write!(text, "\t{windows}\t{mean:.6}\t{max:.6}\t{fraction:.6}")
        }
    };
    written.expect("writing to a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::outputs::Answer;
    use crate::prediction::{Frame, Strand};
    use crate::reads::{Mate, Record};
    use crate::verdict::Verdict;

    fn line(prediction: Option<Prediction>, class: Class) -> String {
        let segment = Record::new(b"r1/2 lane=3", b"ACGT", b"").with_mate(Mate::Second);
        let answer = prediction.map(|prediction| Answer { prediction, posterior: 0.875, class, windows: None });
        let mut line = Vec::new();
        Scores { windows: false }.push(
            &Judged { segment: &segment, answer, posterior: None, verdict: Verdict::Coding },
            0,
            &mut line,
        );
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_names_read_mate_length_probability_posterior_label_and_frame() {
        let frame = Some(Frame { strand: Strand::Minus, offset: 1 });
        let coding = Prediction { probability: 0.75, frame };
        assert_eq!(line(Some(coding), Class::Coding), "r1\t2\t4\t0.750000\t0.875000\tcoding\t-2\n");
        let noncoding = Prediction { probability: 0.25, frame: None };
        assert_eq!(line(Some(noncoding), Class::NonCoding), "r1\t2\t4\t0.250000\t0.875000\tnoncoding\t.\n");
    }

    #[test]
    fn a_read_too_short_has_no_scores() {
        assert_eq!(line(None, Class::NonCoding), "r1\t2\t4\tNA\tNA\tNA\tNA\n");
    }
}
