//! The table of windows in BED: one line per window, with positions on the read as sequenced.

use std::io::Write;
use std::ops::Range;

use super::judged::Judged;
use super::read_name;
use super::table::Table;
use crate::prediction::{Frame, Prediction, Strand};
use crate::reads::Record;
use crate::reads::output::Content;
use crate::tiling::on_read;

/// The table of windows.
#[derive(Clone, Copy, Debug)]
pub struct Bed;

impl Table for Bed {
    fn holds(&self) -> Content {
        Content::Bed
    }

    fn entries(&self, read: &Judged<'_>) -> usize {
        read.answer.and_then(|answer| answer.windows).map_or(0, |windowed| windowed.predictions.len())
    }

    fn push(&mut self, read: &Judged<'_>, n: usize, text: &mut Vec<u8>) {
        let Some(windowed) = read.answer.and_then(|answer| answer.windows) else { return };
        let window = windowed.windows.tiling().window(read.segment.bases().len(), n);
        push_line(text, read.segment, &window, windowed.predictions[n]);
    }
}

/// Appends the line of one window: read, start, end, frame, probability in thousandths, strand, probability.
///
/// The name of a mate ends in `/1` or `/2`. The frame is counted on the whole read: 1 2 3 from its first base, -1 -2 -3
/// from its last.
fn push_line(text: &mut Vec<u8>, segment: &Record, window: &Range<usize>, prediction: Prediction) {
    let Prediction { probability, frame } = prediction;
    read_name::push(segment, text);
    let strand = match frame {
        None => '.',
        Some(Frame { strand: Strand::Plus, .. }) => '+',
        Some(Frame { strand: Strand::Minus, .. }) => '-',
    };
    let frame = frame.map(|frame| on_read(frame, window, segment.bases().len()));
    let frame = frame.map_or_else(|| ".".to_owned(), |frame| frame.to_string());
    let Range { start, end } = window;
    let score = (probability * 1000.0).round();
    writeln!(text, "\t{start}\t{end}\t{frame}\t{score}\t{strand}\t{probability:.6}")
        .expect("writing to a vector cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::Mate;

    fn line(mate: Mate, window: Range<usize>, prediction: Prediction) -> String {
        let segment = Record::new(b"r1/2 x", &[b'A'; 500], b"").with_mate(mate);
        let mut text = Vec::new();
        push_line(&mut text, &segment, &window, prediction);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_line_is_six_columns_of_bed_and_the_probability() {
        let frame = Some(Frame { strand: Strand::Plus, offset: 1 });
        let prediction = Prediction { probability: 0.987_654_3, frame };
        assert_eq!(line(Mate::Unpaired, 100..400, prediction), "r1/2\t100\t400\t3\t988\t+\t0.987654\n");
        assert_eq!(
            line(Mate::Second, 200..500, Prediction { probability: 0.25, frame: None }),
            "r1/2\t200\t500\t.\t250\t.\t0.250000\n"
        );
    }

    #[test]
    fn minus_frames_count_from_the_reads_end() {
        let frame = Some(Frame { strand: Strand::Minus, offset: 0 });
        for (window, name) in [(200..500, "-1"), (100..400, "-2"), (0..300, "-3")] {
            let line = line(Mate::Unpaired, window, Prediction { probability: 1.0, frame });
            assert_eq!(line.split('\t').nth(3), Some(name));
        }
    }
}
