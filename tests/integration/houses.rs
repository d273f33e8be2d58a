//! Each heavy crate has one home: what a workspace would enforce by its borders, one package keeps by this rule.

use std::path::{Path, PathBuf};

/// A crate, as paths name it, and where alone it may be named.
const HOMES: [(&str, &[&str]); 7] = [
    ("noodles::", &["src/reads.rs", "src/reads/"]),
    ("burn::", &["src/model.rs", "src/model/"]),
    ("clap::", &["src/cli.rs", "src/cli/"]),
    ("indicatif::", &["src/progress.rs"]),
    ("maud::", &["src/report/"]),
    ("crossbeam_channel::", &["src/pipeline.rs", "src/pipeline/"]),
    ("unsafe ", &["src/model/cpu.rs", "src/model/cpu/"]),
];

#[test]
fn each_heavy_crate_has_one_home() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut strangers = Vec::new();
    for file in sources(&root.join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for (word, homes) in HOMES {
            if code.contains(word) && !homes.iter().any(|home| name.starts_with(home)) {
                strangers.push(format!("{name} names {word}"));
            }
        }
    }
    assert!(strangers.is_empty(), "{strangers:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
