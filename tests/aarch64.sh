#!/usr/bin/env bash
# The tests of the kernels on aarch64, under emulation: NEON, and its products of bf16 and of bytes. It says nothing of speed.
#
#   tests/aarch64.sh [ARGUMENTS OF THE TESTS]
#
# QEMU_CPU chooses the CPU: by default it has bf16 and i8mm; `cortex-a72` has neither. Each takes two minutes once it is compiled.
#
# Needs `rustup target add aarch64-unknown-linux-gnu`, and Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
cargo test --target aarch64-unknown-linux-gnu --no-default-features --lib model::cpu -- "$@"
