//! What each token adds to the stem's outputs, tabulated: the stem reads an embedding, so its products are known.
//!
//! At 48 channels the table has 5 MB, or half of that as [`Words`]: too large for a core's own cache, so the rows to come
//! are fetched [`Ahead`].

use super::aligned::{Aligned, LINE, LINE_BYTES};
use super::gemm::Fetch;
use super::lanes::{Lanes, nearest_word};

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
    stored: Stored,
    channels: usize,
    embedding: usize,
}

/// How a table's numbers are stored.
#[derive(Debug)]
pub(super) enum Stored {
    /// As the weights are.
    Singles(Singles),
    /// In sixteen bits.
    Words(Words),
}

/// A table's numbers, and how they are added up.
pub(super) trait Numbers {
    /// A register of sums.
    type Sum<L: Lanes>: Copy;

    /// The stem's bias from a channel on: what its sums start from.
    ///
    /// # Safety
    /// As for [`Lanes`], of all methods: the CPU must have `L`'s instructions, and what is loaded be within the slices.
    unsafe fn bias<L: Lanes>(&self, channel: usize) -> Self::Sum<L>;
    /// The numbers at a place of the table.
    ///
    /// # Safety
    /// See above.
    unsafe fn load<L: Lanes>(&self, at: usize) -> Self::Sum<L>;
    /// Both added up.
    ///
    /// # Safety
    /// See above.
    unsafe fn add<L: Lanes>(one: Self::Sum<L>, other: Self::Sum<L>) -> Self::Sum<L>;
    /// What sums mean, of the channels from `column` on; the embedding's come after the stem's.
    ///
    /// # Safety
    /// See above.
    unsafe fn floats<L: Lanes>(&self, sum: Self::Sum<L>, column: usize) -> L;
}

/// One f32 a number.
#[derive(Debug)]
pub(super) struct Singles {
    values: Aligned,
    bias: Aligned,
}

impl Numbers for Singles {
    type Sum<L: Lanes> = L;

    #[inline(always)]
    unsafe fn bias<L: Lanes>(&self, channel: usize) -> L {
        // SAFETY: the caller's promises.
        unsafe { L::load(&self.bias, channel) }
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(&self, at: usize) -> L {
        // SAFETY: the caller's promises.
        unsafe { L::load(&self.values, at) }
    }

    #[inline(always)]
    unsafe fn add<L: Lanes>(one: L, other: L) -> L {
        // SAFETY: the caller's promises.
        unsafe { one.add(other) }
    }

    #[inline(always)]
    unsafe fn floats<L: Lanes>(&self, sum: L, _column: usize) -> L {
        sum
    }
}

/// Sixteen bits a number: each channel has a step, so small that no sum of its taps and bias, and no three of its
/// embedding's, can overflow. The sums are exact.
#[derive(Debug)]
pub(super) struct Words {
    values: Aligned,
    bias: Aligned,
    /// By channel, then by the embedding's.
    steps: Aligned,
}

/// What a sum may reach: less than the largest word by what rounding its summands may add.
const LARGEST_SUM: f32 = 32_760.0;

impl Words {
    /// Rounds `table`, whose rows are as long as six taps of `channels` and the embedding.
    fn new(table: &Singles, channels: usize, embedding: usize) -> Self {
        let row_len = KERNEL * channels + embedding;
        let mut largest = vec![0.0_f32; row_len];
        for row in table.values.chunks_exact(row_len).take(VOCABULARY) {
            largest.iter_mut().zip(row).for_each(|(largest, x)| *largest = largest.max(x.abs()));
        }
        let mut steps = Aligned::padded(&table.bias, channels + embedding);
        for (column, step) in steps[..channels + embedding].iter_mut().enumerate() {
            let reach = if column < channels {
                step.abs() + largest[column..KERNEL * channels].iter().step_by(channels).sum::<f32>()
            } else {
                3.0 * largest[KERNEL * channels + column - channels]
            };
            *step = reach.max(f32::MIN_POSITIVE * LARGEST_SUM) / LARGEST_SUM;
        }
        let mut values = Aligned::zeros(VOCABULARY * row_len / 2);
        for (words, row) in values.words_mut().chunks_exact_mut(row_len).zip(table.values.chunks_exact(row_len)) {
            let (taps, own) = words.split_at_mut(KERNEL * channels);
            for (taps, row) in taps.chunks_exact_mut(channels).zip(row.chunks_exact(channels)) {
                round(row, &steps, taps);
            }
            round(&row[KERNEL * channels..], &steps[channels..], own);
        }
        let mut bias = Aligned::zeros(channels.div_ceil(2));
        round(&table.bias[..channels], &steps, bias.words_mut());
        Self { values, bias, steps }
    }
}

/// As so many steps.
fn round(numbers: &[f32], steps: &[f32], words: &mut [i16]) {
    for ((word, x), step) in words.iter_mut().zip(numbers).zip(steps) {
        *word = nearest_word(x / step);
    }
}

impl Numbers for Words {
    type Sum<L: Lanes> = L::Words;

