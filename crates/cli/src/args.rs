//! What can be typed after `ecgfm`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

mod keep;
mod predict;
mod synth;

pub use keep::{Accept, Clean, List};
pub use predict::Predict;
pub use synth::Synth;

const AFTER: &str = "\
Exit codes: 0 done; 1 a stage failed; 2 wrong arguments or configuration; 3 bad input data;
4 another run holds the run directory; 130 interrupted by Ctrl-C, 143 by SIGTERM (run again to go on).
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
    /// Say of every stage whether it is fresh, stale, partial or missing, or depends on what runs before it, and why.
    Status(Status),
    /// Keep what an older version of a stage's code left, and record that.
    Accept(Accept),
    /// List the runs in a working directory, with size, last use and state.
    List(List),
    /// Remove what can be made again when it is needed: segments, synthetic ECGs. Nothing becomes stale by it.
    Clean(Clean),
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
    /// Draw one ECG on ECG paper, to scale, as SVG.
    Plot(Plot),
    /// Say what a model predicts for the ECGs of a few files, without a pipeline.
    Predict(Predict),
    /// Compare two runs' evaluations, ECG by ECG: what changed, with an interval.
    Compare(Compare),
    /// Say where checkpoints and datasets come from, where they belong, and what is missing.
    Sources(Sources),
    /// Download a checkpoint or a dataset: goes on where it stopped, and compares with what is published.
    Fetch(Fetch),
    /// Make a CODE-15-shaped archive of synthetic ECGs with known labels.
    Synth(Synth),
    /// Train the demo model anew, on synthetic ECGs; takes minutes.
    DemoModel(DemoModel),
    /// List stage kinds with their outputs, or explain one with its parameters.
    Kinds(Kinds),
    /// Print a built-in pipeline, label set, mapping or score as it is, or list them.
    Show(Show),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema(Schema),
}

