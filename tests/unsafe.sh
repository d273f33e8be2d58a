#!/usr/bin/env bash
# The CPU kernels, the only unsafe code, under valgrind: reads and writes beyond a buffer, and decisions by bytes that nobody wrote.
# Needs valgrind, which knows plain code and AVX2: the tests run what the CPU has, and valgrind's CPU has no more than that.
#
#     bash tests/unsafe.sh [FILTER...]     # default: all tests of src/model/cpu; some take minutes
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- model::cpu

# The path of the library's tests; `--no-run` names it.
tests=$(cargo test --no-default-features --lib --no-run --message-format json |
    python3 -c 'import json, sys; print(next(m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")))')
valgrind --error-exitcode=9 --leak-check=no --fair-sched=yes "$tests" --test-threads 1 "$@"
