//! How much burn does to make a GPU fast: all it can, or less where that gave wrong answers.
//!
//! Its bugs that show in wrong numbers are mostly bugs of fusion, or of kernels that autotune chose. A process has one path: burn
//! reads its settings once. So whoever wants another one starts the program anew with other settings in its environment.

use crate::model::faults;

/// A path on a GPU. The first is the fastest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuPath {
    /// Neighbouring steps are joined into kernels.
    #[default]
    Fused,
    /// Each step is a kernel of its own.
    Unfused,
    /// Moreover, nothing that earlier runs found out about kernels counts, and few are tried. `CubeCL` cannot be told to try none.
    Retuned,
}

/// Names the path of this process.
const PATH: &str = "READSEEKER_GPU_PATH";

/// Says why the first path was left.
const REASON: &str = "READSEEKER_GPU_PATH_REASON";

impl GpuPath {
    /// The path of this process.
    pub(in crate::model) fn of_this_process() -> Self {
        let named = std::env::var(PATH).unwrap_or_default();
        [Self::Unfused, Self::Retuned].into_iter().find(|path| path.name() == named).unwrap_or_default()
    }

    /// The next to try.
    pub(in crate::model) fn simpler(self) -> Option<Self> {
        match self {
            Self::Fused => Some(Self::Unfused),
            Self::Unfused => Some(Self::Retuned),
            Self::Retuned => None,
        }
    }

    /// The environment of a process that takes this path, and knows why.
    #[must_use]
    pub fn environment(self, reason: &str) -> Vec<(&'static str, &str)> {
        /// No joined kernel is looked for.
        const UNFUSED: (&str, &str) = ("BURN_FUSION_MAX_EXPLORATIONS", "0");
        /// What is stored does not count; and what is good enough is taken.
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

    /// What it does without, for people.
    #[must_use]
    pub fn does_without(self) -> Option<&'static str> {
        match self {
            Self::Fused => None,
            Self::Unfused => Some("without fusion"),
            Self::Retuned => Some("without fusion and without what autotune found before"),
        }
    }

    /// Whether a test has the check of this path fail.
    pub(in crate::model) fn is_said_to_fail(self) -> bool {
        faults::is_said_to_fail(self.name())
    }

    /// Whether a test has batches of the run fail.
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
