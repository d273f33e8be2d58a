//! The scores table: one line per read, in input order.

use std::io::Write;

use super::judged::Judged;
use super::table::Table;
use crate::prediction::{Prediction, Stretch};
use crate::windows::Summary;

const HEADER: &str = "name\tmate\tlength\tprobability\tposterior\tlabel\tframe\toutput\tcoding_bases\tstart\tend";
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

/// The label is the read's own, whatever its mate's; the output is where it went.
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
    push_place(read, text);
}

/// Where the read went, and where on it the coding bases are.
fn push_place(read: &Judged<'_>, text: &mut Vec<u8>) {
    let output = read.output.unwrap_or("NA");
    let start = read.stretches.iter().map(|stretch| stretch.start + 1).min();
    let end = read.stretches.iter().map(|stretch| stretch.end).max();
    let written = match (start, end) {
        _ if !read.is_located || read.answer.is_none() => write!(text, "\t{output}\tNA\tNA\tNA"),
        (Some(start), Some(end)) => write!(text, "\t{output}\t{}\t{start}\t{end}", coding_bases(read.stretches)),
        _ => write!(text, "\t{output}\t0\tNA\tNA"),
    };
    written.expect("writing to a vector cannot fail");
}

/// How many bases are in any stretch; those of two genes count once. Stretches come in the order of their ends, or nearly.
fn coding_bases(stretches: &[Stretch]) -> u32 {
    let mut reached = 0;
    let own = stretches.iter().map(|stretch| {
        let bases = stretch.end.saturating_sub(stretch.start.max(reached));
        reached = reached.max(stretch.end);
        bases
    });
    own.sum()
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

    /// The line of a read of which the model says this; of its stretches, if it tells any.
    fn line(prediction: Option<Prediction>, class: Class, stretches: Option<&[Stretch]>) -> String {
        let segment = Record::new(b"r1/2 lane=3", b"ACGT", b"").with_mate(Mate::Second);
        let answer = prediction.map(|prediction| Answer { prediction, posterior: 0.875, class, windows: None });
        let (is_located, stretches, output) = (stretches.is_some(), stretches.unwrap_or_default(), Some("unpaired"));
        let verdict = Verdict::Coding;
        let read = Judged { segment: &segment, answer, posterior: None, verdict, stretches, is_located, output };
        let mut line = Vec::new();
        Scores { windows: false }.push(&read, 0, &mut line);
        String::from_utf8(line).unwrap()
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
