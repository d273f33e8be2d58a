//! Tabulates what each token adds to the outputs of the stem. The stem reads an embedding, so its products are known
//! beforehand.
//!
//! At 48 channels the table has 5 MB, or half of that as [`I16Entries`]. That is too large for a core's own cache, so
//! rows are prefetched ([`Ahead`]).

use super::super::aligned::{Aligned, LINE, LINE_BYTES};
use super::super::gemm::Fetch;
use super::super::register::{Register, nearest_i16};

/// The size of the vocabulary: special tokens, then all 6-mers.
pub(in super::super) const VOCABULARY: usize = SPECIALS as usize + 4096;
const SPECIALS: u16 = 5;
/// The number of tokens from one stem output to the next. The kernel spans two strides.
pub(in super::super) const STRIDE: usize = 3;
pub(in super::super) const KERNEL: usize = 2 * STRIDE;
/// The number of frames of a strand, and the distance between consecutive tokens of a frame.
pub(in super::super) const FRAMES: usize = 3;

/// One row for each token. For each place r among the tokens of a stride, it holds what the token adds to the next stem
/// output (tap r), then to this one (tap r + 3). The token's embedding comes last, if it is kept.
#[derive(Debug)]
pub(in super::super) struct Table {
    storage: Storage,
    channels: usize,
    embedding: usize,
}

/// What a table is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Columns {
    /// The stem's outputs.
    Stem,
    /// The stem's outputs and mean embeddings.
    StemAndEmbedding,
}

/// How a table's numbers are stored.
#[derive(Debug)]
pub(in super::super) enum Storage {
    /// As f32, like the weights.
    F32(F32Entries),
    /// As 16-bit integers.
    I16(I16Entries),
}

/// The numbers of a table, and how they are summed.
pub(in super::super) trait Entries {
    /// A register of sums.
    type Sum<R: Register>: Copy;

    /// The stem's bias from `channel` on, where its sums start.
    ///
    /// # Safety
    /// As for [`Lanes`], for all methods: the CPU must have `R`'s instructions, and what is loaded must be within the
    /// slices.
    unsafe fn bias<R: Register>(&self, channel: usize) -> Self::Sum<R>;
    /// The numbers at a place of the table.
    ///
    /// # Safety
    /// See above.
    unsafe fn load<R: Register>(&self, at: usize) -> Self::Sum<R>;
    /// Adds two registers.
    ///
    /// # Safety
    /// See above.
    unsafe fn add<R: Register>(one: Self::Sum<R>, other: Self::Sum<R>) -> Self::Sum<R>;
    /// Converts sums of the channels from `column` on to floats. The embedding's columns come after the stem's.
    ///
    /// # Safety
    /// See above.
    unsafe fn floats<R: Register>(&self, sum: Self::Sum<R>, column: usize) -> R;
}

/// Entries as f32.
#[derive(Debug)]
pub(in super::super) struct F32Entries {
    values: Aligned,
    bias: Aligned,
}

impl Entries for F32Entries {
    type Sum<R: Register> = R;

    #[inline(always)]
    unsafe fn bias<R: Register>(&self, channel: usize) -> R {
        // SAFETY: the caller's promises.
        unsafe { R::load(&self.bias, channel) }
    }

    #[inline(always)]
    unsafe fn load<R: Register>(&self, at: usize) -> R {
        // SAFETY: the caller's promises.
        unsafe { R::load(&self.values, at) }
    }

    #[inline(always)]
    unsafe fn add<R: Register>(one: R, other: R) -> R {
        // SAFETY: the caller's promises.
        unsafe { one.add(other) }
    }

    #[inline(always)]
    unsafe fn floats<R: Register>(&self, sum: R, _column: usize) -> R {
        sum
    }
}

/// Entries as 16-bit integers. The step of a channel is so large that no sum of its taps and bias, and no three of its
/// embedding's numbers, can overflow. The sums are exact.
#[derive(Debug)]
pub(in super::super) struct I16Entries {
    values: Aligned,
    bias: Aligned,
    /// The step of each channel, then of each number of the embedding.
    steps: Aligned,
}

