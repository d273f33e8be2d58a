//! The compact model that is part of the program.

/// Its `config.json`.
pub(super) const CONFIG: &[u8] = include_bytes!("builtin/config.json");
/// Its weights, as safetensors.
pub(super) const WEIGHTS: &[u8] = include_bytes!("builtin/model.safetensors");

/// The model card's start, up to its first section, as plain text; the whole card comes with the source code.
pub(super) fn card() -> String {
    let card = include_str!("builtin/README.md");
    let start = card.split("\n## ").next().unwrap_or_default();
    let words = start.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
    words.replace(['*', '`'], "").trim().to_owned() // a terminal shows no Markdown
}