    #[inline(always)]
    unsafe fn bias<L: Lanes>(&self, channel: usize) -> L::Words {
        // SAFETY: the caller's promises.
        unsafe { L::load_words(self.bias.words(), channel) }
    }

    #[inline(always)]
    unsafe fn load<L: Lanes>(&self, at: usize) -> L::Words {
        // SAFETY: the caller's promises.
        unsafe { L::load_words(self.values.words(), at) }
    }

    #[inline(always)]
    unsafe fn add<L: Lanes>(one: L::Words, other: L::Words) -> L::Words {
        // SAFETY: the caller's promises.
        unsafe { L::add_words(one, other) }
    }

    #[inline(always)]
    unsafe fn floats<L: Lanes>(&self, sum: L::Words, column: usize) -> L {
        // SAFETY: the caller's promises.
        unsafe { L::words_to_floats(sum).mul(L::load(&self.steps, column)) }
    }
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
    values: *const u8,
    /// Bytes of a number, as a power of two, and of the two taps of a place and an embedding, in lines.
    number: u32,
    taps: usize,
    embedding: usize,
    /// Where in a row the embedding is, in bytes.
    embedding_at: usize,
    /// Positions a fetch: the shorter the products are, the more.
    positions_a_fetch: usize,
    rows: &'a [u32],
    position: usize,
}

impl Table {
    /// Puts every token's embedding [vocabulary, e] through every tap of the stem [c, e, 6], whose bias is [c].
    pub(super) fn new(embeddings: &[f32], stem: &[f32], bias: &[f32], e: usize) -> Self {
        let c = bias.len();
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
        let stored = Stored::Singles(Singles { values, bias: Aligned::padded(bias, channels) });
        Self { stored, channels, embedding }
    }

    /// What means of `pool` neighbouring outputs of the stem, `SiLU` applied, are like on random bases, by channel.
    #[allow(clippy::cast_precision_loss)] // of a small number
    pub(super) fn stem_means(&self, pool: usize) -> Vec<Spread> {
        let tokens = random_tokens(FRAMES * (SAMPLES + pool * STRIDE + KERNEL));
        let mut means = vec![vec![0.0; SAMPLES]; self.channels];
        for sample in 0..SAMPLES {
            for neighbour in 0..pool {
                let output = self.stem_output(&tokens[(sample + neighbour * STRIDE) * FRAMES..]);
                means.iter_mut().zip(output).for_each(|(means, x)| means[sample] += silu(x) / pool as f32);
            }
        }
        means.into_iter().map(Spread::of).collect()
    }

