//! The layers of the source code, called floors: which file may depend on which, as read from the sources.
//!
//! Paths are followed from `use` lines, from code and from inside macros; a re-export leads to the file that defines
//! the name. Naming a module is no dependency (arrow); using one of its items is. Code under `#[cfg(test)]` may depend
//! on anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The floors from the bottom up, each with its rooms: a room is a file of `src/` and the folder of the same name. A
/// room depends on rooms of lower floors only. ARCHITECTURE.md draws the same floors.
const FLOORS: [&[&str]; 11] = [
    &[
        "blocking",
        "class",
        "composition",
        "conflict",
        "kmer",
        "metrics",
        "paths",
        "prediction",
        "prior",
        "threads",
        "tokens",
        "words",
    ],
    &["tiling", "warning"],
    &["reads", "model"],
    &["error", "progress", "sample", "shard", "verdict", "windows"],
    &["estimate", "genome", "labels", "scoring", "tally"],
    &["outputs"],
    &["pipeline"],
    &["report"],
    &["config"],
    &["dnabert", "evaluate", "labelled", "run", "train"],
    &["cli"],
];

/// Dependencies, each with the only room that may name it.
const HOMES: [(&str, &str); 13] = [
    ("noodles", "reads"),
    ("noodles_bgzf", "reads"),
    ("libdeflater", "reads"),
    ("async_compression", "reads"),
    ("tempfile", "reads"),
    ("burn", "model"),
    ("rayon", "model"),
    ("ureq", "model"),
    ("parquet", "outputs"),
    ("crossbeam_channel", "pipeline"),
    ("indicatif", "progress"),
    ("maud", "report"),
    ("clap", "cli"),
];

/// The only path of such a crate that any room may name: an enum that is a choice of the command line spells its own
/// values.
const FREE: &str = "clap::ValueEnum";

type Name = Vec<String>;

/// What one source file declares, imports and names.
#[derive(Debug, Default)]
struct Source {
    /// The modules that the file declares.
    children: BTreeSet<String>,
    /// Those of `children` that are for tests only.
    tests: BTreeSet<String>,
    /// The names that `use` lines bring into scope, and their paths.
    scope: BTreeMap<String, Name>,
    /// The names in `scope` that the file re-exports.
    handed_on: BTreeSet<String>,
    /// The modules from which `use` lines import everything.
    globs: Vec<Name>,
    /// The paths of the file's private `use` lines.
    used: Vec<Name>,
    /// The paths named in code.
    named: Vec<Name>,
    is_unsafe: bool,
}

impl Source {
    fn parse(text: &str) -> Self {
        let mut source = Self::default();
        source.walk(&text.parse().unwrap());
        source
    }

    fn walk(&mut self, tokens: &TokenStream) {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut at = 0;
        let mut is_public = false;
        while at < trees.len() {
            let word = word(&trees[at]);
            match &trees[at] {
                TokenTree::Punct(hash) if hash.as_char() == '#' && is_test(trees.get(at + 1)) => {
                    let end = end_of_item(&trees, at + 2);
                    let item = &trees[at + 2..end];
                    if let Some(name) = declared(item) {
                        self.tests.insert(name);
                    }
                    at = end;
                }
                TokenTree::Group(group) => {
                    // `pub(super) use`
                    is_public &= group.delimiter() == Delimiter::Parenthesis;
                    self.walk(&group.stream());
                    at += 1;
                }
                _ if word == "pub" => {
                    is_public = true;
                    at += 1;
                }
                _ if word == "use" => {
                    let end = end_of_item(&trees, at);
                    self.import(&mut trees[at + 1..end].iter().peekable(), &[], is_public);
                    (at, is_public) = (end, false);
                }
                TokenTree::Ident(_) if at > 0 && is_punct(&trees[at - 1], '.') => at += 1,
                TokenTree::Ident(_) => {
                    if let Some(name) = declared(&trees[at..]) {
                        self.children.insert(name);
                    }
                    self.is_unsafe |= word == "unsafe";
                    let (path, end) = path(&trees, at);
                    // A name alone may be a field or a method; types and calls are not.
                    if path.len() > 1 || word.starts_with(char::is_uppercase) || is_call(trees.get(end)) {
                        self.named.push(path);
                    }
                    (at, is_public) = (end, false);
                }
                _ => {
                    is_public = false;
                    at += 1;
                }
            }
        }
    }

