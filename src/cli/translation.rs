//! Flags for translation.

use std::path::PathBuf;

use clap::Args;

use super::values::genetic_code;
use crate::error::{Error, Result};
use crate::outputs::{GeneticCode, Letters, Stops, Table, Translated, Translation};

/// The default genetic code, that of bacteria, archaea and plastids; it differs from the standard code only in its
/// start codons.
const DEFAULT_CODE: u8 = 11;
/// The default for the shortest protein: shorter ones hardly find anything in a search.
const DEFAULT_LEAST: usize = 20;

/// What is translated, and how.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Translations {
    /// Proteins of the coding stretches as FASTA
    ///
    /// Each stretch is translated in its frame; a frameshift inside a gene is bridged.
    #[arg(long, value_name = "FAA[.gz|.zst|...]", help_heading = "Outputs")]
    proteins: Option<PathBuf>,

    /// Nucleotides of the proteins as FASTA, under the same names
    #[arg(long, value_name = "FNA[.gz|.zst|...]", help_heading = "Outputs", hide_short_help = true)]
    cds: Option<PathBuf>,

    /// NCBI number of the genetic code for --proteins and --cds [default: 11]
    ///
    /// It is for the translation alone: where genes end is called with the stops TAA, TAG and TGA, whatever the code.
    #[arg(long, value_name = "N", value_parser = genetic_code, help_heading = "Outputs", hide_short_help = true)]
    genetic_code: Option<GeneticCode>,

    /// Leave out proteins of fewer than N amino acids, X and stops not counted [default: 20]
    #[arg(long, value_name = "N", help_heading = "Outputs", hide_short_help = true)]
    min_protein: Option<usize>,

    /// Stop codons inside a stretch [default: split]
    #[arg(long, value_enum, help_heading = "Outputs", hide_short_help = true)]
    stop: Option<Stops>,
}

impl Translations {
    /// The tables that were asked for.
    pub(super) fn tables(self) -> Result<impl Iterator<Item = (PathBuf, Box<dyn Table>)>> {
        let Self { proteins, cds, genetic_code, min_protein, stop } = self;
        let sets_something = genetic_code.is_some() || min_protein.is_some() || stop.is_some();
        if proteins.is_none() && cds.is_none() && sets_something {
            return Err(Error::Usage("--genetic-code, --min-protein and --stop need --proteins or --cds".to_owned()));
        }
        let default = || GeneticCode::from_number(DEFAULT_CODE).expect("it is in the list");
        let translation = Translation {
            code: genetic_code.unwrap_or_else(default),
            least: min_protein.unwrap_or(DEFAULT_LEAST),
            stops: stop.unwrap_or_default(),
        };
        let table =
            move |path: PathBuf, letters| (path, Box::new(Translated::new(letters, translation)) as Box<dyn Table>);
        let proteins = proteins.map(|path| table(path, Letters::Proteins));
        Ok(proteins.into_iter().chain(cds.map(|path| table(path, Letters::Codons))))
    }
}
