//! The device that a user chooses, as text.

use std::fmt;
use std::str::FromStr;

/// The device that a user chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first real GPU, or the CPU if there is none.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first real GPU.
    Gpu,
    /// Adapters, numbered as `readseeker device` lists them, including software ones. One that is named twice is used
    /// as two.
    Gpus(Vec<usize>),
    /// CUDA devices, numbered as CUDA does, in a build with CUDA.
    Cudas(Vec<usize>),
}

/// The error for text that does not name a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid device; expected auto, cpu, gpu, gpu:N or gpu:N,gpu:M, cuda, cuda:N or cuda:N,cuda:M")]
pub struct InvalidChoice(String);

impl FromStr for Choice {
    type Err = InvalidChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            "cuda" => Ok(Self::Cudas(vec![0])),
            _ => {
                let numbers = |prefix: &str| -> Option<Vec<usize>> {
                    text.split(',').map(|name| name.strip_prefix(prefix)?.parse().ok()).collect()
                };
                let gpus = numbers("gpu:").map(Self::Gpus).or_else(|| numbers("cuda:").map(Self::Cudas));
                gpus.ok_or_else(|| InvalidChoice(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, numbers) = match self {
            Self::Auto => return f.write_str("auto"),
            Self::Cpu => return f.write_str("cpu"),
            Self::Gpu => return f.write_str("gpu"),
            Self::Gpus(numbers) => ("gpu", numbers),
            Self::Cudas(numbers) => ("cuda", numbers),
        };
        let names: Vec<String> = numbers.iter().map(|number| format!("{prefix}:{number}")).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_as_it_is_written() {
        let gpus =
            [Choice::Gpus(vec![3]), Choice::Gpus(vec![1, 0, 1]), Choice::Cudas(vec![2]), Choice::Cudas(vec![0, 1])];
        for choice in [Choice::Auto, Choice::Cpu, Choice::Gpu].into_iter().chain(gpus) {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert_eq!("cuda".parse(), Ok(Choice::Cudas(vec![0])));
        for none in ["", "GPU", "gpu:", "gpu:-1", "gpu:a", "gpu:0,", "gpu:0,cpu", "CUDA", "cuda:", "cuda:0,gpu:0"] {
            assert_eq!(none.parse::<Choice>(), Err(InvalidChoice(none.to_owned())));
        }
    }
}
