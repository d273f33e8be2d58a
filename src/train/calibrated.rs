//! Refits the calibration: finds the line through log odds with the least mean squared error of probabilities (Brier
//! score). Pure.

use crate::metrics::Scored;

/// The fewest held-out reads, and the fewest of a class, for a fit.
const LEAST: [usize; 2] = [200, 50];
/// Limits probabilities before they are converted to log odds.
const SUREST: f64 = 1e-7;
/// The range of the scale: beyond it, the reads are too few or too easy for a fit.
const SCALES: [f64; 2] = [0.2, 5.0];

/// A calibration: log odds are multiplied by `scale`, then `shift` is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) scale: f64,
    pub(super) shift: f64,
}

/// The log odds of a read, and 1 if it is coding, else 0.
type Point = (f64, f64);

/// The line that fits these reads best, if there are enough of them and it is better than none.
pub(super) fn line(reads: &[Scored]) -> Option<Line> {
    let coding = reads.iter().filter(|read| read.is_coding).count();
    if reads.len() < LEAST[0] || coding.min(reads.len() - coding) < LEAST[1] {
        return None;
    }
    let point = |read: &Scored| {
        let p = f64::from(read.probability).clamp(SUREST, 1.0 - SUREST);
        ((p / (1.0 - p)).ln(), f64::from(u8::from(read.is_coding)))
    };
    let points: Vec<Point> = reads.iter().map(point).collect();
    let none = Line { scale: 1.0, shift: 0.0 };
    let best = fit(&points, none);
    let fits = best.error(&points) < none.error(&points) && (SCALES[0]..=SCALES[1]).contains(&best.scale);
    fits.then_some(best)
}

/// The Levenberg-Marquardt algorithm: Gauss-Newton steps, shortened as long as they increase the error.
fn fit(points: &[Point], mut line: Line) -> Line {
    let (mut error, mut damping) = (line.error(points), 1e-3);
    for _ in 0..100 {
        let Some(next) = line.step(points, damping) else { return line };
        let new = next.error(points);
        if new < error {
            let is_there = error - new < 1e-12 * error;
            (line, error, damping) = (next, new, damping / 3.0);
            if is_there {
                return line;
            }
        } else {
            damping *= 4.0;
        }
    }
    line
}

impl Line {
    fn probability(self, log_odds: f64) -> f64 {
        1.0 / (1.0 + (-(self.scale * log_odds + self.shift)).exp())
    }

    /// The sum of squared errors.
    fn error(self, points: &[Point]) -> f64 {
        points.iter().map(|&(x, truth)| (self.probability(x) - truth).powi(2)).sum()
    }

    /// The next line that reduces the error; `None` if the error is flat.
    fn step(self, points: &[Point], damping: f64) -> Option<Self> {
        let (mut squares, mut slopes) = ([0.0; 3], [0.0; 2]);
        for &(x, truth) in points {
            let p = self.probability(x);
            let slope = p * (1.0 - p);
            let by = [slope * x, slope];
            squares[0] += by[0] * by[0];
            squares[1] += by[0] * by[1];
            squares[2] += by[1] * by[1];
            slopes[0] += by[0] * (p - truth);
            slopes[1] += by[1] * (p - truth);
        }
        let [own, both, other] = [squares[0] * (1.0 + damping), squares[1], squares[2] * (1.0 + damping)];
        let determinant = own * other - both * both;
        (determinant > 0.0).then(|| Self {
            scale: self.scale - (other * slopes[0] - both * slopes[1]) / determinant,
            shift: self.shift - (own * slopes[1] - both * slopes[0]) / determinant,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads with miscalibrated probabilities: at each log odds, the share of coding reads is what the line `right`
    /// says.
    fn reads(right: Line) -> Vec<Scored> {
        let one = |n: u16| {
            let log_odds = f64::from(n / 40) / 10.0 - 2.5;
            let share = right.probability(log_odds);
            #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
            let probability = Line { scale: 1.0, shift: 0.0 }.probability(log_odds) as f32;
            Scored { probability, is_coding: f64::from(n % 40) + 0.5 < 40.0 * share }
        };
        (0..2000).map(one).collect()
    }

    proptest! {
        #[test]
        fn the_line_that_was_bent_is_found(scale in 0.4_f64..2.5, shift in -1.0_f64..1.0) {
            let found = line(&reads(Line { scale, shift })).unwrap_or(Line { scale: 1.0, shift: 0.0 });
            prop_assert!((found.scale - scale).abs() < 0.1 && (found.shift - shift).abs() < 0.1, "{found:?}");
        }
    }

    #[test]
    fn few_reads_or_one_class_say_nothing() {
        let all = reads(Line { scale: 2.0, shift: 0.0 });
        assert_eq!(line(&all[..100]), None);
        let coding: Vec<Scored> = all.into_iter().filter(|read| read.is_coding).collect();
        assert_eq!(line(&coding), None);
    }
}
