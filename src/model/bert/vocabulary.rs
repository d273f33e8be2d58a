//! The vocabulary file of a DNABERT, `vocab.txt`.

use std::path::Path;

use crate::kmer;
use crate::model::files;
use crate::model::load_error::LoadError;

/// The k of a directory's `vocab.txt`, which must equal DNABERT's word for word.
pub(super) fn vocabulary(directory: &Path) -> Result<usize, LoadError> {
    let text = files::read(directory, files::VOCABULARY)?;
    let text = String::from_utf8_lossy(&text);
    let words: Vec<&str> = text.lines().map(str::trim_end).collect();
    let Some(k) = kmer::k_of_vocab_size(words.len()) else {
        return Err(LoadError::VocabularySize { words: words.len() });
    };
    for (id, found) in (0..).zip(words) {
        let expected = kmer::word(id, k);
        if found != expected {
            return Err(LoadError::Vocabulary { line: usize::from(id) + 1, found: found.to_owned(), expected });
        }
    }
    Ok(k)
}