    /// Records the rest of a `use` line, after the path `before`.
    fn import<'a>(
        &mut self,
        rest: &mut std::iter::Peekable<impl Iterator<Item = &'a TokenTree>>,
        before: &[String],
        is_public: bool,
    ) {
        let mut path = before.to_vec();
        let mut alias = None;
        while let Some(tree) = rest.next() {
            match tree {
                TokenTree::Ident(ident) if ident == "as" => alias = rest.next().map(word),
                TokenTree::Ident(ident) if ident == "self" && path.len() > before.len().min(1) => {}
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Punct(punct) if punct.as_char() == ',' => {
                    self.bring(std::mem::replace(&mut path, before.to_vec()), alias.take(), is_public);
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.import(&mut inner.iter().peekable(), &path, is_public);
                    path = before.to_vec();
                }
                _ => {}
            }
        }
        if path.len() > before.len() || alias.is_some() {
            self.bring(path, alias, is_public);
        }
    }

    fn bring(&mut self, path: Name, alias: Option<String>, is_public: bool) {
        let Some(last) = path.last().cloned() else { return };
        if last == "*" {
            self.globs.push(path[..path.len() - 1].to_vec());
            return;
        }
        let name = alias.unwrap_or(last);
        if is_public {
            self.handed_on.insert(name.clone());
        } else {
            self.used.push(path.clone());
        }
        self.scope.insert(name, path);
    }
}

fn word(tree: &TokenTree) -> String {
    if let TokenTree::Ident(ident) = tree { ident.to_string() } else { String::new() }
}

fn is_punct(tree: &TokenTree, of: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == of)
}

fn is_call(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_test(attribute: Option<&TokenTree>) -> bool {
    attribute.is_some_and(|group| group.to_string().replace(' ', "") == "[cfg(test)]")
}

/// The end of the item that begins at `start`: the index after its `;` or its braces.
fn end_of_item(trees: &[TokenTree], start: usize) -> usize {
    let is_use = trees[start..].iter().map(word).find(|word| !word.is_empty()).is_some_and(|word| word == "use");
    let ends = |tree: &TokenTree| {
        let braces = matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        is_punct(tree, ';') || braces && !is_use
    };
    trees[start..].iter().position(ends).map_or(trees.len(), |end| start + end + 1)
}

/// The name of the module that `mod name;` declares.
fn declared(item: &[TokenTree]) -> Option<String> {
    let [keyword, name, end, ..] = item else { return None };
    (word(keyword) == "mod" && is_punct(end, ';')).then(|| word(name))
}

/// The path that begins at `start`, and the index after it.
fn path(trees: &[TokenTree], start: usize) -> (Name, usize) {
    let (mut path, mut at) = (vec![word(&trees[start])], start + 1);
    while let [one, other, TokenTree::Ident(ident), ..] = &trees[at..]
        && is_punct(one, ':')
        && is_punct(other, ':')
    {
        path.push(ident.to_string());
        at += 3;
    }
    (path, at)
}

/// All source files, by module.
#[derive(Debug)]
struct House(BTreeMap<Name, Source>);

impl House {
    fn read(folder: &Path) -> Self {
        let mut all = BTreeMap::new();
        collect(folder, &mut Vec::new(), &mut all);
        let tests: Vec<Name> = all
            .iter()
            .flat_map(|(module, source): (&Name, &Source)| {
                source.tests.iter().map(|name| [&module[..], std::slice::from_ref(name)].concat())
            })
            .collect();
        all.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self(all)
    }

    /// All dependencies between files, each from the file that names an item to the file that defines it.
    fn arrows(&self) -> BTreeSet<(Name, Name)> {
        let mut arrows = BTreeSet::new();
        for (module, source) in &self.0 {
            let named = source.named.iter().filter_map(|path| self.absolute(module, path));
            let used = source.used.iter().filter_map(|path| self.absolute(module, path));
            for path in named.chain(used) {
                arrows.extend(self.definer(&path, 0).filter(|to| to != module).map(|to| (module.clone(), to)));
            }
        }
        arrows
    }

    /// All paths into other crates, each with the file that names it.
    fn strangers(&self) -> BTreeSet<(&Name, String)> {
        let mut strangers = BTreeSet::new();
        for (module, source) in &self.0 {
            let named = source.named.iter().filter(|path| path.len() > 1 && !source.scope.contains_key(&path[0]));
            for path in named.chain(source.scope.values()).chain(&source.globs) {
                if self.absolute(module, path).is_none() {
                    strangers.insert((module, path.join("::")));
                }
            }
        }
        strangers
    }

    /// A path from the root of this crate. `None` if the path leads into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Name> {
        let (first, rest) = path.split_first()?;
        let from = |start: &[String]| Some([start, rest].concat());
        match first.as_str() {
            "crate" => from(&[]),
            "self" => from(module),
            "super" => {
                let parent = &module[..module.len().checked_sub(1)?];
                if rest.first().is_some_and(|next| next == "super") {
                    return self.absolute(parent, rest);
                }
                from(parent)
            }
            name => {
                let source = &self.0[module];
                if source.children.contains(name) {
                    return from(&[module, std::slice::from_ref(first)].concat());
                }
                let full = source.scope.get(name).filter(|full| full[0] != *name)?;
                self.absolute(module, &[full, rest].concat())
            }
        }
    }

    /// The file that defines the item at the end of a path. `None` if the path leads to a module.
    fn definer(&self, path: &[String], depth: usize) -> Option<Name> {
        assert!(depth < 20, "re-exports run in a circle: {path:?}");
        let mut module: Name = Vec::new();
        for (at, name) in path.iter().enumerate() {
            let inner = [&module[..], std::slice::from_ref(name)].concat();
            let source = self.0.get(&module)?;
            if self.0.contains_key(&inner) {
                module = inner;
            } else if source.handed_on.contains(name) {
                let full = self.absolute(&module, &source.scope[name])?;
                return self.definer(&[&full, &path[at + 1..]].concat(), depth + 1);
            } else {
                return Some(module);
            }
        }
        None
    }
}

