//! Faults that tests inject into checks.

/// The environment variable that names the paths that fail, separated by commas: `amx`, `avx512`, `avx2`, `neon` and
/// `plain` for our kernels on the CPU, `fused`, `unfused` and `retuned` for a GPU, or `batches` for a GPU's run.
const FAULTY: &str = "READSEEKER_FAULTY_PATHS";

/// Whether a test makes the check of `path` fail.
pub(super) fn is_said_to_fail(path: &str) -> bool {
    std::env::var(FAULTY).is_ok_and(|all| all.split(',').any(|one| one == path))
}
