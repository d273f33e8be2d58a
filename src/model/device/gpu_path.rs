//! How much burn does to make a GPU fast: everything it can, or less if that gave wrong results.
//!
//! Most of its bugs that silently give wrong numbers are in fusion, or in kernels that autotune chose. A process has
//! one path, as burn reads its settings once. To use another one, the program is started anew with other settings in
//! its environment.

use crate::model::faults;

/// A path on a GPU; the first is the fastest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuPath {
    /// Neighbouring steps are fused into kernels.
    #[default]
    Fused,
    /// Each step is a separate kernel.
    Unfused,
    /// In addition, what earlier runs found out about kernels is ignored, and few are tried. `CubeCL` cannot be told to
    /// try none.
    Retuned,
}

/// The environment variable that names the path of this process.
const PATH: &str = "READSEEKER_GPU_PATH";

/// The environment variable that says why the first path was left.
const REASON: &str = "READSEEKER_GPU_PATH_REASON";

impl GpuPath {
    /// The path of this process.
    pub(in crate::model) fn of_this_process() -> Self {
        let named = std::env::var(PATH).unwrap_or_default();
        [Self::Unfused, Self::Retuned].into_iter().find(|path| path.name() == named).unwrap_or_default()
    }

    /// The next path to try.
    pub(in crate::model) fn simpler(self) -> Option<Self> {
        match self {
            Self::Fused => Some(Self::Unfused),
            Self::Unfused => Some(Self::Retuned),
            Self::Retuned => None,
        }
    }

    /// The environment of a process that takes this path, with the reason for it.
    #[must_use]
    pub fn environment(self, reason: &str) -> Vec<(&'static str, &str)> {
        /// No fused kernels are searched for.
        const UNFUSED: (&str, &str) = ("BURN_FUSION_MAX_EXPLORATIONS", "0");
        /// Stored results are ignored, and the search stops at a kernel that is good enough.
        const RETUNED: [(&str, &str); 2] = [("CUBECL_AUTOTUNE_CACHE", "0"), ("CUBECL_AUTOTUNE_LEVEL", "minimal")];
        let mut variables = vec![(PATH, self.name()), (REASON, reason)];
        match self {
            Self::Fused => {}
            Self::Unfused => variables.push(UNFUSED),
            Self::Retuned => variables.extend([UNFUSED].into_iter().chain(RETUNED)),
        }
        variables
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Unfused => "unfused",
            Self::Retuned => "retuned",
        }
    }

    /// Why the first path was left, if it was.
    pub(in crate::model) fn reason() -> Option<String> {
        std::env::var(REASON).ok()
    }

    /// What the path does without, for people.
    #[must_use]
    pub fn does_without(self) -> Option<&'static str> {
        match self {
            Self::Fused => None,
            Self::Unfused => Some("without fusion"),
            Self::Retuned => Some("without fusion and without what autotune found before"),
        }
    }

    /// Whether a test makes the check of this path fail.
    pub(in crate::model) fn is_said_to_fail(self) -> bool {
        faults::is_said_to_fail(self.name())
    }

    /// Whether a test makes batches of the run fail.
    pub(in crate::model) fn is_said_to_fail_later() -> bool {
        faults::is_said_to_fail("batches")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_does_without_more_than_the_one_before() {
        let settings = |path: GpuPath| {
            let all = path.environment("why").into_iter();
            all.filter(|(name, _)| ![PATH, REASON].contains(name)).collect::<Vec<_>>()
        };
        let mut path = GpuPath::default();
        assert_eq!((settings(path), path.does_without()), (vec![], None));
        while let Some(next) = path.simpler() {
            let (fewer, more) = (settings(path), settings(next));
            assert!(fewer.iter().all(|setting| more.contains(setting)) && more.len() > fewer.len());
            path = next;
        }
    }
}
