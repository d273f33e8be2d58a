//! `readseeker model fetch`: downloads a checkpoint from Hugging Face or another server.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::error::Result;
use crate::model;

/// Download a model, by default the published ReadSeeker, to where --model finds it by name
///
/// The published weights (357 MB) are compared with their SHA-256. A download that was cut off goes on when the command is
/// run again. The environment variables HF_ENDPOINT (another server), HF_TOKEN (for models that are not public), HTTPS_PROXY
/// and NO_PROXY are honoured. No other command downloads anything.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// ReadSeeker, OWNER/NAME at Hugging Face, or the address of a checkpoint directory
    #[arg(value_name = "MODEL", default_value = "ReadSeeker")]
    model: String,

    /// The directory to create [default: the model's name, in the folder that `model list` shows]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

#[cfg(not(feature = "fetch"))]
pub(super) fn run(args: Args) -> Result<()> {
    let Args { model, to: _ } = args;
    Err(model::Error::Fetch { model, problem: model::FetchError::NotBuilt }.into())
}

#[cfg(feature = "fetch")]
pub(super) fn run(args: Args) -> Result<()> {
    use crate::error::Error;
    use crate::model::fetch::{Wanted, fetch};
    use crate::progress::{Download, say};

    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wanted = Wanted::named(&args.model, set("HF_ENDPOINT").as_deref(), set("HF_TOKEN")).map_err(Error::Usage)?;
    let to = match args.to {
        Some(to) => to,
        None => folder()?.join(&wanted.name),
    };
    if to.is_dir() {
        say(&format!("readseeker: {} is there already; `readseeker model verify` checks it\n", to.display()));
        return print_path(&to);
    }
    let bar = Download::start();
    fetch(&wanted, &to, &mut |step| bar.show(step.file, step.received, step.total))?;
    drop(bar);
    if wanted.is_published() {
        say("readseeker: the published ReadSeeker, by Ben Wulf, under Apache-2.0\n\
             cite: PLOS ONE, https://doi.org/10.1371/journal.pone.0335732\n");
    }
    print_path(&to)
}

/// The folder of models, which is created if necessary.
#[cfg(feature = "fetch")]
fn folder() -> Result<PathBuf> {
    use crate::error::Error;

    let folder = model::store::folder();
    let folder = folder
        .ok_or_else(|| Error::Usage("there is no folder of models: set READSEEKER_CACHE, or give --to".into()))?;
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|source| model::Error::Write { path: folder.clone(), source })?;
    Ok(folder)
}

#[cfg(feature = "fetch")]
fn print_path(to: &std::path::Path) -> Result<()> {
    super::print::print(&format!("{}\n", to.canonicalize().unwrap_or_else(|_| to.to_owned()).display()))
}
