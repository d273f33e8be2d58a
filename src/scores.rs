//! The scores table: one line a read, in input order.

use std::io::Write;

use crate::prediction::Prediction;
use crate::reads::Record;
use crate::verdict::{self, Label};
use crate::windows::Summary;

/// The header line.
pub const HEADER: &str = "name\tmate\tlength\tprobability\tlabel\tframe\n";
/// The header line where reads are scored in windows.
pub const WINDOWS_HEADER: &str = "name\tmate\tlength\tprobability\tlabel\tframe\twindows\tmean\tmax\tfraction\n";

/// Appends one read's line: `prediction` is `None` where the read is too short to be scored. The label is the read's own,
/// whatever its mate's.
pub fn push_line(line: &mut Vec<u8>, segment: &Record, prediction: Option<&Prediction>, verdict: &verdict::Config) {
    push_columns(line, segment, prediction, verdict);
    line.push(b'\n');
}

/// Appends one read's line where reads are scored in windows: what they say together is told too.
pub fn push_line_with_windows(
    line: &mut Vec<u8>,
    segment: &Record,
    answer: Option<(&Prediction, &Summary)>,
    verdict: &verdict::Config,
) {
    push_columns(line, segment, answer.map(|(prediction, _)| prediction), verdict);
    let written = match answer {
        None => writeln!(line, "\t0\tNA\tNA\tNA"),
        Some((_, summary)) => {
            let (Summary { windows, mean, max, .. }, fraction) = (summary, summary.fraction());
            writeln!(line, "\t{windows}\t{mean:.6}\t{max:.6}\t{fraction:.6}")
        }
    };
    written.expect("writing to a vector cannot fail");
}

fn push_columns(line: &mut Vec<u8>, segment: &Record, prediction: Option<&Prediction>, verdict: &verdict::Config) {
    line.extend_from_slice(segment.name());
    let written = match prediction {
        None => write!(line, "\t{}\t{}\tNA\tNA\tNA", segment.mate.number(), segment.bases().len()),
        Some(Prediction { probability, frame }) => {
            let label = match verdict.label(*probability) {
                Label::Coding => "coding",
                Label::NonCoding => "noncoding",
            };
            let frame = frame.map_or_else(|| ".".to_owned(), |frame| frame.to_string());
            let (mate, length) = (segment.mate.number(), segment.bases().len());
            write!(line, "\t{mate}\t{length}\t{probability:.6}\t{label}\t{frame}")
        }
    };
    written.expect("writing to a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::{Frame, Strand};
    use crate::reads::Mate;
    use crate::verdict::Mates;

    fn line(prediction: Option<Prediction>) -> String {
        let segment = Record::new(b"r1/2 lane=3", b"ACGT", b"").with_mate(Mate::Second);
        let mut line = Vec::new();
        let verdict = verdict::Config { threshold: 0.5, band: None, mates: Mates::Any };
        push_line(&mut line, &segment, prediction.as_ref(), &verdict);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_names_read_mate_length_probability_label_and_frame() {
        let frame = Some(Frame { strand: Strand::Minus, offset: 1 });
        assert_eq!(line(Some(Prediction { probability: 0.75, frame })), "r1\t2\t4\t0.750000\tcoding\t-1\n");
        assert_eq!(line(Some(Prediction { probability: 0.25, frame: None })), "r1\t2\t4\t0.250000\tnoncoding\t.\n");
    }

    #[test]
    fn a_read_too_short_has_no_scores() {
        assert_eq!(line(None), "r1\t2\t4\tNA\tNA\tNA\n");
    }
}
