//! The matrix units of the CPU, used in assembly: the intrinsics are not stable.

use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _xgetbv};
use std::sync::LazyLock;

use super::unit::{Block, Numbers, ROWS, TileUnit, WORDS};

/// AMX with bf16 and bytes.
#[derive(Debug)]
pub(in super::super) struct Amx;

/// Whether the CPU has the units and the kernel lets this process use them. The answer is cached.
pub(in super::super) fn is_available() -> bool {
    static AVAILABLE: LazyLock<bool> = LazyLock::new(|| cpu_has_units() && kernel_saves_tiles() && is_permitted());
    *AVAILABLE
}

/// Whether the CPU has tiles, and multiplies bf16 and bytes on them.
fn cpu_has_units() -> bool {
    const BF16_TILES_BYTES: u32 = 1 << 22 | 1 << 24 | 1 << 25;
    __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & BF16_TILES_BYTES == BF16_TILES_BYTES
}

/// Whether the kernel saves tiles when it switches between threads.
fn kernel_saves_tiles() -> bool {
    #[target_feature(enable = "xsave")]
    fn saved_states() -> u64 {
        // SAFETY: the function has the feature, and the kernel has enabled the instruction.
        unsafe { _xgetbv(0) }
    }
    const TILES: u64 = 1 << 17 | 1 << 18;
    const OSXSAVE: u32 = 1 << 27;
    // SAFETY: the kernel has enabled the instruction.
    __cpuid_count(1, 0).ecx & OSXSAVE != 0 && unsafe { saved_states() } & TILES == TILES
}

/// Asks the kernel for permission to use tiles, for all threads of this process.
fn is_permitted() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XTILEDATA: u64 = 18;
    let refused: u64;
    // SAFETY: the call changes nothing but the permission; it leaves all registers but these as they are.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => refused, in("rdi") ARCH_REQ_XCOMP_PERM, in("rsi") XTILEDATA,
            lateout("rcx") _, lateout("r11") _, options(nostack),
        );
    }
    refused == 0
}

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

/// Wraps the products of a step, which takes so many words of each row and of each column of weights. Tiles 0 to 3 are
/// sums, 4 and 5 are rows, 6 and 7 are weights.
macro_rules! block {
    ($block:expr, $row:literal, $weights:literal, $($products:literal),+ $(,)?) => {
        asm!(
            "mov {x}, [{block}]",
            "mov {y}, [{block} + 8]",
            "mov {stride}, [{block} + 32]",
            "tileloadd tmm0, [{x} + {stride}]",
            "tileloadd tmm1, [{y} + {stride}]",
            "mov {x}, [{block} + 16]",
            "mov {y}, [{block} + 24]",
            "tileloadd tmm2, [{x} + {stride}]",
            "tileloadd tmm3, [{y} + {stride}]",
            "mov {a}, [{block} + 40]",
            "mov {b}, [{block} + 48]",
            "mov {stride}, [{block} + 56]",
            "mov {x}, [{block} + 64]",
            "mov {y}, [{block} + 72]",
            "mov {steps}, [{block} + 80]",
            "mov {next}, [{block} + 104]",
            "mov {line:e}, 64",
            "2:",
            $($products,)+
            concat!("add {next}, 16 * ", $weights),
            concat!("add {a}, 4 * ", $row),
            concat!("add {b}, 4 * ", $row),
            concat!("add {x}, 64 * ", $weights),
            concat!("add {y}, 64 * ", $weights),
            "dec {steps}",
            "jnz 2b",
            "mov {x}, [{block} + 88]",
            "mov {y}, [{block} + 96]",
            "mov {line:e}, 128",
            "tilestored [{x} + {line}], tmm0",
            "tilestored [{x} + {line} + 64], tmm1",
            "tilestored [{y} + {line}], tmm2",
            "tilestored [{y} + {line} + 64], tmm3",
            block = in(reg) $block, a = out(reg) _, b = out(reg) _, x = out(reg) _, y = out(reg) _,
            stride = out(reg) _, line = out(reg) _, steps = out(reg) _, next = out(reg) _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        )
    };
}

