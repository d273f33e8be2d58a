//! The models that are part of the program.

/// A checkpoint within the program.
#[derive(Debug)]
pub(super) struct Embedded {
    /// What `--model` calls it.
    pub(super) name: &'static str,
    /// Its `config.json`.
    pub(super) config: &'static [u8],
    /// Its weights, as safetensors.
    pub(super) weights: &'static [u8],
    card: &'static str,
}

macro_rules! embedded {
    ($name:literal, $folder:literal) => {
        Embedded {
            name: $name,
            config: include_bytes!(concat!("builtin/", $folder, "/config.json")),
            weights: include_bytes!(concat!("builtin/", $folder, "/model.safetensors")),
            card: include_str!(concat!("builtin/", $folder, "/README.md")),
        }
    };
}

/// Makes calls along the read: the default.
pub(super) static ALONG: Embedded = embedded!("builtin", "along");
/// One call for each read or window: faster, less often right.
pub(super) static COMPACT: Embedded = embedded!("compact", "compact");

impl Embedded {
    /// The model card's start, up to its first section, as plain text; the whole card comes with the source code.
    pub(super) fn card(&self) -> String {
        let start = self.card.split("\n## ").next().unwrap_or_default();
        let words = start.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
        words.replace(['*', '`'], "").trim().to_owned() // a terminal shows no Markdown
    }
}
