//! Reads a table of labelled reads into those to learn from, those held out, and counts of those left out.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

use fnv::FnvHasher;
use futures::StreamExt;

use super::config::{HoldOut, TrainConfig};
use crate::error::{Error, Result};
use crate::labels::{self, Read};
use crate::model::{Example, Trainer, Truth};
use crate::reads::Lines;
use crate::sample::Sample;
use crate::words::counted;

/// The reads of a table.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) taught: Vec<Example>,
    pub(super) held_out: Vec<HeldOut>,
    pub(super) left_out: BTreeMap<&'static str, usize>,
    /// A hash that tells these reads from those of another table.
    pub(super) hash: u64,
}

/// A held-out read, with its group.
#[derive(Debug)]
pub(super) struct HeldOut {
    pub(super) example: Example,
    pub(super) group: Option<String>,
}

impl Reads {
    /// Reads the table.
    pub(super) async fn read(config: &TrainConfig, trainer: &Trainer) -> Result<Self> {
        let mut lines = Lines::open(&config.reads, config.from.threads, Arc::default()).await?;
        let mut table = std::pin::pin!(labels::reads(&mut lines));
        let (mut reads, mut hasher) = (Self::default(), FnvHasher::default());
        while let Some(read) = table.next().await {
            let read = read?;
            hasher.write(&read.bases);
            hasher.write_u8(u8::from(read.is_coding));
            reads.sort(config, trainer, read);
        }
        reads.hash = hasher.finish();
        reads.check(config)?;
        Ok(reads)
    }

    fn sort(&mut self, config: &TrainConfig, trainer: &Trainer, read: Read) {
        let Read { name: _, bases, is_coding, coded, frame, group } = read;
        let coded = coded.unwrap_or(if is_coding { 1.0 } else { 0.0 });
        let is_held_out = match &config.hold_out {
            // Chosen by its bases, so that the same read is never on both sides.
            HoldOut::Share(share) => Sample::new(*share, config.seed).takes(&bases),
            HoldOut::Groups(groups) => group.as_ref().is_some_and(|group| groups.contains(group)),
        };
        let truth = Truth { is_coding, coded, frame: frame.filter(|_| is_coding) };
        let example = Example { bases, truth };
        if is_held_out {
            self.held_out.push(HeldOut { example, group });
        } else if let Some(reason) = trainer.unfit(&example) {
            *self.left_out.entry(reason).or_default() += 1;
        } else {
            self.taught.push(example);
        }
    }

    /// Checks that there is something to learn.
    fn check(&self, config: &TrainConfig) -> Result<()> {
        let table = config.reads.display();
        if let HoldOut::Groups(groups) = &config.hold_out {
            let is_there = |group: &&String| self.held_out.iter().any(|read| read.group.as_ref() == Some(group));
            if let Some(group) = groups.iter().find(|group| !is_there(group)) {
                return Err(Error::Untrainable(format!("no read of {table} is of the group {group}")));
            }
        }
        let coding = self.taught.iter().filter(|read| read.truth.is_coding).count();
        let missing = match (coding, self.taught.len() - coding) {
            (0, _) => "coding",
            (_, 0) => "non-coding",
            _ => return Ok(()),
        };
        let left_out: Vec<String> = self
            .left_out
            .iter()
            .map(|(reason, &count)| format!("{} {reason}", counted(count as u64, "read")))
            .collect();
        let others = if left_out.is_empty() { String::new() } else { format!("; left out: {}", left_out.join("; ")) };
        Err(Error::Untrainable(format!("{table} has no {missing} read to learn from{others}")))
    }
}
