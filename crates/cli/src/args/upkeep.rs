//! Arguments of `accept`, `list` and `clean`.

use super::pipeline::PipelineArgs;
use clap::Args;
use std::path::PathBuf;

/// `ecgfm accept`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_ACCEPT)]
pub struct AcceptArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// The stages.
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
}

const ABOUT_ACCEPT: &str = "\
A new version of the program may compute a stage in another way; `ecgfm status` says what changed. Where that does not
matter to you, accept what is there: it counts as fresh, and lock.json says which version made it and when it was accepted.";

/// `ecgfm list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Directory that holds the runs.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub workdir: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm clean`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_CLEAN)]
pub struct CleanArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: PipelineArgs,
    /// Only these stages; all that can if none are given.
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Say what would be removed, and remove nothing.
    #[arg(long)]
    pub dry_run: bool,
}

const ABOUT_CLEAN: &str = "\
Removed are signals/segments (or the .mat files) and what synth made. Their hashes stay in lock.json, so that nothing is made
anew for it; `ecgfm status` calls such a stage cleaned. A stage that needs the files has them made again first, from the same
raw data: keep those. Stages that are not fresh are left alone.";
