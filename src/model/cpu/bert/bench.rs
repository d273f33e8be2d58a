//! Single kernels on artificial rows, for `cargo bench --bench kernels`.

use super::super::InstructionSet;
use super::super::aligned::Aligned;
use super::super::dispatch::{self, Task, packings};
use super::super::isa::Isa;
use super::super::register::Register;
use super::attention::{self, Heads, Positions, exponentials};
use super::encoder::{Encoder, Target};
use super::encoding::Encoding;
use super::linear::{Linear, Then};
use super::norm::Norm;
use crate::model::Precision;

/// A kernel to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// A linear layer: encode the input, multiply in a [`Precision`], store the output.
    Linear(Precision),
    /// Attention of all rows to all rows in heads of 64 numbers, as used with linear layers of this [`Precision`].
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
    /// The precision that the kernel multiplies in.
    #[must_use]
    pub fn precision(self) -> Precision {
        match self {
            Self::Linear(precision) | Self::Attention(precision) => precision,
            Self::Norm | Self::Softmax | Self::Gelu | Self::Silu => Precision::F32,
        }
    }
}

/// A kernel, `rows` rows of `columns` numbers to run it on, and room for its output.
#[derive(Debug)]
pub struct Bench {
    kernel: Kernel,
    encoding: Encoding,
    instructions: InstructionSet,
    rows: usize,
    columns: usize,
    input: Aligned,
    output: Aligned,
    linear: Option<Linear>,
    norm: Norm,
    encoders: [Encoder; 2],
    workspace: attention::Workspace,
}

impl Bench {
    /// The width of a head, as in every published BERT.
    const HEAD: usize = 64;

    /// Creates a kernel and its input; `columns` must be a multiple of 64.
    ///
    /// # Panics
    /// If `columns` is not a multiple of 64, there are no rows, or the CPU does not have `instructions` in the kernel's
    /// precision.
    #[must_use]
    pub fn new(kernel: Kernel, instructions: InstructionSet, rows: usize, columns: usize) -> Self {
        let precision = kernel.precision();
        assert!(rows > 0 && columns > 0 && columns.is_multiple_of(Self::HEAD), "{rows} rows of {columns} numbers");
        assert!(
            instructions.is_supported_in(precision),
            "this CPU has no {} in {}",
            instructions.name(),
            precision.name()
        );
        // Small numbers of both signs, none of them special.
        let number = |at: usize| f32::from(i8::try_from(at * 37 % 251).unwrap_or(-100)) / 100.0;
        // Queries, keys and values lie side by side.
        let values: Vec<f32> = (0..rows * columns * 3).map(number).collect();
        let encoding = match kernel {
            Kernel::Attention(_) => Encoding::of_attention(precision, instructions),
            _ => Encoding::of_linear(precision, instructions),
        };
        let linear = matches!(kernel, Kernel::Linear(_)).then(|| {
            let weight = |input, column| number(input * columns + column);
            Linear::new(encoding, packings(instructions), columns, &vec![0.0; columns], weight)
        });
        Self {
            kernel,
            encoding,
            instructions,
            rows,
            columns,
            input: Aligned::padded(&values, values.len()),
            output: Aligned::zeros(rows * columns),
            linear,
            norm: Norm::new(&vec![1.0; columns], &vec![0.0; columns], 1e-12),
            encoders: Default::default(),
            workspace: attention::Workspace::default(),
        }
    }

    /// The multiplications and additions in one [`run`](Self::run). For kernels without a matrix product, the numbers
    /// they compute.
    #[must_use]
    pub fn operations(&self) -> usize {
        let numbers = self.rows * self.columns;
        match self.kernel {
            Kernel::Linear(_) => 2 * numbers * self.columns,
            Kernel::Attention(_) => 4 * numbers * self.rows,
            Kernel::Norm | Kernel::Softmax | Kernel::Gelu | Kernel::Silu => numbers,
        }
    }

    /// Runs the kernel once and returns the last number it computed.
    pub fn run(&mut self) -> f32 {
        // SAFETY: `new` checked that this CPU has the instructions, and those of the precision.
        unsafe { dispatch::run(self.instructions, Run(self)) };
        self.output[self.rows * self.columns - 1]
    }

    /// Applies `activation` to all numbers.
    #[inline(always)]
    unsafe fn each<R: Register>(&mut self, activation: impl Fn(R) -> R) {
        for at in (0..self.output.len()).step_by(R::WIDTH) {
            // SAFETY: the caller's CPU has the instructions; rows are whole registers.
            unsafe { activation(R::load(&self.input, at)).store(&mut self.output, at) }
        }
    }
}

/// One run of a kernel.
struct Run<'a>(&'a mut Bench);

impl Task for Run<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<I: Isa>(self) {
        let Self(bench) = self;
        let (rows, columns) = (bench.rows, bench.columns);
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            match bench.kernel {
                Kernel::Linear(_) => {
                    let [encoder, _] = &mut bench.encoders;
                    let input = encoder.encode::<I::Register>(bench.encoding, &bench.input, columns, (rows, columns));
                    let linear = bench.linear.as_ref().expect("made for this kernel");
                    linear.forward::<I>(input, rows, Target::F32(&mut bench.output, columns), Then::Store);
                }
                Kernel::Attention(_) => {
                    let heads = Heads::of(columns, columns / Bench::HEAD);
                    let (queries, keys_values) = bench.input.split_at(rows * columns);
                    let [of_queries, of_keys_values] = &mut bench.encoders;
                    let (encoding, stride) = (bench.encoding, 2 * columns);
                    let positions = Positions {
                        asking: rows,
                        all: rows,
                        tokens: rows,
                        queries: of_queries.encode::<I::Register>(encoding, queries, columns, (rows, columns)),
                        keys_values: of_keys_values.encode::<I::Register>(
                            encoding,
                            keys_values,
                            stride,
                            (rows, stride),
                        ),
                    };
                    heads.attend::<I>(&positions, &mut bench.workspace, Target::F32(&mut bench.output, columns));
                }
                Kernel::Norm => {
                    bench.output.copy_from_slice(&bench.input[..rows * columns]);
                    bench.output.chunks_exact_mut(columns).for_each(|row| bench.norm.forward::<I::Register>(row));
                }
                Kernel::Softmax => {
                    bench.output.copy_from_slice(&bench.input[..rows * columns]);
                    for row in bench.output.chunks_exact_mut(columns) {
                        exponentials::<I::Register>(row, std::f32::consts::LOG2_E);
                    }
                }
                Kernel::Gelu => bench.each::<I::Register>(|x| x.gelu()),
                Kernel::Silu => bench.each::<I::Register>(|x| x.silu()),
            }
        }
    }
}