    /// The stem's output on the first tokens of a frame.
    fn stem_output(&self, tokens: &[u16]) -> Vec<f32> {
        let Stored::Singles(Singles { values, bias }) = &self.stored else {
            unreachable!("asked before it is rounded")
        };
        let mut sums = bias[..self.channels].to_vec();
        for tap in 0..KERNEL {
            let row = usize::from(tokens[tap * FRAMES]) * self.row_len();
            let at = row + self.taps(tap % STRIDE) + tap / STRIDE * self.channels;
            sums.iter_mut().zip(&values[at..]).for_each(|(sum, x)| *sum += x);
        }
        sums
    }

    /// The same in half the room, and less exact.
    pub(super) fn in_words(self) -> Self {
        let Self { stored, channels, embedding } = self;
        let stored = match stored {
            Stored::Singles(singles) => Stored::Words(Words::new(&singles, channels, embedding)),
            words @ Stored::Words(_) => words,
        };
        Self { stored, channels, embedding }
    }

    /// Its numbers.
    #[inline(always)]
    pub(super) fn stored(&self) -> &Stored {
        &self.stored
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
        let (values, number, positions_a_fetch) = match &self.stored {
            Stored::Singles(singles) => (&singles.values, size_of::<f32>(), 1),
            Stored::Words(words) => (&words.values, size_of::<i16>(), 2),
        };
        Ahead {
            values: values.as_ptr().cast(),
            number: number.ilog2(),
            taps: (2 * self.channels * number).div_ceil(LINE_BYTES),
            embedding: (self.embedding * number).div_ceil(LINE_BYTES),
            embedding_at: self.embedding() * number,
            positions_a_fetch,
            rows: &lookup.strands[strand],
            position: 0,
        }
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

    /// Fetches what the next positions will read.
    #[inline(always)]
    unsafe fn fetch<L: Lanes>(&mut self) {
        for _ in 0..self.positions_a_fetch {
            let Some(&row) = self.rows.get(self.position) else { return };
            let place = self.position / FRAMES % STRIDE;
            self.position += 1;
            let row = self.values.wrapping_add((row as usize) << self.number);
            let taps = row.wrapping_add(place * self.taps * LINE_BYTES);
            let embedding = row.wrapping_add(self.embedding_at);
            // SAFETY: the caller's promise; a fetch is a hint, never a fault.
            unsafe {
                for line in 0..self.taps {
                    L::prefetch(taps.wrapping_add(line * LINE_BYTES));
                }
                for line in 0..self.embedding {
                    L::prefetch(embedding.wrapping_add(line * LINE_BYTES));
                }
            }
        }
    }
}

/// Stem outputs that tell what such outputs reach.
const SAMPLES: usize = 4096;

/// The tokens of random bases, the same each time.
fn random_tokens(len: usize) -> Vec<u16> {
    let (mut state, mut number) = (1_u64, 0);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        number = (number << 2 | u16::try_from(state >> 62).expect("two bits")) & 0xfff;
        number + SPECIALS
    };
    (0..len + 5).map(|_| next()).skip(5).collect()
}

/// The values of a channel.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    /// What lies so far above the mean that hardly anything lies above, and no less than a trifle.
    pub(super) highest: f32,
    /// Some values.
    pub(super) samples: Vec<f32>,
}

/// Standard deviations from the mean to what counts as the highest: many, since `SiLU` leaves a long tail. What lies above is
/// taken for that; with more, all else is rounded more coarsely. Of 4.5, 6, 8, 10 and 14 this one moves the accuracy table least.
const HIGHEST: f32 = 8.0;

impl Spread {
    #[allow(clippy::cast_precision_loss)] // some thousand numbers
    fn of(samples: Vec<f32>) -> Self {
        let mean = |of: &dyn Fn(f32) -> f32| samples.iter().map(|&x| of(x)).sum::<f32>() / samples.len() as f32;
        let centre = mean(&|x| x);
        let deviation = mean(&|x| (x - centre) * (x - centre)).sqrt();
        Self { highest: (centre + HIGHEST * deviation).max(0.01), samples }
    }
}

fn silu(x: f32) -> f32 {
    x / (1.0 + (-x).exp())
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
