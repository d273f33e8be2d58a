//! The models that are embedded in the program.

/// A checkpoint embedded in the program.
#[derive(Debug)]
pub(super) struct Embedded {
    /// The name by which `--model` selects it.
    pub(super) name: &'static str,
    /// The checkpoint's `config.json`.
    pub(super) config: &'static [u8],
    /// The checkpoint's weights, as safetensors.
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

/// The default model, which makes calls along the read.
pub(super) static ALONG: Embedded = embedded!("builtin", "along");
/// The model that makes one call for each read or window: faster, but less accurate.
pub(super) static COMPACT: Embedded = embedded!("compact", "compact");

impl Embedded {
    /// The start of the model card, up to its first section, as plain text. The whole card comes with the source code.
    pub(super) fn card(&self) -> String {
        let start = self.card.split("\n## ").next().unwrap_or_default();
        let words = start.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
        words.replace(['*', '`'], "").trim().to_owned() // a terminal shows no Markdown
    }
}