/// The largest sum: the largest integer, minus what rounding the summands may add.
const LARGEST_SUM: f32 = 32_760.0;

impl I16Entries {
    /// Rounds `table`, whose rows are as long as six taps of `channels` and the embedding.
    fn new(table: &F32Entries, channels: usize, embedding: usize) -> Self {
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
        for (rounded, row) in values.i16s_mut().chunks_exact_mut(row_len).zip(table.values.chunks_exact(row_len)) {
            let (taps, own) = rounded.split_at_mut(KERNEL * channels);
            for (taps, row) in taps.chunks_exact_mut(channels).zip(row.chunks_exact(channels)) {
                round(row, &steps, taps);
            }
            round(&row[KERNEL * channels..], &steps[channels..], own);
        }
        let mut bias = Aligned::zeros(channels.div_ceil(2));
        round(&table.bias[..channels], &steps, bias.i16s_mut());
        Self { values, bias, steps }
    }
}

/// Rounds numbers to steps.
fn round(numbers: &[f32], steps: &[f32], rounded: &mut [i16]) {
    for ((integer, x), step) in rounded.iter_mut().zip(numbers).zip(steps) {
        *integer = nearest_i16(x / step);
    }
}

impl Entries for I16Entries {
    type Sum<R: Register> = R::I16s;

    #[inline(always)]
    unsafe fn bias<R: Register>(&self, channel: usize) -> R::I16s {
        // SAFETY: the caller's promises.
        unsafe { R::load_i16s(self.bias.i16s(), channel) }
    }

    #[inline(always)]
    unsafe fn load<R: Register>(&self, at: usize) -> R::I16s {
        // SAFETY: the caller's promises.
        unsafe { R::load_i16s(self.values.i16s(), at) }
    }

    #[inline(always)]
    unsafe fn add<R: Register>(one: R::I16s, other: R::I16s) -> R::I16s {
        // SAFETY: the caller's promises.
        unsafe { R::add_i16s(one, other) }
    }

    #[inline(always)]
    unsafe fn floats<R: Register>(&self, sum: R::I16s, column: usize) -> R {
        // SAFETY: the caller's promises.
        unsafe { R::i16s_to_floats(sum).mul(R::load(&self.steps, column)) }
    }
}

/// Where the tokens of a read are in the table.
#[derive(Debug, Default)]
pub(in super::super) struct Lookup {
    /// The number of tokens in each frame.
    pub(in super::super) tokens: usize,
    /// The table rows by position, for the read and for its reverse complement.
    pub(in super::super) strands: [Vec<u32>; 2],
}

/// The table rows that will be read next. They are prefetched while products keep the arithmetic units busy.
#[derive(Debug)]
pub(in super::super) struct Ahead<'a> {
    values: *const u8,
    /// `number`: the size of a number in bytes, as a power of two. `taps` and `embedding`: the size in cache lines of
    /// the two taps of a place and of an embedding.
    number: u32,
    taps: usize,
    embedding: usize,
    /// The offset of the embedding in a row, in bytes.
    embedding_at: usize,
    /// Larger if the products are shorter.
    positions_per_fetch: usize,
    rows: &'a [u32],
    position: usize,
}

