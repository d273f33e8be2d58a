//! Detects by the names under `/dev` whether Linux has a GPU at all. Without this, `--device auto` would load every
//! Vulkan driver (some 40 ms and 50 MiB, and some of them complain on stderr) in each run on a machine without a GPU.

use std::fs;
use std::path::Path;

/// The device names of GPU drivers: NVIDIA (Tegra too), WSL 2, Adreno, Mali, and `PowerVR`.
const NAMES: [&str; 7] = ["nvidia", "nvhost", "nvgpu", "dxg", "kgsl", "mali", "pvr"];
/// The device names under `dri`, where all other drivers are.
const RENDERING: &str = "renderD";

/// Whether this folder, `/dev`, has a device of a GPU. A card without one only drives a screen.
pub(super) fn show_gpu(dev: &Path) -> bool {
    has(dev, &NAMES) || has(&dev.join("dri"), &[RENDERING])
}

fn has(folder: &Path, prefixes: &[&str]) -> bool {
    let starts = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_str().is_some_and(starts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_known_by_its_device_and_a_screen_is_none() {
        let shown = |names: &[&str]| {
            let dev = tempfile::tempdir().unwrap();
            for name in names {
                let path = dev.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            show_gpu(dev.path())
        };
        assert!(!shown(&[]) && !shown(&["null", "sda1", "dri/card0", "fb0"]));
        assert!(shown(&["dri/card0", "dri/renderD128"]) && shown(&["nvidia0"]) && shown(&["null", "dxg"]));
        assert!(!show_gpu(Path::new("nowhere")));
    }
}
