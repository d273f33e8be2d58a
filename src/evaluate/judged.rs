//! Collects the scored reads with the predictions of each predictor.

use std::collections::HashMap;

use super::calls::{CallsFile, Program};
use super::chunks::Labelled;
use crate::error::Result;
use crate::prediction::{Prediction, Predictions};
use crate::report::{Basis, LabelledReads, Predictor};

/// The reads and predictions so far.
#[derive(Debug)]
pub(super) struct JudgedReads {
    reads: LabelledReads,
    /// The predictions of each model.
    models: Vec<Vec<Prediction>>,
    /// The other programs and their predictions.
    programs: Vec<(Program, Vec<Prediction>)>,
    /// The number of each group.
    numbers: HashMap<String, u32>,
}

impl JudgedReads {
    /// Creates an empty collection for this many models and these programs.
    pub(super) fn of(models: usize, programs: Vec<Program>) -> Self {
        let programs = programs.into_iter().map(|program| (program, Vec::new())).collect();
        let models = vec![Vec::new(); models];
        Self { reads: LabelledReads::default(), models, programs, numbers: HashMap::new() }
    }

    /// Adds reads, and the models' predictions for those that were scored.
    ///
    /// # Errors
    /// If the genes of a program belong to other reads.
    pub(super) fn add(&mut self, predictions: &[Predictions], reads: Vec<Labelled>) -> Result<()> {
        for (all, new) in self.models.iter_mut().zip(predictions) {
            all.extend_from_slice(new);
        }
        for mut read in reads {
            // Reads that are too short are looked up too, so that they do not count as unknown.
            let said = self.programs.iter_mut().map(|(program, _)| program.says(&read.name, read.bases.len()));
            let said: Vec<Prediction> = said.collect::<Result<_>>()?;
            if read.is_scored {
                for ((_, all), said) in self.programs.iter_mut().zip(said) {
                    all.push(said);
                }
                let group = read.group.take().map(|group| self.number(group));
                self.reads.truths.push(read.truth(group));
            } else {
                self.reads.unscored += 1;
            }
        }
        Ok(())
    }

    /// The number of a group; they are numbered in the order in which they occur.
    fn number(&mut self, group: String) -> u32 {
        if let Some(&number) = self.numbers.get(&group) {
            return number;
        }
        let number = u32::try_from(self.reads.groups.len()).expect("a table has far fewer than 2^32 groups");
        self.reads.groups.push(group.clone());
        self.numbers.insert(group, number);
        number
    }

    /// Returns all reads and all predictors: the models with these names, then the programs.
    ///
    /// # Errors
    /// If no gene of a program is on any of the reads.
    pub(super) fn finish(
        self,
        models: impl Iterator<Item = (String, Basis)>,
    ) -> Result<(LabelledReads, Vec<Predictor>)> {
        let of_model = |((name, basis), said)| Predictor { name, basis, said, elsewhere: 0 };
        let mut predictors: Vec<Predictor> = models.zip(self.models).map(of_model).collect();
        for (program, said) in self.programs {
            let elsewhere = program.unasked()?;
            let CallsFile { name, path } = program.file;
            predictors.push(Predictor { name, basis: Basis::Genes(path), said, elsewhere });
        }
        Ok((self.reads, predictors))
    }
}