impl Table {
    /// Multiplies every token's embedding [vocabulary, e] by every tap of the stem [c, e, 6]; the bias is [c].
    pub(in super::super) fn new(embeddings: &[f32], (stem, bias): (&[f32], &[f32]), columns: Columns) -> Self {
        let (c, e) = (bias.len(), embeddings.len() / VOCABULARY);
        let keeps_embedding = columns == Columns::StemAndEmbedding;
        let embedding = if keeps_embedding { e.next_multiple_of(LINE) } else { 0 };
        let channels = c.next_multiple_of(LINE);
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
            if keeps_embedding {
                row[KERNEL * channels + i] = 1.0;
            }
        }
        let mut values = Aligned::zeros(VOCABULARY * row_len);
        for (row, embedding) in values.chunks_exact_mut(row_len).zip(embeddings.chunks_exact(e)) {
            for (factors, &value) in factors.chunks_exact(row_len).zip(embedding) {
                for (sum, factor) in row.iter_mut().zip(factors) {
                    *sum += value * factor;
                }
            }
        }
        let storage = Storage::F32(F32Entries { values, bias: Aligned::padded(bias, channels) });
        Self { storage, channels, embedding }
    }

    /// The spread by channel of means of `pool` neighbouring outputs of the stem after `SiLU`, on random bases.
    #[allow(clippy::cast_precision_loss)] // of a small number
    pub(in super::super) fn stem_means(&self, pool: usize) -> Vec<Spread> {
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

    /// The stem's output for the first tokens of a frame.
    fn stem_output(&self, tokens: &[u16]) -> Vec<f32> {
        let Storage::F32(F32Entries { values, bias }) = &self.storage else {
            unreachable!("called before the table is rounded")
        };
        let mut sums = bias[..self.channels].to_vec();
        for tap in 0..KERNEL {
            let row = usize::from(tokens[tap * FRAMES]) * self.row_len();
            let at = row + self.taps(tap % STRIDE) + tap / STRIDE * self.channels;
            sums.iter_mut().zip(&values[at..]).for_each(|(sum, x)| *sum += x);
        }
        sums
    }

    /// Converts the table to half the memory, with less precision.
    pub(in super::super) fn in_i16s(self) -> Self {
        let Self { storage, channels, embedding } = self;
        let storage = match storage {
            Storage::F32(singles) => Storage::I16(I16Entries::new(&singles, channels, embedding)),
            rounded @ Storage::I16(_) => rounded,
        };
        Self { storage, channels, embedding }
    }

    /// The numbers of the table.
    #[inline(always)]
    pub(in super::super) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The number of channels of the stem's outputs, padded.
    #[inline(always)]
    pub(in super::super) fn channels(&self) -> usize {
        self.channels
    }

    fn row_len(&self) -> usize {
        KERNEL * self.channels + self.embedding
    }

    /// The offset of the two taps of a place in a row.
    #[inline(always)]
    pub(in super::super) fn taps(&self, place: usize) -> usize {
        2 * place * self.channels
    }

    /// The offset of the embedding in a row.
    #[inline(always)]
    pub(in super::super) fn embedding(&self) -> usize {
        KERNEL * self.channels
    }

    /// Looks up the tokens of a read. Positions without a whole stride of tokens get row 0, that of the padding token,
    /// which is zero.
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    #[inline(always)]
    pub(in super::super) fn look_up(&self, ids: &[u16], lookup: &mut Lookup) {
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

    /// Looks up the tokens of a read that are at every third of `positions` of nine bases, and of its reverse complement: for
    /// each strand the tokens that start six bases before its first position up to those that start two bases after its last.
    /// `before` bases of padding come before the first token. What reaches into padding gets row 0. They are added to `rows`,
    /// both strands' as many.
    ///
    /// # Panics
    /// If a token is outside the vocabulary, or there are more tokens than positions.
    #[inline(always)]
    pub(in super::super) fn look_up_positions(
        &self,
        (ids, before): (&[u16], usize),
        positions: usize,
        rows: &mut Vec<u32>,
    ) {
        assert!(ids.iter().all(|&id| usize::from(id) < VOCABULARY), "a token outside the vocabulary");
        let row_len = u32::try_from(self.row_len()).expect("a row is a few hundred numbers");
        let strand = (positions + 1) * STRIDE * FRAMES;
        let others = rows.len();
        rows.resize(others + 2 * strand, 0);
        let first = 2 * STRIDE + before;
        let (forward, reverse) = rows[others..].split_at_mut(strand);
        let row = |id: u16| u32::from(id) * row_len;
        forward[first..][..ids.len()].iter_mut().zip(ids).for_each(|(to, &id)| *to = row(id));
        // A token that starts at base j of n ends, and starts the other way round, at n - 6 - j.
        let last = positions * STRIDE * FRAMES - KERNEL - before;
        let first = 2 * STRIDE + last + 1 - ids.len();
        let reversed = ids.iter().rev().map(|&id| row(reverse_complement(id)));
        reverse[first..][..ids.len()].iter_mut().zip(reversed).for_each(|(to, row)| *to = row);
    }

    /// The table rows that will be read, by position, to be prefetched.
    pub(in super::super) fn ahead<'a>(&'a self, rows: &'a [u32]) -> Ahead<'a> {
        let (values, number, positions_per_fetch) = match &self.storage {
            Storage::F32(singles) => (&singles.values, size_of::<f32>(), 1),
            Storage::I16(entries) => (&entries.values, size_of::<i16>(), 2),
        };
        Ahead {
            values: values.as_ptr().cast(),
            number: number.ilog2(),
            taps: (2 * self.channels * number).div_ceil(LINE_BYTES),
            embedding: (self.embedding * number).div_ceil(LINE_BYTES),
            embedding_at: self.embedding() * number,
            positions_per_fetch,
            rows,
            position: 0,
        }
    }
}

impl Lookup {
    /// Clears the lookup.
    pub(in super::super) fn clear(&mut self) {
        self.strands.iter_mut().for_each(Vec::clear);
    }
}

impl Fetch for Ahead<'_> {
    #[inline(always)]
    fn steps<R: Register>() -> usize {
        R::STEPS_PER_FETCH
    }

    /// Prefetches what the next positions will read.
    #[inline(always)]
    unsafe fn fetch<R: Register>(&mut self) {
        for _ in 0..self.positions_per_fetch {
            let Some(&row) = self.rows.get(self.position) else { return };
            let place = self.position / FRAMES % STRIDE;
            self.position += 1;
            let row = self.values.wrapping_add((row as usize) << self.number);
            let taps = row.wrapping_add(place * self.taps * LINE_BYTES);
            let embedding = row.wrapping_add(self.embedding_at);
            // SAFETY: the caller's promise; a prefetch is a hint and never faults.
            unsafe {
                for line in 0..self.taps {
                    R::prefetch(taps.wrapping_add(line * LINE_BYTES));
                }
                for line in 0..self.embedding {
                    R::prefetch(embedding.wrapping_add(line * LINE_BYTES));
                }
            }
        }
    }
}

