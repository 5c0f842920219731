//! What can be typed after `ecgfm`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER: &str = "\
Exit codes: 0 done; 1 a stage failed; 2 wrong arguments or configuration; 3 bad input data;
4 another run holds the run directory; 130 interrupted (run again to go on).
Results go to standard output, everything else to standard error. Set ECGFM_LOG=debug for more.";

/// Run ECG foundation models over large ECG archives, stage by stage.
#[derive(Debug, Parser)]
#[command(name = "ecgfm", version, about, after_help = AFTER, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Log more: once for information, twice for debugging.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline, or the part of it that is not up to date.
    Run(Run),
    /// Say of every stage whether it is fresh, stale, partial or missing, and why.
    Status(Status),
    /// Draw the stages and what flows between them.
    Graph(Graph),
    /// Run one kind of stage on explicit files, without a pipeline.
    Stage(Stage),
    /// Turn a checkpoint into TorchScript: model.ts, and a card beside it.
    Export(Export),
    /// Say what is in a file: .hdf5 .mat .npy .pt .ts .tsv .csv .parquet, a header pickle, or a run directory.
    Inspect(Inspect),
    /// Hash every file of a finished run again and compare with its lock file.
    Verify(Verify),
    /// Say where checkpoints and datasets come from, where they belong, and what is missing.
    Sources(Sources),
    /// Make a CODE-15-shaped archive of synthetic ECGs with known labels.
    Synth(Synth),
    /// List stage kinds with their outputs, or explain one.
    Kinds(Kinds),
}

/// Which pipeline, with which settings.
#[derive(Debug, Args)]
pub struct Target {
    /// A pipeline file, or the name of one in pipelines/.
    pub pipeline: String,
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

/// `ecgfm run`
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
    /// Run this stage alone, on what is on disk (repeatable).
    #[arg(long, value_name = "STAGE", conflicts_with_all = ["from", "until"])]
    pub only: Vec<String>,
    /// Start at this stage; earlier ones are taken as they are on disk.
    #[arg(long, value_name = "STAGE")]
    pub from: Option<String>,
    /// Stop after this stage.
    #[arg(long, value_name = "STAGE")]
    pub until: Option<String>,
    /// Run the selected stages even where they are up to date.
    #[arg(long)]
    pub force: bool,
    /// After a failure go on with the stages that do not depend on the failed one.
    #[arg(long)]
    pub keep_going: bool,
    /// Say what would run, and run nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `ecgfm status`
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}

/// `ecgfm graph`
#[derive(Debug, Args)]
pub struct Graph {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
    /// How to draw.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub format: GraphFormat,
}

/// Drawings of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Indented text.
    Text,
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// `ecgfm stage`
#[derive(Debug, Args)]
pub struct Stage {
    /// The kind, as listed by `ecgfm kinds`.
    pub kind: String,
    /// A parameter: --with raw=data/code15 --with store=mat.
    #[arg(long = "with", value_name = "KEY=VALUE")]
    pub with: Vec<String>,
    /// Directory to write; it must not exist yet, unless --force replaces it.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the directory.
    #[arg(long)]
    pub force: bool,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm export`
#[derive(Debug, Args)]
pub struct Export {
    /// A checkpoint written by PyTorch (.pt).
    pub checkpoint: PathBuf,
    /// The TorchScript file to write; its card goes beside it as <name>.json.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub output: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// The file or run directory.
    pub file: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// A run directory: <workdir>/<pipeline>/<profile>.
    pub dir: PathBuf,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm sources`
#[derive(Debug, Args)]
pub struct Sources {
    /// One source; all if not given.
    pub name: Option<String>,
    /// Check what is there in this directory instead of the usual place.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm kinds`
#[derive(Debug, Args)]
pub struct Kinds {
    /// One kind; all if not given.
    pub kind: Option<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm synth`
#[derive(Debug, Args)]
pub struct Synth {
    /// Directory to write; it must not exist yet.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// How many exams.
    #[arg(long, default_value_t = 400)]
    pub exams: u32,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Any other option of the generator: --with noise=none --with 'faults={nan: 3}'.
    #[arg(long = "with", value_name = "KEY=VALUE")]
    pub with: Vec<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
