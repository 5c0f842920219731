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
    /// A checkpoint written by PyTorch (.pt).
    pub checkpoint: PathBuf,
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
    /// Where to write; `-` is standard output. <record>.svg if not given.
    #[arg(short, long, value_name = "FILE.svg")]
    pub output: Option<PathBuf>,
    /// How many of the archive's units are a millivolt; CODE-15% does not say.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub units_per_mv: Option<f64>,
    /// Millimetres a second.
    #[arg(long, default_value_t = 25.0, value_parser = positive)]
    pub speed: f64,
    /// Millimetres a millivolt.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    pub gain: f64,
    /// Samples a second of an archive's part, which does not say.
    #[arg(long, default_value_t = 400.0, value_parser = positive)]
    pub rate: f64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// A number above 0 and not beyond reason.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if (1e-6..=1e6).contains(&number) {
        return Ok(number);
    }
    Err("must be above 0".to_owned())
}

const ABOUT_PREDICT: &str = "\
A file is a part of an archive in CODE-15's shape (.hdf5), whose recordings are prepared as the signals stage does it, or a \
prepared segment (.mat), as that stage writes it with `store: mat`; segments of one recording are taken together. What is \
printed is a CSV table: a line an ECG, a probability a label, and the labels above the threshold.

Examples:
  ecgfm predict data/code15/exams_part0.hdf5 --model model.ts --ecg 1238362
  ecgfm predict segmented/*.mat --model model.ts --json | jq '.ecgs[0].probabilities'";

/// `ecgfm predict`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_PREDICT)]
pub struct Predict {
    /// Parts of an archive (.hdf5), or segments (.mat).
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The model: what `ecgfm export` made of a checkpoint.
    #[arg(short, long, value_name = "MODEL.ts")]
    pub model: PathBuf,
    /// The model's label set, by name or file; as its card says if not given.
    #[arg(short, long, value_name = "SET")]
    pub labels: Option<String>,
    /// Only this exam of the .hdf5 files (repeatable).
    #[arg(short, long, value_name = "EXAM", allow_negative_numbers = true)]
    pub ecg: Vec<i64>,
    /// A label holds where its probability is above this.
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f64,
    /// Where to run: auto, cpu, cuda, cuda:1.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// What to compute in: auto, float32, bfloat16, float16, tf32.
    #[arg(long, default_value = "auto")]
    pub precision: String,
    /// Write the table here instead of standard output.
    #[arg(short, long, value_name = "FILE.csv")]
    pub output: Option<PathBuf>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
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
    /// Resamples of patients for the intervals.
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

const ABOUT_SYNTH: &str = "\
Every ECG is computed: a heart vector draws P, QRS and T loops beat by beat and is projected on twelve leads, so that \
III = II - I and the augmented leads hold; electrodes add baseline wander, mains hum and muscle noise. No patient is in it, \
and nothing learnt from it says anything about patients.

Labels come first and the ECG is built to meet them:
  1dAVb       PR over 200 ms
  RBBB, LBBB  wide QRS; rSR' in V1 and broad S in I and V6, or QS in V1 and broad notched R in I and V6
  SB, ST      sinus rhythm under 56, over 102 beats a minute
  AF          irregular, no P wave, fibrillatory waves
  normal_ecg  nothing abnormal; an ECG that is neither normal nor one of the six has another finding

What is written, in CODE-15's own shape:
  exams.csv, exams_part0.hdf5 ...   400 Hz, zero padding on both sides, a dummy row at the end of each part
  synth_truth.csv                   rate, PR, QRS, QT, axis, findings and R peaks of every exam
  faults.csv                        the faults that were planted, by exam
  SYNTHETIC.md, synth.json          that it is synthetic, and how to make it again

Examples:
  ecgfm synth --out data/sample --exams 2000 --mix balanced
  ecgfm synth --out data/bad --faults '{flat_lead: 5, nan: 5, swapped_leads: 5, short_recording: 5, missing_exam: 5}'
  ecgfm synth --out data/full --exams 345779
  ecgfm run code15 --profile full --set vars.raw=data/sample --set vars.checkpoint=...";

/// `ecgfm synth`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_SYNTH)]
pub struct Synth {
    /// Directory to write; it must not exist yet.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// How many exams, up to 4194304; CODE-15 has 345779.
    #[arg(long, default_value_t = 400)]
    pub exams: u32,
    /// The same options and seed give the same bytes, with any number of threads.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How often each label holds: `prevalence` (as in CODE-15), `balanced` (.15 each), or shares such as
    /// '{RBBB: 0.2, AF: 0.1, normal_ecg: 0.4}'.
    #[arg(long, default_value = "prevalence")]
    pub mix: String,
    /// Noise of the electrodes: 0 none, 1 as in a tidy archive, 3 bad.
    #[arg(long, default_value_t = 1.0)]
    pub noise: f64,
    /// Exams to plant a fault in, one fault each, such as '{flat_lead: 3, nan: 2}'. Also swapped_leads, short_recording,
    /// missing_exam, all_zero, wrong_trace_file, duplicate_id, duplicate_tracing.
    #[arg(long, default_value = "{}")]
    pub faults: String,
    /// Exams in one HDF5 part.
    #[arg(long, default_value_t = 20_000)]
    pub exams_per_part: u32,
    /// Share of recordings of 4096 samples (10.2 s); the others have 2934 (7.3 s).
    #[arg(long, default_value_t = 0.45)]
    pub long_share: f64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `ecgfm demo-model`
#[derive(Debug, Args)]
pub struct DemoModel {
    /// Directory to write demo.pt, demo.md and training_log.csv into.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Updates of the weights.
    #[arg(long, default_value_t = 1500, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub steps: u64,
    /// Segments an update.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batch: u16,
    /// Seed of the weights and of the ECGs to learn from.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1_000_000_000))]
    pub seed: u64,
    /// ECGs of another seed to measure the finished model on.
    #[arg(long, value_name = "ECGS", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub held_out: u64,
    /// Threads of libtorch; another number gives slightly other weights.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
}
