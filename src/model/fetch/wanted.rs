//! What is downloaded, and from where.

use crate::model::files::{CONFIG, VOCABULARY, WEIGHTS};

/// Where models are, unless `HF_ENDPOINT` says otherwise.
const ENDPOINT: &str = "https://huggingface.co";

/// The published model.
const PUBLISHED: (&str, &str) = ("bnwlf", "ReadSeeker");

/// Its weights.
const PUBLISHED_WEIGHTS: (u64, &str) =
    (356_851_694, "bab042872f496f10e6380bc44c2bd3dff86de65372d3c6b7741f30d535f345d2");

/// Files that go with a checkpoint for other programs.
const OF_OTHERS: [&str; 2] = ["tokenizer_config.json", "special_tokens_map.json"];

/// A checkpoint to be downloaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is called here.
    pub name: String,
    /// The address that all its files begin with.
    pub base: String,
    /// What says who asks; it goes to that server and to no other.
    pub token: Option<String>,
    /// Its files.
    pub files: Vec<WantedFile>,
}

/// One of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Its name, and other names that do as well.
    pub names: Vec<&'static str>,
    /// Whether a checkpoint may be without it.
    pub is_optional: bool,
    /// What it holds, where that is known beforehand.
    pub content: Option<Content>,
}

/// What a file must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl Wanted {
    /// What a user names: `ReadSeeker`, `OWNER/NAME` at Hugging Face, or the address of a directory.
    ///
    /// `endpoint` is another server with the same addresses, `token` what it knows the user by.
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

    /// Whether it is the published model.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.files.iter().any(|file| file.content.is_some())
    }
}

/// The files of a checkpoint: of the published one, whose weights hold `weights`, or of any.
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

/// A name becomes part of a path here.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(format!("{name:?} cannot be a model's name: expected ReadSeeker, OWNER/NAME or an address"));
    }
    Ok(())
}

/// Nobody's token belongs into a log.
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
