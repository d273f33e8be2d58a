//! Keeps some marks on a sequence: the longer it is, the smaller the share that is kept.

/// The most marks that are kept.
const MOST: usize = 1 << 15;

/// Evenly spaced marks on a sequence.
#[derive(Debug)]
pub(super) struct Marks<T> {
    kept: Vec<(u64, T)>,
    every: u64,
}

impl<T> Default for Marks<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), every: 1 }
    }
}

impl<T> Marks<T> {
    /// Whether a mark at this number is far enough from the last one to be kept.
    pub(super) fn wants(&self, number: u64) -> bool {
        self.kept.last().is_none_or(|(last, _)| number >= last + self.every)
    }

    /// Keeps a mark; if there are too many, drops every second one.
    pub(super) fn push(&mut self, number: u64, mark: T) {
        self.kept.push((number, mark));
        if self.kept.len() > MOST {
            let mut n = 0;
            self.kept.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
    }

    pub(super) fn into_kept(self) -> Vec<(u64, T)> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_few_and_evenly_spread() {
        let mut marks = Marks::default();
        for number in 0..1_000_000 {
            if marks.wants(number) {
                marks.push(number, ());
            }
        }
        let kept: Vec<u64> = marks.into_kept().into_iter().map(|(number, ())| number).collect();
        assert!(kept[0] == 0 && (MOST / 2..=MOST).contains(&kept.len()));
        assert!(kept.windows(2).all(|two| two[1] - two[0] == kept[1]), "{:?}", &kept[..9]);
    }
}
