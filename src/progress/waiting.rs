//! Says on stderr which file a run waits for, to tell a waiting run from one that hangs.

use std::sync::Arc;
use std::time::Duration;

use super::{Progress, say};

/// How often it checks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Checks in the background until it is dropped.
#[derive(Debug)]
pub struct Waiting(tokio::task::JoinHandle<()>);

impl Waiting {
    /// Starts checking.
    #[must_use]
    pub fn start(progress: &Arc<Progress>) -> Self {
        let input = Arc::clone(&progress.input);
        Self(tokio::spawn(async move {
            let mut told = None;
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let waiting_for = input.waiting_for().filter(|path| told.as_ref() != Some(path));
                if let Some(path) = waiting_for {
                    let shown = path.display();
                    say(&format!("readseeker: waiting for {shown}: it has no data, while its mate's file has\n"));
                    told = Some(path);
                }
            }
        }))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.abort();
    }
}
