//! The kernels one by one, each on rows of its own: what `cargo bench --bench kernels` measures.

use super::super::aligned::Aligned;
use super::super::lanes::{self, Lanes, Task, packing};
use super::attention::{self, Heads, Positions, exponentials};
use super::linear::{Encoder, Linear, Then};
use super::norm::Norm;
use super::words::Words;
use super::{Path, Precision};

/// Which kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// A linear layer, its input encoded and its output stored: the matrix product of a [`Precision`].
    Linear(Precision),
    /// Attention of all rows to all rows, in heads of 64 numbers, multiplied in f32 or bf16.
    Attention(Precision),
    /// Layer normalisation.
    Norm,
    /// The exponentials of softmax, and their sum.
    Softmax,
    /// BERT's activation.
    Gelu,
    /// The compact network's activation.
    Silu,
}

impl Kernel {
    /// What it multiplies in.
    #[must_use]
    pub fn precision(self) -> Precision {
        match self {
            Self::Linear(precision) | Self::Attention(precision) => precision,
            Self::Norm | Self::Softmax | Self::Gelu | Self::Silu => Precision::F32,
        }
    }
}

/// A kernel, `rows` rows of `columns` numbers to use it on, and room for what it makes of them.
#[derive(Debug)]
pub struct Bench {
    kernel: Kernel,
    words: Words,
    path: Path,
    rows: usize,
    columns: usize,
    input: Aligned,
    output: Aligned,
    linear: Option<Linear>,
    norm: Norm,
    encoder: Encoder,
    workspace: attention::Workspace,
}

impl Bench {
    /// Numbers a head has, as in every published BERT.
    const HEAD: usize = 64;

    /// A kernel and its input; `columns` must be a multiple of 64.
    ///
    /// # Panics
    /// If `columns` is no multiple of 64, there are no rows, the CPU cannot do `path` in the kernel's precision, or attention
    /// is to be multiplied in bytes.
    #[must_use]
    pub fn new(kernel: Kernel, path: Path, rows: usize, columns: usize) -> Self {
        let precision = kernel.precision();
        assert!(kernel != Kernel::Attention(Precision::Int8), "attention is not multiplied in bytes");
        assert!(rows > 0 && columns > 0 && columns.is_multiple_of(Self::HEAD), "{rows} rows of {columns} numbers");
        assert!(path.is_supported_in(precision), "this CPU has no {} in {}", path.name(), precision.name());
        // Small numbers of both signs, none of them special.
        let number = |at: usize| f32::from(i8::try_from(at * 37 % 251).unwrap_or(-100)) / 100.0;
        // Queries, keys and values lie side by side.
        let values: Vec<f32> = (0..rows * columns * 3).map(number).collect();
        let words = match kernel {
            Kernel::Attention(_) => Words::of_attention(precision, path),
            _ => Words::of_linear(precision, path),
        };
        let linear = matches!(kernel, Kernel::Linear(_)).then(|| {
            let weight = |input, column| number(input * columns + column);
            Linear::new(words, packing(path), columns, &vec![0.0; columns], weight)
        });
        Self {
            kernel,
            words,
            path,
            rows,
            columns,
            input: Aligned::padded(&values, values.len()),
            output: Aligned::zeros(rows * columns),
            linear,
            norm: Norm::new(&vec![1.0; columns], &vec![0.0; columns], 1e-12),
            encoder: Encoder::default(),
            workspace: attention::Workspace::default(),
        }
    }

    /// Multiplications and additions one [`run`](Self::run) takes; of kernels without a matrix product, the numbers it makes.
    #[must_use]
    pub fn operations(&self) -> usize {
        let numbers = self.rows * self.columns;
        match self.kernel {
            Kernel::Linear(_) => 2 * numbers * self.columns,
            Kernel::Attention(_) => 4 * numbers * self.rows,
            Kernel::Norm | Kernel::Softmax | Kernel::Gelu | Kernel::Silu => numbers,
        }
    }

    /// Uses the kernel once, and gives the last number it made.
    pub fn run(&mut self) -> f32 {
        // SAFETY: `new` saw that this CPU has the path's instructions, and the precision's.
        unsafe { lanes::run(self.path, Run(self)) };
        self.output[self.rows * self.columns - 1]
    }

    /// What `activation` makes of all numbers.
    #[inline(always)]
    unsafe fn each<L: Lanes>(&mut self, activation: impl Fn(L) -> L) {
        for at in (0..self.output.len()).step_by(L::WIDTH) {
            // SAFETY: the caller's CPU has the instructions; rows are whole registers.
            unsafe { activation(L::load(&self.input, at)).store(&mut self.output, at) }
        }
    }
}

/// One use of a kernel.
struct Run<'a>(&'a mut Bench);

impl Task for Run<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self(bench) = self;
        let (rows, columns) = (bench.rows, bench.columns);
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            match bench.kernel {
                Kernel::Linear(_) => {
                    let input = bench.encoder.encode::<L>(bench.words, &bench.input, columns, (rows, columns));
                    let linear = bench.linear.as_ref().expect("made for this kernel");
                    linear.forward::<L>(&input, rows, &mut bench.output, columns, Then::Store);
                }
                Kernel::Attention(_) => {
                    let heads = Heads { count: columns / Bench::HEAD, size: Bench::HEAD };
                    let (queries, keys_values) = bench.input.split_at(rows * columns);
                    let positions = Positions {
                        asking: rows,
                        all: rows,
                        tokens: rows,
                        queries,
                        query_stride: columns,
                        keys_values,
                        key_value_stride: 2 * columns,
                    };
                    heads.attend::<L>(bench.words, &positions, &mut bench.workspace, &mut bench.output, columns);
                }
                Kernel::Norm => {
                    bench.output.copy_from_slice(&bench.input[..rows * columns]);
                    bench.output.chunks_exact_mut(columns).for_each(|row| bench.norm.forward::<L>(row));
                }
                Kernel::Softmax => {
                    bench.output.copy_from_slice(&bench.input[..rows * columns]);
                    for row in bench.output.chunks_exact_mut(columns) {
                        exponentials::<L>(row, std::f32::consts::LOG2_E);
                    }
                }
                Kernel::Gelu => bench.each::<L>(|x| x.gelu()),
                Kernel::Silu => bench.each::<L>(|x| x.silu()),
            }
        }
    }
}