/// The number of stem outputs from which a spread is estimated.
const SAMPLES: usize = 4096;

/// The tokens of random bases, the same in every call.
fn random_tokens(len: usize) -> Vec<u16> {
    let (mut state, mut number) = (1_u64, 0);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        number = (number << 2 | u16::try_from(state >> 62).expect("two bits")) & 0xfff;
        number + SPECIALS
    };
    (0..len + 5).map(|_| next()).skip(5).collect()
}

/// The distribution of a channel's values.
#[derive(Clone, Debug)]
pub(in super::super) struct Spread {
    /// A value that hardly any other exceeds; at least 0.01.
    pub(in super::super) highest: f32,
    /// A sample of the values.
    pub(in super::super) samples: Vec<f32>,
}

/// Standard deviations from the mean to the highest value. They are many because `SiLU` leaves a long tail. Values above
/// are clipped; a higher limit would round all others more coarsely. Of 4.5, 6, 8, 10 and 14, 8 changes the accuracy table
/// least.
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

/// The number of outputs of the stem: kernel 6, stride 3, padding 3.
pub(in super::super) fn stem_outputs(tokens: usize) -> usize {
    tokens / STRIDE + 1
}

/// The token of a 6-mer's reverse complement. Digits are A0 T1 C2 G3, so the complement of a base is its digit with bit
/// 0 flipped.
#[inline(always)]
fn reverse_complement(id: u16) -> u16 {
    let digits = id.wrapping_sub(SPECIALS) ^ 0x555;
    let pairs = (digits & 0x333) << 2 | digits >> 2 & 0x333;
    let reversed = (pairs & 0x00f) << 8 | pairs & 0x0f0 | pairs >> 8 & 0x00f;
    if id < SPECIALS { id } else { reversed + SPECIALS }
}
