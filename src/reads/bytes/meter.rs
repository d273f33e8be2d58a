//! Counts the stored bytes of a file as their content is used. If bytes were counted when a decoder or a window read
//! them ahead, a short look at a file would seem a long one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::reads::{Count, InputCounts};

/// The most bytes of content used between two looks at the decoder's progress.
const LOOK_EVERY: u64 = 4096;

/// How the bytes are counted that the user of a window is done with.
pub(in crate::reads) enum Meter {
    /// The bytes are not counted.
    Off,
    /// The bytes are those of a file as stored.
    Stored(Arc<InputCounts>),
    /// A decoder took the bytes.
    Taken(Arc<Reach>),
    /// The bytes are what a decoder made from a file.
    Content(Content),
}

impl Meter {
    /// Makes a meter of stored bytes follow the progress of their decoder. The decoder reports to the returned
    /// [`Reach`]; the returned meter counts the content as it is used.
    pub(in crate::reads) fn follow_decoder(&mut self) -> (Arc<Reach>, Self) {
        let reach = Arc::new(Reach::default());
        let content = match std::mem::replace(self, Self::Off) {
            Self::Stored(counts) => {
                *self = Self::Taken(Arc::clone(&reach));
                Self::Content(Content::of(Arc::clone(&reach), counts))
            }
            other => {
                *self = other;
                Self::Off
            }
        };
        (reach, content)
    }

    /// Counts `n` more bytes as used.
    pub(in crate::reads) fn add(&mut self, n: usize) {
        match self {
            Self::Off => {}
            Self::Stored(counts) => counts.stored_bytes.add(n as u64),
            Self::Taken(reach) => reach.taken.add(n as u64),
            Self::Content(content) => content.add(n as u64),
        }
    }

    /// Marks the end of the bytes; some may still be unused.
    pub(in crate::reads) fn end(&mut self) {
        if let Self::Content(content) = self {
            content.end();
        }
    }
}

/// How far a decoder has got.
#[derive(Debug, Default)]
pub(in crate::reads) struct Reach {
    /// Stored bytes that the decoder took.
    taken: Count,
    /// How many stored bytes correspond to how many bytes of content.
    mark: Mutex<Mark>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    stored: u64,
    content: u64,
}

impl Reach {
    /// Records that all stored bytes taken so far made `len` more bytes of content.
    pub(in crate::reads) fn made(&self, len: usize) {
        self.set(|mark| Mark { stored: self.taken.get(), content: mark.content + len as u64 });
    }

    /// Records that the first `stored` bytes make the first `content` bytes of content.
    pub(in crate::reads) fn reached(&self, stored: u64, content: u64) {
        self.set(|_before| Mark { stored, content });
    }

    fn set(&self, next: impl FnOnce(Mark) -> Mark) {
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        *mark = next(*mark);
    }

    /// The stored bytes behind the first `content` bytes of content, as far as is known: in proportion up to the mark.
    fn stored(&self, content: u64) -> u64 {
        let mark = *self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if content >= mark.content {
            return mark.stored;
        }
        let stored = u128::from(mark.stored) * u128::from(content) / u128::from(mark.content);
        u64::try_from(stored).expect("a part of what 64 bits hold")
    }
}

/// Counts the stored bytes behind the content that is used.
pub(in crate::reads) struct Content {
    counts: Arc<InputCounts>,
    reach: Arc<Reach>,
    used: u64,
    used_at_last_look: u64,
    counted: u64,
    ended: bool,
}

impl Content {
    fn of(reach: Arc<Reach>, counts: Arc<InputCounts>) -> Self {
        Self { counts, reach, used: 0, used_at_last_look: 0, counted: 0, ended: false }
    }

    fn add(&mut self, n: u64) {
        self.used += n;
        // Looks often at the start, where a few bytes are a large share.
        if self.ended || self.used - self.used_at_last_look > LOOK_EVERY.min(self.used / 64) {
            self.look();
        }
    }

    fn end(&mut self) {
        self.ended = true;
        // A trailer makes no content.
        self.reach.made(0);
        self.look();
    }

    fn look(&mut self) {
        self.used_at_last_look = self.used;
        let stored = self.reach.stored(self.used);
        self.counts.stored_bytes.add(stored.saturating_sub(self.counted));
        self.counted = self.counted.max(stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_bytes_count_as_their_content_is_used_and_all_of_them_in_the_end() {
        let counts = Arc::new(InputCounts::default());
        let mut taken = Meter::Stored(Arc::clone(&counts));
        let (reach, mut content) = taken.follow_decoder();
        let stored = || counts.stored_bytes.get();
        taken.add(100);
        reach.made(1000);
        assert_eq!(stored(), 0, "it is made, not used");
        content.add(500);
        assert_eq!(stored(), 50);
        taken.add(20);
        content.add(500);
        assert_eq!(stored(), 100, "what the last twenty become is not known yet");
        reach.made(50);
        taken.add(8);
        content.end();
        content.add(30);
        assert!(stored() < 128);
        content.add(20);
        assert_eq!(stored(), 128);
    }

    #[test]
    fn a_file_of_nothing_is_read_whole() {
        let counts = Arc::new(InputCounts::default());
        let mut taken = Meter::Stored(Arc::clone(&counts));
        let (_reach, mut content) = taken.follow_decoder();
        taken.add(20);
        content.end();
        assert_eq!(counts.stored_bytes.get(), 20);
    }
}