fn collect(folder: &Path, module: &mut Name, all: &mut BTreeMap<Name, Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            module.push(stem);
            collect(&path, module, all);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && stem != "main" {
            let source = Source::parse(&std::fs::read_to_string(&path).unwrap());
            let name = if stem == "lib" { Vec::new() } else { [&module[..], &[stem]].concat() };
            all.insert(name, source);
        }
    }
}

/// Groups of files that depend on each other in a circle.
fn circles(arrows: &BTreeSet<(Name, Name)>) -> Vec<BTreeSet<Name>> {
    let mut known: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (from, to) in arrows {
        known.entry(from).or_default().push(to);
    }
    let reached: BTreeMap<&Name, BTreeSet<&Name>> = known.keys().map(|file| (*file, reached(&known, file))).collect();
    let mut circles: Vec<BTreeSet<Name>> = Vec::new();
    for (file, all) in &reached {
        if all.contains(file) && !circles.iter().any(|circle| circle.contains(*file)) {
            let mutual = all.iter().filter(|other| reached.get(**other).is_some_and(|back| back.contains(file)));
            circles.push(mutual.map(|other| (*other).clone()).collect());
        }
    }
    circles
}

/// The files that a file depends on, directly or through others.
fn reached<'a>(known: &BTreeMap<&'a Name, Vec<&'a Name>>, from: &'a Name) -> BTreeSet<&'a Name> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        next.extend(known.get(file).into_iter().flatten().filter(|other| seen.insert(**other)));
    }
    seen
}

