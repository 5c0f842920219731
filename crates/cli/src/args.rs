//! What can be typed after `ecgfm`.

mod convert;
mod encoding;
mod figures;
mod init;
mod numbers;
mod pipeline;
mod predict;
mod run;
mod sensitivity;
mod shard;
mod sources;
mod submit;
mod synth;
mod table;
mod terminal;
mod upkeep;
mod view;

pub use convert::{ConvertArgs, ConvertFormat};
pub use encoding::EncodingArgs;
pub use figures::{FigureForm, FigureWidth, FiguresArgs};
pub use init::InitArgs;
pub use pipeline::PipelineArgs;
pub use predict::PredictArgs;
pub use run::{DryRun, GraphArgs, GraphFormat, RunArgs, StatusArgs};
pub use sensitivity::SensitivityArgs;
pub use shard::{MissingArgs, ShardChoice};
pub use sources::{FetchArgs, SourcesArgs};
pub use submit::{
    KubernetesArgs, QueueArgs, SharedSubmitArgs, SlurmArgs, SnakemakeArgs, SubmitArgs, SubmitEngine,
};
pub use synth::SynthArgs;
pub use table::{TableArgs, TableChoice, TableForm, TableUnit};
pub use terminal::{CompletionsArgs, DoctorArgs, ManArgs};
pub use upkeep::{AcceptArgs, CleanArgs, ListArgs};
pub use view::ViewArgs;

use crate::kinds::DemoNetwork;
use clap::{Args, Parser, Subcommand};
use numbers::parse_positive;
use std::path::PathBuf;

const AFTER: &str = "\
Exit codes: 0 done; 1 a stage failed; 2 wrong arguments or configuration; 3 bad input data;
4 another run holds the run directory; 75 disk full, device lost: try again; 130 interrupted by Ctrl-C,
143 by SIGTERM (run again to go on).
Results go to standard output, everything else to standard error. Set ECGFM_LOG=debug for more.";

/// Run ECG foundation models over large ECG archives, stage by stage.
#[derive(Debug, Parser)]
#[command(name = "ecgfm", version, after_help = AFTER, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// Command to run.
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
    /// Write a commented pipeline for the ECGs of a directory, having looked at it.
    Init(InitArgs),
    /// Run a pipeline, or the part of it that is not up to date.
    Run(RunArgs),
    /// Say of every stage whether it is fresh, stale, partial or missing, or depends on what runs before it, and why.
    Status(StatusArgs),
    /// Print the shares of a divided run that still have work, for the next submission to a scheduler.
    Missing(MissingArgs),
    /// Print what Slurm, Kubernetes or Snakemake needs to run a pipeline on many machines, or submit it.
    Submit(SubmitArgs),
    /// Keep what an older version of a stage's code left, and record that.
    Accept(AcceptArgs),
    /// List the runs in a working directory, with size, last use and state.
    List(ListArgs),
    /// Remove what can be made again when it is needed: segments, synthetic ECGs. Nothing becomes stale by it.
    Clean(CleanArgs),
    /// Draw the stages and what flows between them.
    Graph(GraphArgs),
    /// Run one kind of stage on explicit files, without a pipeline.
    Stage(StageArgs),
    /// Turn a checkpoint into TorchScript: model.ts, and a card beside it.
    Export(ExportArgs),
    /// Say what is in files: recordings of any format or a directory of them, .mat .npy .pt .ts .tsv .csv .parquet, runs.
    Inspect(InspectArgs),
    /// Hash every file of a finished run again and compare with its lock file.
    Verify(VerifyArgs),
    /// Draw one ECG on ECG paper, to scale, as SVG.
    Plot(PlotArgs),
    /// Write recordings of any format as WFDB records or NumPy arrays.
    Convert(ConvertArgs),
    /// Say what a model predicts for the ECGs of a few files, without a pipeline.
    Predict(PredictArgs),
    /// Say how far a model's answers move, on a sample of an archive, where its recipe is not followed.
    Sensitivity(SensitivityArgs),
    /// Compare two runs' evaluations, ECG by ECG: what changed, with an interval.
    Compare(CompareArgs),
    /// Print a table for a paper: results by label or who was scored, as Markdown, LaTeX, CSV or HTML.
    Table(TableArgs),
    /// Write the curves and forest plots of runs for a paper, as SVG, PDF and PNG at the width of a journal's column.
    Figures(FiguresArgs),
    /// Look at the ECGs of a run in a browser, one by one, and keep your verdicts on them.
    View(ViewArgs),
    /// Say where checkpoints and datasets come from, where they belong, and what is missing.
    Sources(SourcesArgs),
    /// Download a checkpoint or a dataset: goes on where it stopped, and compares with what is published.
    Fetch(FetchArgs),
    /// Make a CODE-15-shaped archive of synthetic ECGs with known labels.
    Synth(SynthArgs),
    /// Train a demo model anew, on synthetic ECGs; takes minutes.
    DemoModel(DemoModelArgs),
    /// List stage kinds with their outputs, or explain one with its parameters; `kinds model` lists the models known.
    Kinds(KindsArgs),
    /// Print a built-in pipeline, label set, mapping, score or description of a model as it is, or list them.
    Show(ShowArgs),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema(SchemaArgs),
    /// Say what this machine has of what a run needs: libtorch, processor, memory, CUDA, disk, locks; and what each means.
    Doctor(DoctorArgs),
    /// Print completions for a shell: `ecgfm completions bash > ~/.local/share/bash-completion/completions/ecgfm`.
    Completions(CompletionsArgs),
    /// Write a manual page a command: `ecgfm man ~/.local/share/man/man1`.
    Man(ManArgs),
}

