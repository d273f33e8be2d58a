//! What each token adds to the stem's outputs, tabulated: the stem reads an embedding, so its products are known.
//!
//! At 48 channels the table has 5 MB: too large for a core's own cache, so the rows to come are fetched [`Ahead`].

use super::aligned::{Aligned, LINE};
use super::gemm::Fetch;
use super::lanes::Lanes;

/// Special tokens, then all 6-mers.
pub(super) const VOCABULARY: usize = SPECIALS as usize + 4096;
const SPECIALS: u16 = 5;
/// Tokens from one stem output to the next. The kernel is two strides.
pub(super) const STRIDE: usize = 3;
pub(super) const KERNEL: usize = 2 * STRIDE;
/// Frames a strand: the tokens of one are so many positions apart.
pub(super) const FRAMES: usize = 3;

/// A row a token: for each place r among the tokens of a stride, what it adds to the next stem output (tap r), then to
/// this one (tap r + 3); after these its embedding.
#[derive(Debug)]
pub(super) struct Table {
    values: Aligned,
    channels: usize,
    embedding: usize,
}

/// Where in the table a read's tokens are.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// Tokens a frame.
    pub(super) tokens: usize,
    /// By position: of the read, and of its reverse complement.
    pub(super) strands: [Vec<u32>; 2],
}

/// The table rows that will be read next: fetched while products keep the arithmetic busy.
#[derive(Debug)]
pub(super) struct Ahead<'a> {
    table: &'a Table,
    rows: &'a [u32],
    position: usize,
}

impl Table {
    /// Puts every token's embedding [vocabulary, e] through every tap of the stem [c, e, 6].
    pub(super) fn new(embeddings: &[f32], stem: &[f32], e: usize, c: usize) -> Self {
        let [embedding, channels] = [e, c].map(|n| n.next_multiple_of(LINE));
        let row_len = KERNEL * channels + embedding;
        // [e, row]: what each number of an embedding adds to a row.
        let mut factors = Aligned::zeros(e * row_len);
        for (i, row) in factors.chunks_exact_mut(row_len).take(e).enumerate() {
            for place in 0..STRIDE {
                for channel in 0..c {
                    let taps = &stem[(channel * e + i) * KERNEL..][..KERNEL];
                    row[2 * place * channels + channel] = taps[place];
                    row[(2 * place + 1) * channels + channel] = taps[place + STRIDE];
                }
            }
            row[KERNEL * channels + i] = 1.0;
        }
        let mut values = Aligned::zeros(VOCABULARY * row_len);
        for (row, embedding) in values.chunks_exact_mut(row_len).zip(embeddings.chunks_exact(e)) {
            for (factors, &value) in factors.chunks_exact(row_len).zip(embedding) {
                for (sum, factor) in row.iter_mut().zip(factors) {
                    *sum += value * factor;
                }
            }
        }
        Self { values, channels, embedding }
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    fn row_len(&self) -> usize {
        KERNEL * self.channels + self.embedding
    }

    /// Where in a row the two taps of a place are.
    #[inline(always)]
    pub(super) fn taps(&self, place: usize) -> usize {
        2 * place * self.channels
    }

    /// Where in a row the embedding is.
    #[inline(always)]
    pub(super) fn embedding(&self) -> usize {
        KERNEL * self.channels
    }

    /// Looks up a read's tokens. Positions that no whole stride of tokens reaches are row 0, the padding token's: zeros.
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    #[inline(always)]
    pub(super) fn look_up(&self, ids: &[u16], lookup: &mut Lookup) {
        assert!(ids.iter().all(|&id| usize::from(id) < VOCABULARY), "a token outside the vocabulary");
        let row_len = u32::try_from(self.row_len()).expect("a row is a few hundred numbers");
        lookup.tokens = (ids.len() / FRAMES).max(1);
        let read = (lookup.tokens * FRAMES).min(ids.len());
        let padded = stem_outputs(lookup.tokens) * STRIDE * FRAMES;
        let [forward, reverse] = &mut lookup.strands;
        forward.clear();
        forward.extend(ids[..read].iter().map(|&id| u32::from(id) * row_len));
        forward.resize(padded, 0);
        reverse.clear();
        reverse.extend(ids[ids.len() - read..].iter().rev().map(|&id| u32::from(reverse_complement(id)) * row_len));
        reverse.resize(padded, 0);
    }

    /// The rows of one strand of `lookup`, to be fetched.
    pub(super) fn ahead<'a>(&'a self, lookup: &'a Lookup, strand: usize) -> Ahead<'a> {
        Ahead { table: self, rows: &lookup.strands[strand], position: 0 }
    }
}

impl Lookup {
    /// Makes it no read's.
    pub(super) fn clear(&mut self) {
        self.strands.iter_mut().for_each(Vec::clear);
    }
}

impl Fetch for Ahead<'_> {
    #[inline(always)]
    fn steps<L: Lanes>() -> usize {
        L::STEPS_A_FETCH
    }

    /// Fetches what the next position will read.
    #[inline(always)]
    unsafe fn fetch<L: Lanes>(&mut self) {
        let Some(&row) = self.rows.get(self.position) else { return };
        let place = self.position / FRAMES % STRIDE;
        self.position += 1;
        let row = row as usize;
        let table = self.table;
        let values = table.values.as_ptr();
        // SAFETY: the caller's promise; a fetch is a hint, never a fault.
        unsafe {
            for line in (0..2 * table.channels).step_by(LINE) {
                L::prefetch(values.wrapping_add(row + table.taps(place) + line));
            }
            for line in (0..table.embedding).step_by(LINE) {
                L::prefetch(values.wrapping_add(row + table.embedding() + line));
            }
        }
    }
}

/// How many outputs the stem has: kernel 6, stride 3, padding 3.
pub(super) fn stem_outputs(tokens: usize) -> usize {
    tokens / STRIDE + 1
}

/// The token of a 6-mer's reverse complement: digits A0 T1 C2 G3, so a base's complement is its digit with bit 0 flipped.
#[inline(always)]
fn reverse_complement(id: u16) -> u16 {
    let digits = id.wrapping_sub(SPECIALS) ^ 0x555;
    let pairs = (digits & 0x333) << 2 | digits >> 2 & 0x333;
    let reversed = (pairs & 0x00f) << 8 | pairs & 0x0f0 | pairs >> 8 & 0x00f;
    if id < SPECIALS { id } else { reversed + SPECIALS }
}