fn house() -> House {
    House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The path of a module's file, such as `src/reads/bam.rs`.
fn file(module: &[String]) -> String {
    if module.is_empty() { "src/lib.rs".to_owned() } else { format!("src/{}.rs", module.join("/")) }
}

fn floor(room: &str) -> usize {
    let floor = FLOORS.iter().position(|rooms| rooms.contains(&room));
    floor.unwrap_or_else(|| panic!("src/{room} is on no floor: give it one here and in ARCHITECTURE.md"))
}

#[test]
fn no_file_knows_a_room_beside_or_above_its_own() {
    let arrows = house().arrows();
    let wrong = arrows.iter().filter(|(from, to)| from[0] != to[0] && floor(&from[0]) <= floor(&to[0]));
    let wrong: Vec<String> = wrong.map(|(from, to)| format!("{} knows {}", file(from), file(to))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let arrows = house().arrows();
    let drawn = circles(&arrows).into_iter().map(|circle| {
        let inside = arrows.iter().filter(|(from, to)| circle.contains(from) && circle.contains(to));
        inside.map(|(from, to)| format!("{} knows {}", file(from), file(to))).collect()
    });
    let drawn: Vec<Vec<String>> = drawn.collect();
    assert!(drawn.is_empty(), "{drawn:#?}");
}

#[test]
fn each_heavy_crate_has_one_home() {
    let house = house();
    let strangers = house.strangers().into_iter().filter(|(module, path)| {
        let home = HOMES.iter().find(|(name, _)| path.split("::").next() == Some(*name)).map(|(_, home)| *home);
        path != FREE && home.is_some_and(|home| module.first().is_none_or(|room| room != home))
    });
    let strangers: Vec<String> = strangers.map(|(module, path)| format!("{} names {path}", file(module))).collect();
    assert!(strangers.is_empty(), "{strangers:#?}");
}

#[test]
fn only_a_download_that_was_asked_for_opens_connections() {
    let house = house();
    let fetch = ["model", "fetch"].map(str::to_owned);
    let knows_a_network = |path: &str| {
        let crates = ["ureq", "rustls", "socket2", "mio"];
        path.split("::").next().is_some_and(|first| crates.contains(&first))
            || ["std::net", "tokio::net", "std::os::unix::net", "rustix::net"].iter().any(|net| path.starts_with(net))
    };
    let strangers = house.strangers().into_iter();
    let strangers = strangers.filter(|(module, path)| !module.starts_with(&fetch) && knows_a_network(path));
    let strangers: Vec<String> = strangers.map(|(module, path)| format!("{} names {path}", file(module))).collect();
    assert!(strangers.is_empty(), "{strangers:#?}");
    // Only the subcommand may start a download.
    let asks = house.arrows().into_iter().filter(|(from, to)| to.starts_with(&fetch) && !from.starts_with(&fetch));
    let asks: BTreeSet<String> = asks.map(|(from, _)| file(&from)).collect();
    assert_eq!(asks.into_iter().collect::<Vec<_>>(), ["src/cli/fetch.rs"]);
}

#[test]
fn unsafe_code_stays_with_the_kernels() {
    let house = house();
    let strangers = house.0.iter().filter(|(module, source)| source.is_unsafe && !module.starts_with(&kernels()));
    assert_eq!(strangers.map(|(module, _)| file(module)).collect::<Vec<_>>(), [""; 0]);
}

fn kernels() -> [String; 2] {
    ["model", "cpu"].map(str::to_owned)
}

#[test]
fn the_architecture_draws_the_same_floors() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        number.parse::<usize>().ok().map(|number| (number, rest.split(" | ").next().unwrap_or_default()))
    });
    let drawn: BTreeMap<usize, BTreeSet<String>> = rows
        .map(|(number, rooms)| {
            let rooms = rooms.split('`').skip(1).step_by(2);
            (number, rooms.map(|room| room.trim_start_matches("src/").to_owned()).collect())
        })
        .collect();
    let floors = FLOORS.iter().map(|rooms| rooms.iter().map(|room| (*room).to_owned()).collect());
    assert_eq!(drawn, floors.enumerate().collect());
}

/// Tests what the rules above rely on: dependencies are found in `use` lines, code and macros.
#[test]
fn arrows_are_found_in_use_lines_code_and_macros() {
    let parse = |text: &str| Source::parse(text);
    let module = |name: &str| vec![name.to_owned()];
    let house = House(BTreeMap::from([
        (Vec::new(), parse("mod a; mod b; mod c; mod d;")),
        (module("a"), parse("pub use super::b::Thing; mod tests { }")),
        (module("b"), parse("pub struct Thing;")),
        (module("c"), parse("use crate::a; fn f() { let x = vec![a::Thing]; } #[cfg(test)] use crate::d::X;")),
        (module("d"), parse("use crate::{a::{self, Thing as Other}, c}; fn f() { c::f(); noodles::bam(); }")),
    ]));
    let arrow = |from: &str, to: &str| (module(from), module(to));
    assert_eq!(house.arrows(), BTreeSet::from([arrow("c", "b"), arrow("d", "b"), arrow("d", "c")]));
    assert!(house.strangers().contains(&(&module("d"), "noodles::bam".to_owned())));
}

#[test]
fn circles_are_groups_of_files_that_reach_each_other() {
    let name = |name: &str| vec![name.to_owned()];
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a")];
    let arrows = arrows.iter().map(|(from, to)| (name(from), name(to))).collect();
    assert_eq!(circles(&arrows), [BTreeSet::from([name("a"), name("b"), name("c")])]);
}