impl TileUnit for Amx {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // at most sixteen rows of 64 bytes
    unsafe fn configure(rows: usize) {
        let (sums, weights) = (rows as u8, ROWS as u8);
        let mut configuration =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row: [0; 16], rows: [0; 16] };
        configuration.bytes_per_row[..8].fill(4 * WORDS as u16);
        configuration.rows[..8].copy_from_slice(&[sums, sums, sums, sums, sums, sums, weights, weights]);
        // SAFETY: the caller's promises.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const configuration, options(nostack, readonly)) }
    }

    #[inline(always)]
    unsafe fn multiply(numbers: Numbers, block: &Block) {
        let block = &raw const *block;
        // SAFETY: the caller's promises.
        unsafe {
            match numbers {
                Numbers::Bf16 => block!(
                    block,
                    "16",
                    "16",
                    "tileloadd tmm4, [{a} + {stride}]",
                    "tileloadd tmm6, [{x} + {line}]",
                    "tileloadd tmm5, [{b} + {stride}]",
                    "tileloadd tmm7, [{y} + {line}]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "prefetcht1 [{next}]",
                    "prefetcht1 [{next} + 64]",
                    "prefetcht1 [{next} + 128]",
                    "prefetcht1 [{next} + 192]",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                ),
                Numbers::Bytes => block!(
                    block,
                    "16",
                    "16",
                    "tileloadd tmm4, [{a} + {stride}]",
                    "tileloadd tmm6, [{x} + {line}]",
                    "tileloadd tmm5, [{b} + {stride}]",
                    "tileloadd tmm7, [{y} + {line}]",
                    "tdpbusd tmm0, tmm4, tmm6",
                    "prefetcht1 [{next}]",
                    "prefetcht1 [{next} + 64]",
                    "prefetcht1 [{next} + 128]",
                    "prefetcht1 [{next} + 192]",
                    "tdpbusd tmm1, tmm4, tmm7",
                    "tdpbusd tmm2, tmm5, tmm6",
                    "tdpbusd tmm3, tmm5, tmm7",
                ),
                Numbers::SplitBf16 => block!(
                    block,
                    "32",
                    "48",
                    "tileloadd tmm4, [{a} + {stride}]",
                    "tileloadd tmm6, [{x} + {line}]",
                    "tileloadd tmm5, [{b} + {stride}]",
                    "tileloadd tmm7, [{y} + {line}]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "prefetcht1 [{next}]",
                    "prefetcht1 [{next} + 64]",
                    "prefetcht1 [{next} + 128]",
                    "prefetcht1 [{next} + 192]",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                    "tileloadd tmm6, [{x} + {line} + 1024]",
                    "tileloadd tmm7, [{y} + {line} + 1024]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "prefetcht1 [{next} + 256]",
                    "prefetcht1 [{next} + 320]",
                    "prefetcht1 [{next} + 384]",
                    "prefetcht1 [{next} + 448]",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                    "tileloadd tmm6, [{x} + {line} + 2048]",
                    "tileloadd tmm7, [{y} + {line} + 2048]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "prefetcht1 [{next} + 512]",
                    "prefetcht1 [{next} + 576]",
                    "prefetcht1 [{next} + 640]",
                    "prefetcht1 [{next} + 704]",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                    "tileloadd tmm4, [{a} + {stride} + 64]",
                    "tileloadd tmm6, [{x} + {line}]",
                    "tileloadd tmm5, [{b} + {stride} + 64]",
                    "tileloadd tmm7, [{y} + {line}]",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                ),
            }
        }
    }
}

impl Amx {
    /// Releases the tiles of this thread, so that the kernel no longer needs to save them.
    ///
    /// # Safety
    /// As for [`TileUnit::configure`].
    pub(in super::super) unsafe fn release() {
        // SAFETY: the caller's promise.
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }
}
