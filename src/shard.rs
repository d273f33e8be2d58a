//! Shards: several runs share an input, and each processes its own templates.
//!
//! Shards are ranges of templates in input order, so that their outputs, one after the other, equal those of a single
//! run. The templates are counted first, in a separate pass over files that can be read twice.

use std::num::NonZero;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt};

use crate::reads::{self, InputConfig, InputCounts, Problem, Template};

/// Shard `number` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which shard, from 1 to `of`.
    pub number: NonZero<u64>,
    /// The number of shards.
    pub of: NonZero<u64>,
}

/// The part of the input that a shard takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The shard.
    pub shard: Shard,
    /// The range of its templates in the input, counted from 0.
    pub templates: Range<u64>,
    /// The number of templates in the input.
    pub of: u64,
    /// The path of the input; the first one, if there are several files.
    pub input: PathBuf,
}

impl FromStr for Shard {
    type Err = String;

    /// Parses `I/N`, with `I` from 1 to `N`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if number <= of => Ok(Self { number, of }),
            _ => Err("expected I/N, with I from 1 to N".into()),
        }
    }
}

impl Shard {
    /// The range of this shard among so many `templates`. Sizes of shards differ by one at most.
    ///
    /// ```
    /// let parts = ["1/3", "2/3", "3/3"].map(|shard| shard.parse::<readseeker::shard::Shard>().unwrap().range(10));
    /// assert_eq!(parts, [0..3, 3..6, 6..10]);
    /// ```
    #[must_use]
    pub fn range(self, templates: u64) -> Range<u64> {
        let place = |shards: u64| {
            let place = u128::from(templates) * u128::from(shards) / u128::from(self.of.get());
            u64::try_from(place).expect("a place is at most the number of templates")
        };
        place(self.number.get() - 1)..place(self.number.get())
    }

    /// Counts the templates of an input and finds those of this shard.
    ///
    /// # Errors
    /// If the input cannot be read.
    pub async fn slice(self, input: &InputConfig) -> reads::Result<Slice> {
        let reads::Templates { path, stream: mut templates, .. } = reads::open(input, Arc::default()).await?;
        let mut of = 0;
        while let Some(template) = templates.next().await {
            template?;
            of += 1;
        }
        Ok(Slice { shard: self, templates: self.range(of), of, input: path })
    }
}

impl Slice {
    /// The number of templates in the slice.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.templates.end - self.templates.start
    }

    /// Whether the slice has no templates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    /// Takes the slice's templates from those of the whole input. What the readers count in `all` while they read these
    /// templates is added to `own` at their end, so that the counts of all shards add up to those of a single run.
    #[must_use]
    pub fn of(
        &self,
        mut templates: BoxStream<'static, reads::Result<Template>>,
        all: Arc<InputCounts>,
        own: Arc<InputCounts>,
    ) -> BoxStream<'static, reads::Result<Template>> {
        let Range { start, end } = self.templates;
        let (of, input, is_last) = (self.of, self.input.clone(), self.shard.number == self.shard.of);
        async_stream::try_stream! {
            let changed = || reads::Error::Input { input: input.clone(), at: None, problem: Problem::Changed };
            for _ in 0..start {
                templates.next().await.ok_or_else(changed)??;
            }
            let before = if start == 0 { Default::default() } else { all.sums() };
            for _ in start..end {
                yield templates.next().await.ok_or_else(changed)??;
            }
            // What lies behind the last template is counted too; if the input has no templates, by the last shard
            // alone.
            if end == of && (of > 0 || is_last) && templates.next().await.transpose()?.is_some() {
                Err(changed())?;
            }
            own.add(all.sums(), before);
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_a_number_up_to_how_many_there_are() {
        let of = |text: &str| text.parse::<Shard>().map(|Shard { number, of }| (number.get(), of.get()));
        assert_eq!((of("1/1"), of("3/8")), (Ok((1, 1)), Ok((3, 8))));
        for wrong in ["0/3", "4/3", "1/0", "1", "1/", "a/b", "-1/3", "1/2/3", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_template_is_in_one_shard(templates in 0..u64::MAX, shards in 1..200_u64) {
            let mut next = 0;
            for number in 1..=shards {
                let shard: Shard = format!("{number}/{shards}").parse().unwrap();
                let range = shard.range(templates);
                prop_assert_eq!(range.start, next);
                let fair = templates / shards;
                prop_assert!((fair..=fair + 1).contains(&(range.end - range.start)));
                next = range.end;
            }
            prop_assert_eq!(next, templates);
        }
    }
}
