//! What to download, and from where.

use crate::model::files::{CONFIG, VOCABULARY, WEIGHTS};

/// The server of models, unless `HF_ENDPOINT` names another one.
const ENDPOINT: &str = "https://huggingface.co";

/// The owner and name of the published model.
const PUBLISHED: (&str, &str) = ("bnwlf", "ReadSeeker");

/// The size and SHA-256 of its weights.
const PUBLISHED_WEIGHTS: (u64, &str) =
    (356_851_694, "bab042872f496f10e6380bc44c2bd3dff86de65372d3c6b7741f30d535f345d2");

/// Files of a checkpoint that only other programs need.
const OF_OTHERS: [&str; 2] = ["tokenizer_config.json", "special_tokens_map.json"];

/// A checkpoint to be downloaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the checkpoint on this machine.
    pub name: String,
    /// The common start of the addresses of its files.
    pub base: String,
    /// The user's access token, which is sent to that server and no other.
    pub token: Option<String>,
    /// The files of the checkpoint.
    pub files: Vec<WantedFile>,
}

/// A file of a checkpoint to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// The names under which it may be found, in order of preference.
    pub names: Vec<&'static str>,
    /// Whether the checkpoint may lack it.
    pub is_optional: bool,
    /// The content of the file, if known beforehand.
    pub content: Option<Content>,
}

/// The required content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The size in bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl Wanted {
    /// Parses what a user names: `ReadSeeker`, `OWNER/NAME` at Hugging Face, or the address of a directory.
    ///
    /// `endpoint` is another server with the same addresses, and `token` the user's access token for it.
    pub fn named(text: &str, endpoint: Option<&str>, token: Option<String>) -> Result<Self, String> {
        if text.starts_with("https://") || text.starts_with("http://") {
            let base = text.trim_end_matches('/');
            let name = base.rsplit('/').next().unwrap_or_default();
            check_name(name)?;
            return Ok(Self { name: name.to_owned(), base: base.to_owned(), token: None, files: files(None) });
        }
        let (owner, name) = match text.split_once('/') {
            Some(parts) => parts,
            None if text.eq_ignore_ascii_case(PUBLISHED.1) => PUBLISHED,
            None => return Err(format!("{text:?} is not a model: expected ReadSeeker, OWNER/NAME or an address")),
        };
        check_name(owner)?;
        check_name(name)?;
        let endpoint = endpoint.unwrap_or(ENDPOINT).trim_end_matches('/');
        let content = ((owner, name) == PUBLISHED).then(|| {
            let (size, sha256) = PUBLISHED_WEIGHTS;
            Content { size, sha256: sha256.to_owned() }
        });
        let base = format!("{endpoint}/{owner}/{name}/resolve/main");
        Ok(Self { name: name.to_owned(), base, token, files: files(content) })
    }

    /// Whether this is the published model.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.files.iter().any(|file| file.content.is_some())
    }
}

/// The files of a checkpoint: of the published one, whose weights have the content `weights`, or of any other.
fn files(weights: Option<Content>) -> Vec<WantedFile> {
    let file = |name, is_optional| WantedFile { names: vec![name], is_optional, content: None };
    let is_published = weights.is_some();
    // The published weights are a pickle.
    let names = if is_published { vec![WEIGHTS[1]] } else { WEIGHTS.to_vec() };
    let mut files = vec![file(CONFIG, false), file(VOCABULARY, !is_published)];
    files.extend(OF_OTHERS.map(|name| file(name, true)));
    files.push(WantedFile { names, is_optional: false, content: weights });
    files
}

/// Checks a name, which becomes part of a path.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(format!("{name:?} cannot be a model's name: expected ReadSeeker, OWNER/NAME or an address"));
    }
    Ok(())
}

/// Leaves out the token, which must not get into a log.
impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("name", &self.name).field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Result<Wanted, String> {
        Wanted::named(text, Some("http://mirror/"), Some("secret".to_owned()))
    }

    #[test]
    fn the_published_model_is_verified_and_others_are_taken_as_they_are() {
        for text in ["ReadSeeker", "readseeker", "bnwlf/ReadSeeker"] {
            let wanted = named(text).unwrap();
            assert_eq!((&*wanted.name, &*wanted.base), ("ReadSeeker", "http://mirror/bnwlf/ReadSeeker/resolve/main"));
            assert!(wanted.is_published() && !format!("{wanted:?}").contains("secret"));
        }
        let other = named("someone/model-2").unwrap();
        assert!(other.name == "model-2" && !other.is_published() && other.token.is_some());
        let address = named("https://example.org/models/mine/").unwrap();
        assert_eq!((&*address.base, &*address.name), ("https://example.org/models/mine", "mine"));
        assert_eq!(address.token, None, "the token is for the endpoint alone");
    }

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        for text in ["model", "a/..", "../b", "a/b/c", "a/", "a/b c", "https://example.org/..", "https://"] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
