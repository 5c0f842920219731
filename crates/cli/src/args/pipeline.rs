//! Arguments that name a pipeline and its settings.

use clap::Args;
use std::path::PathBuf;

/// Arguments that name a pipeline and its settings.
#[derive(Debug, Args)]
pub struct PipelineArgs {
    /// A pipeline file, or the name of one; without it the pipelines are listed with their profiles.
    pub pipeline: Option<String>,
    /// Profile of the pipeline; the first one in the file if not given.
    #[arg(short, long)]
    pub profile: Option<String>,
    /// Change a variable or a stage's parameter: vars.seed=7, signals.store=mat, 'splits.fractions=[0,0,1]'.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Directory that holds the runs, as <DIR>/<pipeline>/<profile>/.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub workdir: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
