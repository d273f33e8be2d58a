//! Measures of how good probabilities are, given the truth, each defined as in scikit-learn. Pure.
//!
//! A measure without a meaning is `None`, such as the precision if nothing is called coding.

mod calibration;
mod confusion;
mod curve;
mod measures;
mod operating;
mod rates;
mod scored;
mod shares;

pub use calibration::{CalibrationBin, calibration};
pub use confusion::Confusion;
pub use curve::{Best, Curve, Point};
pub use measures::Measures;
pub use operating::{OperatingPoint, Wanted};
pub use rates::Rates;
pub use scored::Scored;
pub use shares::{share, share_95};

#[cfg(test)]
mod tests;
