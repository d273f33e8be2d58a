//! Applies a refitted calibration to `config.json`. Pure.

use serde_json::{Value, json};

/// Multiplies the calibrated log odds by `scale` and then adds `shift`, at all lengths.
pub(super) fn recalibrate(config: &mut Value, scale: f64, shift: f64) {
    let Some(config) = config.as_object_mut() else { return };
    config.entry("calibration").or_insert_with(|| json!({"lengths": [0.0], "scale": [1.0], "shift": [0.0]}));
    if let Some(calibration) = config.get_mut("calibration") {
        line(calibration, scale, shift);
    }
    if let Some(calibration) = config.get_mut("short_reads").and_then(|short| short.get_mut("calibration")) {
        line(calibration, scale, shift);
    }
}

/// Changes one calibration in this way.
fn line(calibration: &mut Value, scale: f64, shift: f64) {
    for (key, add) in [("scale", 0.0), ("shift", shift)] {
        for number in calibration[key].as_array_mut().into_iter().flatten() {
            *number = json!(number.as_f64().unwrap_or_default() * scale + add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_log_odds_goes_through_another() {
        let mut config =
            json!({"calibration": {"lengths": [60, 300], "scale": [1.0, 2.0], "shift": [0.5, 0.0], "pool": 1}});
        recalibrate(&mut config, 2.0, -1.0);
        assert_eq!(
            config["calibration"],
            json!({"lengths": [60, 300], "scale": [2.0, 4.0], "shift": [0.0, -1.0], "pool": 1})
        );
        let mut config = json!({"short_reads": {"calibration": {"scale": [1.5], "shift": [3.0]}}});
        recalibrate(&mut config, 2.0, -1.0);
        assert_eq!(config["short_reads"]["calibration"], json!({"scale": [3.0], "shift": [5.0]}));
        let mut config = json!({});
        recalibrate(&mut config, 2.0, -1.0);
        assert_eq!(config["calibration"], json!({"lengths": [0.0], "scale": [2.0], "shift": [-1.0]}));
    }
}