impl Command {
    /// Returns true where JSON is asked for.
    pub fn json(&self) -> bool {
        match self {
            Self::Init(args) => args.json,
            Self::Run(args) => args.target.json,
            Self::Status(args) => args.target.json,
            Self::Missing(args) => args.target.json,
            Self::Submit(args) => args.engine.shared().target.json,
            Self::Graph(args) => args.target.json,
            Self::Accept(args) => args.target.json,
            Self::Clean(args) => args.target.json,
            Self::List(args) => args.json,
            Self::Stage(args) => args.json,
            Self::Export(args) => args.json,
            Self::Inspect(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Plot(args) => args.json,
            Self::Convert(args) => args.json,
            Self::Predict(args) => args.json,
            Self::Sensitivity(args) => args.json,
            Self::Compare(args) => args.json,
            Self::Table(args) => args.json,
            Self::Figures(args) => args.json,
            Self::View(args) => args.json,
            Self::Sources(args) => args.json,
            Self::Fetch(args) => args.json,
            Self::Synth(args) => args.json,
            Self::Kinds(args) => args.json,
            Self::Show(args) => args.json,
            Self::Schema(args) => args.json,
            Self::Doctor(args) => args.json,
            Self::DemoModel(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

/// `ecgfm stage`
#[derive(Debug, Args)]
pub struct StageArgs {
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
pub struct ExportArgs {
    /// A checkpoint written by PyTorch (.pt), a state dict, a safetensors file, or a folder with one and its config.json.
    pub checkpoint: PathBuf,
    /// The network's configuration (YAML or JSON), where the checkpoint has none.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Weights of a head that was trained on the checkpoint's encoder, where they are a file of their own.
    #[arg(long, value_name = "FILE")]
    pub head: Option<PathBuf>,
    /// The TorchScript file to write; its card goes beside it as <name>.json.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub output: PathBuf,
    /// The model that the checkpoint is of: a name that `ecgfm kinds model` lists, or the file of a description. Its label set, recipe,
    /// licence and notice go into the card.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The label set it was trained on, where it is not that of --model: a name such as physionet2021 or mimic_iv_ecg, or a file. Goes into the card.
    #[arg(short, long, value_name = "SET")]
    pub labels: Option<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

const ABOUT_INSPECT: &str = "\
Of a recording: leads by standard name and as the file has them, rate, unit, length, filters, derived leads, what is doubtful
(its samples are read, and checksums compared), and all that the file states, the patient included. Of a directory: how many
recordings have which format, rate, unit, leads and length, and what cannot be read.

Examples:
  ecgfm inspect records/E07500.hea export.xml
  ecgfm inspect records --json
  ecgfm inspect ecgs.npy --axes leads_samples --rate 500 --unit mV --leads I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6";

/// `ecgfm inspect`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_INSPECT)]
pub struct InspectArgs {
    /// Files, directories of recordings, run directories.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub encoding: EncodingArgs,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm plot`
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// A file of recordings in any format that is read, a .mat file of a run, or a run directory.
    #[arg(value_name = "FILE|RUN")]
    pub file: PathBuf,
    /// The ECG, where there are several: an exam's number; in a run also a recording's name or an idx.
    #[arg(short, long, value_name = "ID")]
    pub ecg: Option<String>,
    /// File to write, a name that ends in .svg; `-` is standard output. <record>.svg if not given.
    #[arg(short, long, value_name = "FILE.svg")]
    pub output: Option<PathBuf>,
    /// Number of the archive's units in a millivolt, above 0, where the file states no unit; CODE-15% does not say.
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub units_per_mv: Option<f64>,
    /// Millimetres a second, a number above 0.
    #[arg(long, default_value_t = 25.0, value_parser = parse_positive)]
    pub speed: f64,
    /// Millimetres a millivolt, a number above 0.
    #[arg(long, default_value_t = 10.0, value_parser = parse_positive)]
    pub gain: f64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub encoding: EncodingArgs,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
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
pub struct VerifyArgs {
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

/// `ecgfm kinds`
#[derive(Debug, Args)]
pub struct KindsArgs {
    /// Name of a kind; all if not given. `model`: the models known.
    pub kind: Option<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm show`
#[derive(Debug, Args)]
#[command(
    override_usage = "ecgfm show [OPTIONS] [[pipeline|labels|mapping|score|rules|dataset|model] <NAME>]"
)]
pub struct ShowArgs {
    /// A pipeline, label set, mapping, score, or description of a model; `labels NAME` and the like choose where several have one name.
    #[arg(num_args = 0..=2, value_name = "NAME")]
    pub what: Vec<String>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm schema`
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The schema is JSON anyway; accepted so that every command takes it.
    #[arg(long, hide = true)]
    pub json: bool,
}

/// `ecgfm demo-model`
#[derive(Debug, Args)]
pub struct DemoModelArgs {
    /// Directory to write demo.pt, demo.md and training_log.csv into.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Network that is trained.
    #[arg(long, value_enum, default_value_t = DemoNetwork::EcgFm)]
    pub network: DemoNetwork,
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
