//! Finds by trial how many rows a GPU's batch should have: the number is doubled while that gives more tokens per
//! second, and halved when the device cannot take a batch.

use std::time::Instant;

/// The number of batches of a size that are not timed at first: kernels are compiled and tuned for each new shape.
const UNTIMED: usize = 4;
/// The number of batches after those that are timed.
const TIMED: usize = 12;
/// The speed-up that justifies doubling the size.
const GAIN: f64 = 1.05;

/// The number of rows in the batches of one GPU.
#[derive(Clone, Debug)]
pub(in crate::model) struct BatchRows {
    now: usize,
    /// The largest size to try; `now` once there is nothing left to try.
    most: usize,
    /// Tokens per second at half the size.
    before: f64,
    /// The number of batches of this size so far.
    batches: usize,
    /// Tokens since timing began at `since`.
    tokens: usize,
    since: Instant,
}

impl BatchRows {
    /// A fixed number of rows, reduced only if the device cannot take them.
    pub(in crate::model) fn fixed(rows: usize) -> Self {
        Self::tried(rows, rows)
    }

    /// A number of rows that is tried from `first` up to `most`.
    pub(in crate::model) fn tried(first: usize, most: usize) -> Self {
        Self { now: first.max(1), most, before: 0.0, batches: 0, tokens: 0, since: Instant::now() }
    }

    /// The number of rows that the next batch should have.
    pub(in crate::model) fn now(&self) -> usize {
        self.now
    }

    /// Records that a batch of `rows`, padded to `length` tokens, came back at time `at`. Several batches may be in
    /// flight, so the speed is how many tokens come back per time.
    pub(in crate::model) fn came_back(&mut self, rows: usize, length: usize, at: Instant) {
        if rows != self.now || self.now >= self.most {
            return; // the last batch of an input, or one of the previous size
        }
        self.batches += 1;
        if self.batches == UNTIMED {
            (self.tokens, self.since) = (0, at);
            return;
        }
        self.tokens += rows * length;
        if self.batches == UNTIMED + TIMED {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let speed = self.tokens as f64 / (at - self.since).as_secs_f64();
            self.judge(speed);
        }
    }

    fn judge(&mut self, speed: f64) {
        self.batches = 0;
        if speed < self.before * GAIN {
            self.no_more_than(self.now / 2);
        } else {
            self.before = speed;
            self.now = (2 * self.now).min(self.most);
        }
    }

    /// Limits the rows: more do not fit, or are not worth it.
    pub(in crate::model) fn no_more_than(&mut self, rows: usize) {
        self.now = self.now.min(rows.max(1));
        self.most = self.now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// Runs batches on a device that takes `seconds(rows)` for each, and returns the batch sizes.
    fn sizes(mut rows: BatchRows, batches: usize, seconds: impl Fn(usize) -> f64) -> Vec<usize> {
        let mut clock = Instant::now();
        let mut all = Vec::new();
        for _ in 0..batches {
            clock += Duration::from_secs_f64(seconds(rows.now()));
            all.push(rows.now());
            rows.came_back(rows.now(), 98, clock);
        }
        all.push(rows.now());
        all.dedup();
        all
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn time(fixed: f64, a_row: f64) -> impl Fn(usize) -> f64 {
        move |rows| fixed + a_row * rows as f64
    }

    #[test]
    fn a_device_that_each_call_costs_much_gets_more_rows_up_to_the_limit() {
        assert_eq!(sizes(BatchRows::tried(32, 256), 100, time(1.0, 1e-6)), [32, 64, 128, 256]);
    }

    #[test]
    fn a_device_that_is_busy_already_keeps_the_first_size() {
        assert_eq!(sizes(BatchRows::tried(32, 256), 100, time(0.0, 1.0)), [32, 64, 32]);
    }

    #[test]
    fn a_device_that_gains_at_first_keeps_the_last_size_that_gained() {
        assert_eq!(sizes(BatchRows::tried(32, 1024), 200, time(8.0, 0.1)), [32, 64, 128, 256, 512, 1024]);
        assert_eq!(sizes(BatchRows::tried(32, 1024), 200, time(2.0, 0.1)), [32, 64, 128, 256, 512, 256]);
    }

    #[test]
    fn a_fixed_size_stays_and_a_size_that_does_not_fit_does_not_come_back() {
        assert_eq!(sizes(BatchRows::fixed(32), 100, time(1.0, 0.0)), [32]);
        let mut rows = BatchRows::tried(32, 1024);
        rows.no_more_than(8);
        assert_eq!(sizes(rows, 100, time(1.0, 0.0)), [8]);
    }

    #[test]
    fn batches_of_another_size_say_nothing() {
        let (mut rows, start) = (BatchRows::tried(32, 64), Instant::now());
        for batch in 0..100 {
            rows.came_back(31, 98, start + Duration::from_secs(batch));
        }
        assert_eq!(rows.now(), 32);
    }

    proptest! {
        #[test]
        fn the_size_stays_within_its_limits_whatever_the_clock_says(
            first in 1_usize..100, times in 0_usize..5, steps in proptest::collection::vec(0.0..2.0_f64, 0..200),
        ) {
            let most = first << times;
            let (mut rows, mut clock) = (BatchRows::tried(first, most), Instant::now());
            for step in steps {
                clock += Duration::from_secs_f64(step);
                rows.came_back(rows.now(), 98, clock);
                prop_assert!(rows.now() >= first && rows.now() <= most);
            }
        }
    }
}
