//! The progress bar of a download.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress bar of a download; hidden if stderr is not a terminal.
#[derive(Debug)]
pub struct Download(ProgressBar);

impl Download {
    /// Starts a bar.
    ///
    /// # Panics
    /// Never: the style is well-formed.
    #[must_use]
    pub fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let template = "{spinner} {msg} [{wide_bar:.green}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed").progress_chars("━━╌");
        bar.set_style(style);
        Self(bar)
    }

    /// Shows how many bytes of a file have been received, and of how many if that is known.
    pub fn show(&self, file: &str, received: u64, total: Option<u64>) {
        if self.0.message() != file {
            self.0.set_message(file.to_owned());
            self.0.reset_eta();
        }
        self.0.set_length(total.unwrap_or(received));
        self.0.set_position(received);
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
