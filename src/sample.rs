//! Samples the templates by name, to tell what a run on all of them would give in a fraction of the time.

use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::reads::{self, InputCounts, Template, name_hash};

/// The rule that chooses which templates are in a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The share of templates taken.
    pub fraction: f64,
    /// The seed that chooses one of the many samples of this fraction.
    pub seed: u64,
}

impl Sample {
    /// Creates a sample of a `fraction` of all templates, from above 0 to 1.
    #[must_use]
    pub fn new(fraction: f64, seed: u64) -> Self {
        Self { fraction, seed }
    }

    /// Creates the sample of templates to audit, independent of any sample that the run takes.
    #[must_use]
    pub fn of_audit(fraction: f64) -> Self {
        // A seed that nobody types: reads are sampled and audited independently.
        Self::new(fraction, 0x6175_6469_7465_6421)
    }

    /// Whether the sample takes the template of this name. The answer is the same in any file, order or shard, so that
    /// mates and other records of the same name stay together.
    ///
    /// ```
    /// use readseeker::sample::Sample;
    /// let half = Sample::new(0.5, 1);
    /// let taken = (0..10_000).filter(|n: &u32| half.takes(n.to_string().as_bytes())).count();
    /// assert!((4_800..5_200).contains(&taken));
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept, which a float holds")]
    pub fn takes(&self, name: &[u8]) -> bool {
        const BITS: u32 = 53;
        let place = (name_hash(Some(self.seed), name) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64;
        place < self.fraction
    }

    /// Filters `templates` down to the sample; the records of the others are counted in `counts`.
    #[must_use]
    pub fn of(
        self,
        templates: BoxStream<'static, reads::Result<Template>>,
        counts: Arc<InputCounts>,
    ) -> BoxStream<'static, reads::Result<Template>> {
        let taken = templates.filter(move |template| {
            let left_out = template.as_ref().ok().filter(|template| !self.takes(template.name()));
            if let Some(template) = left_out {
                counts.not_sampled.add(template.segments.len() as u64);
            }
            std::future::ready(left_out.is_none())
        });
        taken.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(sample: Sample) -> Vec<u32> {
        (0..20_000).filter(|n| sample.takes(format!("A00:{n}:7").as_bytes())).collect()
    }

    #[test]
    fn all_is_all_and_a_larger_sample_holds_the_smaller_one() {
        assert_eq!(taken(Sample::new(1.0, 3)).len(), 20_000);
        let (small, large) = (taken(Sample::new(0.1, 3)), taken(Sample::new(0.2, 3)));
        assert!((1_800..2_200).contains(&small.len()), "{}", small.len());
        assert!(small.iter().all(|name| large.contains(name)));
    }

    #[test]
    fn seeds_are_independent() {
        let (one, other) = (taken(Sample::new(0.1, 1)), taken(Sample::new(0.1, 2)));
        let both = one.iter().filter(|name| other.contains(name)).count();
        assert!((120..290).contains(&both), "{both}");
    }

    #[test]
    fn a_seed_takes_the_same_reads_for_ever() {
        let taken: Vec<u32> = taken(Sample::new(0.0005, 0));
        assert_eq!(taken, [1706, 6841, 8708, 8744, 9113, 11270, 11815, 11841, 11842, 16994, 17016]);
    }
}
