//! Faults that tests put into checks: which paths are to fail theirs.

/// Names them, with commas between: `amx`, `avx512`, `avx2`, `neon` and `plain` of our kernels for the CPU, `fused`, `unfused` and
/// `retuned` of a GPU, or `batches` of a GPU's run.
const FAULTY: &str = "READSEEKER_FAULTY_PATHS";

/// Whether a test has the check of `path` fail.
pub(super) fn is_said_to_fail(path: &str) -> bool {
    std::env::var(FAULTY).is_ok_and(|all| all.split(',').any(|one| one == path))
}