impl Command {
    /// Whether JSON is asked for.
    pub fn json(&self) -> bool {
        match self {
            Self::Run(args) => args.target.json,
            Self::Status(args) => args.target.json,
            Self::Graph(args) => args.target.json,
            Self::Accept(args) => args.target.json,
            Self::Clean(args) => args.target.json,
            Self::List(args) => args.json,
            Self::Stage(args) => args.json,
            Self::Export(args) => args.json,
            Self::Inspect(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Plot(args) => args.json,
            Self::Predict(args) => args.json,
            Self::Compare(args) => args.json,
            Self::Sources(args) => args.json,
            Self::Fetch(args) => args.json,
            Self::Synth(args) => args.json,
            Self::Kinds(args) => args.json,
            Self::Show(args) => args.json,
            Self::Schema(args) => args.json,
            Self::DemoModel(_) => false,
        }
    }
}

/// Which pipeline, with which settings.
#[derive(Debug, Args)]
pub struct Target {
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
    #[arg(long, value_enum, default_value_t = GraphFormat::Text, conflicts_with = "json")]
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
    /// A checkpoint written by PyTorch (.pt), a state dict, or a safetensors file.
    pub checkpoint: PathBuf,
    /// The network's configuration (YAML or JSON), where the checkpoint has none.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The TorchScript file to write; its card goes beside it as <name>.json.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub output: PathBuf,
    /// The label set it was trained on: a name such as physionet2021 or mimic_iv_ecg, or a file. Goes into the card.
    #[arg(short, long, value_name = "SET")]
    pub labels: Option<String>,
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

/// `ecgfm plot`
#[derive(Debug, Args)]
pub struct Plot {
    /// A part of an archive (.hdf5), a .mat file, or a run directory.
    #[arg(value_name = "FILE|RUN")]
    pub file: PathBuf,
    /// The ECG: an exam's number; in a run also a recording's name or an idx.
    #[arg(short, long, value_name = "ID")]
    pub ecg: Option<String>,
    /// Where to write, a name that ends in .svg; `-` is standard output. <record>.svg if not given.
    #[arg(short, long, value_name = "FILE.svg")]
    pub output: Option<PathBuf>,
    /// How many of the archive's units are a millivolt, a number above 0; CODE-15% does not say.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub units_per_mv: Option<f64>,
    /// Millimetres a second, a number above 0.
    #[arg(long, default_value_t = 25.0, value_parser = positive)]
    pub speed: f64,
    /// Millimetres a millivolt, a number above 0.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    pub gain: f64,
    /// Samples a second of an archive's part, a number above 0; the part does not say.
    #[arg(long, default_value_t = 400.0, value_parser = positive)]
    pub rate: f64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// A number from 0 to 1.
fn probability(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (0.0..=1.0).contains(&number) {
        return Ok(number);
    }
    Err("must be from 0 to 1".to_owned())
}

/// A number above 0 and not beyond reason.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (1e-6..=1e6).contains(&number) {
        return Ok(number);
    }
    Err("must be above 0".to_owned())
}

/// `ecgfm compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// The first run: <workdir>/<pipeline>/<profile>, or its evaluate directory.
    #[arg(value_name = "RUN_A")]
    pub a: PathBuf,
    /// The second.
    #[arg(value_name = "RUN_B")]
    pub b: PathBuf,
    /// Resamples of patients for the intervals, 1 to 100,000.
    #[arg(long, default_value_t = 1000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub bootstrap: usize,
    /// Seed of the resampling.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Write every difference as CSV.
    #[arg(short, long, value_name = "FILE.csv")]
    pub output: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// A run directory: <workdir>/<pipeline>/<profile>.
    pub dir: PathBuf,
    /// Hash what the run read from outside, too: raw data, checkpoints. The first time the hashes are recorded, in
    /// inputs.json; from then on they are compared. Reads all of it.
    #[arg(long)]
    pub inputs: bool,
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

/// `ecgfm fetch`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_FETCH, override_usage = "ecgfm fetch [OPTIONS] [checkpoint|dataset] <NAME>")]
pub struct Fetch {
    /// A source that `ecgfm sources` lists; `checkpoint NAME` and `dataset NAME` say the same.
    #[arg(required = true, num_args = 1..=2, value_name = "NAME")]
    pub source: Vec<String>,
    /// Put it into this directory instead of the usual place.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Only this part of a dataset, with the files that every part needs (repeatable).
    #[arg(long, value_name = "N")]
    pub part: Vec<u32>,
    /// Say what would be downloaded and how large it is, and download nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Keep archives after unpacking them.
    #[arg(long)]
    pub keep_archives: bool,
    /// Refuse files larger than this, downloaded or unpacked.
    #[arg(long, value_name = "GIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_gib: u64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

const ABOUT_FETCH: &str = "\
Examples:
  ecgfm fetch physionet_finetuned
  ecgfm fetch code15 --part 0 --part 17 --dir /data/code15
  ecgfm fetch code15 --dry-run

Beside each file goes NAME.ecgfm.json with its size and SHA-256; a later, other file is refused.
HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE are honoured.";

/// `ecgfm kinds`
#[derive(Debug, Args)]
pub struct Kinds {
    /// One kind; all if not given.
    pub kind: Option<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm show`
#[derive(Debug, Args)]
#[command(override_usage = "ecgfm show [OPTIONS] [[pipeline|labels|mapping|score] <NAME>]")]
pub struct Show {
    /// A pipeline, label set, mapping or score; `labels NAME` and the like choose where several have one name.
    #[arg(num_args = 0..=2, value_name = "NAME")]
    pub what: Vec<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// The schema is JSON anyway; accepted so that every command takes it.
    #[arg(long, hide = true)]
    pub json: bool,
}

/// `ecgfm demo-model`
#[derive(Debug, Args)]
pub struct DemoModel {
    /// Directory to write demo.pt, demo.md and training_log.csv into.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Updates of the weights, 1 to 60,000.
    #[arg(long, default_value_t = 1500, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub steps: u64,
    /// Segments an update, 1 to 64.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batch: u16,
    /// Seed of the weights and of the ECGs to learn from.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1_000_000_000))]
    pub seed: u64,
    /// ECGs of another seed to measure the finished model on, 1 to 1,000,000.
    #[arg(long, value_name = "ECGS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub held_out: u64,
    /// Threads of libtorch, 1 to 1024; another number gives slightly other weights.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
}
