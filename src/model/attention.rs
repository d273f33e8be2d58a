//! How a BERT treats padding.

use clap::ValueEnum;

/// How a BERT treats padding: see "The attention mask as published" in the guide to models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Attention {
    /// Every read has 298 tokens; attention adds 1 to tokens and 0 to padding, as in the published evaluation
    #[default]
    Published,
    /// Padding is never attended to, and a batch is as long as its longest read
    Masked,
}

impl Attention {
    /// The name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Masked => "masked",
        }
    }
}
