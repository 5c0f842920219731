//! Stage `signals`: raw recordings to standardised segments, and a table of what was kept.
//!
//! Reads a CODE-15 release: `exams.csv` and its HDF5 parts. Writes `meta.csv`, `segmented.csv`, `rejected.csv`,
//! `quality.csv` and the segment store. What is computed is [`ecgfm_artifacts::recipe::recipe`]; this module decides which tracing belongs
//! to which exam, what to do where that is doubtful, and in which order to read.
//!
//! Every exam of `exams.csv` is either kept or named in `rejected.csv` with a [`Reason`]; what is doubtful about one that
//! is kept is in `quality.csv`. Its `idx` is its row number
//! in `exams.csv`, whatever happens to other rows. Tables are in the order of `exams.csv`. Recordings are read, and
//! packed segments stored, in the order of the parts and of the rows in them: a release is then read from front to
//! back, by several workers each at a stretch of its own, which a disk likes and a compressed part needs.

mod catalog;
mod dataset;
mod doubts;
mod error;
mod exams;
mod journal;
mod mat;
mod policy;
mod process;
mod sink;
mod stream;
mod tables;

use catalog::Catalog;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::recipe::{MAX_SAMPLE_RATE, Options, Recipe};
use ecgfm_artifacts::recipe::standardize::ConstantLeads;
use ecgfm_artifacts::rejected::{Reason, Rejected};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::store::{About, MAT_DIR, PACKED_DIR};
use ecgfm_artifacts::{quality, rejected, segments};
pub use error::{Error, Result};
use exams::{Exams, Located};
use policy::Policy;
pub use policy::{Action, Doubtful, OnBad, UnreadableParts};
use process::Kept;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Directories of samples, of every store: the stage makes them again to the byte.
pub const SAMPLE_DIRS: &[&str] = &[PACKED_DIR, MAT_DIR, mat::ORG_DIR, mat::PREPROCESSED_DIR];

/// Where the segments go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// Float32 segments in a few large `.npy` files.
    #[default]
    Packed,
    /// The same in float16: half the size, within 2^-11 of every value. What that costs in the run is recorded.
    Packed16,
    /// No samples at all: segments are computed from the raw files when they are read, to the same bits as `packed`.
    View,
    /// One `.mat` file for each recording, preprocessed recording and segment, as the Python scripts write them.
    Mat,
}

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Shape of the raw data; `code15` is the only one known.
    #[schemars(extend("enum" = [dataset::NAME]))]
    #[serde(default = "default_dataset")]
    pub dataset: String,
    /// Directory of `exams.csv` and the parts.
    pub raw: PathBuf,
    /// Sample rate of the segments, in Hz.
    #[schemars(range(min = 1, max = MAX_SAMPLE_RATE))]
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u32,
    /// Length of a segment, in seconds; it must be a whole number of samples.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default = "default_segment_seconds")]
    pub segment_seconds: f64,
    /// Names of the leads to keep (I, II, III, aVR, aVL, aVF, V1 to V6), always stored in that order; all twelve if not given.
    #[serde(default)]
    pub leads: Option<Vec<String>>,
    /// What becomes of a lead that never changes.
    #[serde(default)]
    pub constant_leads: ConstantLeads,
    /// Whether every lead is brought to mean 0 and deviation 1 over its recording.
    #[serde(default = "default_standardize")]
    pub standardize: bool,
    /// Where the segments go.
    #[serde(default)]
    pub store: Store,
    /// What to do with recordings in which every sample is 0.
    #[serde(default)]
    pub all_zero: Doubtful,
    /// What to do with recordings that hold a NaN or an infinity, which standardising spreads over the lead.
    #[serde(default)]
    pub not_finite: Doubtful,
    /// What to do with parts that are damaged, cut short or no HDF5: `fail`, where neither this nor `on_bad` says otherwise.
    #[serde(default)]
    pub unreadable_parts: Option<UnreadableParts>,
    /// Whether an exam with which something is wrong is set aside or ends the stage, for all reasons or one by one.
    #[serde(default)]
    pub on_bad: OnBad,
    /// Worker threads; as many as processors if not given. The result does not depend on it.
    #[schemars(range(min = 1))]
    #[serde(default)]
    pub threads: Option<usize>,
}

fn default_dataset() -> String {
    "code15".to_owned()
}

fn default_sample_rate() -> u32 {
    500
}

fn default_segment_seconds() -> f64 {
    5.0
}

fn default_standardize() -> bool {
    true
}

impl Params {
    /// All defaults, on the raw data in `raw`.
    pub fn new(raw: impl Into<PathBuf>) -> Self {
        Self {
            dataset: default_dataset(),
            raw: raw.into(),
            sample_rate: default_sample_rate(),
            segment_seconds: default_segment_seconds(),
            leads: None,
            constant_leads: ConstantLeads::default(),
            standardize: default_standardize(),
            store: Store::default(),
            all_zero: Doubtful::default(),
            not_finite: Doubtful::default(),
            unreadable_parts: None,
            on_bad: OnBad::default(),
            threads: None,
        }
    }

    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// An unknown data set or lead, a rate or length that makes no sense, no threads, an `on_bad` that contradicts itself.
    pub fn check(&self) -> Result<()> {
        Policy::new(self)?;
        self.recipe().map(drop)
    }

    /// The columns of `meta.csv`, given those of the raw table.
    pub fn columns(&self, raw: &[String]) -> Vec<String> {
        tables::header(raw, self.lead_count())
    }

    /// How many leads are kept.
    pub fn lead_count(&self) -> usize {
        self.leads.as_ref().map_or(leads::COUNT, Vec::len)
    }

    fn recipe(&self) -> Result<Recipe> {
        if self.dataset != dataset::NAME {
            let what = format!(
                "is `{}`; the only data set known is `{}`",
                self.dataset,
                dataset::NAME
            );
            return Err(Error::parameter("dataset", what));
        }
        if self.threads == Some(0) {
            return Err(Error::parameter(
                "threads",
                "is 0; leave it out to use every processor",
            ));
        }
        let leads = self
            .leads
            .as_deref()
            .map(leads::select)
            .transpose()
            .map_err(refused)?;
        let options = Options {
            source_rate: dataset::SAMPLE_RATE,
            target_rate: self.sample_rate,
            segment_seconds: self.segment_seconds,
            leads,
            constant_leads: self.constant_leads,
            standardize: self.standardize,
        };
        Recipe::new(options).map_err(refused)
    }
}

/// The recipe names the parameter itself: `leads: …`.
fn refused(error: ecgfm_artifacts::recipe::Error) -> Error {
    let name = match error {
        ecgfm_artifacts::recipe::Error::SampleRate { .. } => "sample_rate",
        ecgfm_artifacts::recipe::Error::SegmentLength { .. } => "segment_seconds",
        _ => "leads",
    };
    let text = error.to_string();
    let what = text
        .strip_prefix(name)
        .and_then(|t| t.strip_prefix(": "))
        .unwrap_or(&text);
    Error::parameter(name, format!("is refused: {what}"))
}

/// The columns of the raw table in the directory `raw`, by its header alone.
///
/// # Errors
/// There is no such directory, or no usable table or no part in it.
pub fn raw_columns(raw: &Path) -> Result<Vec<String>> {
    let columns = exams::columns(raw)?;
    catalog::named_parts(raw)?;
    Ok(columns)
}

/// An exam set aside: its row number in `exams.csv`, and what the table says about it.
type SetAside = (usize, Rejected);

/// Runs the stage.
///
/// # Errors
/// A parameter that makes no sense; raw data that are missing, unreadable or leave no exam; a bad exam where the
/// parameters say that it ends the stage; I/O; interruption.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let recipe = params.recipe()?;
    let policy = Policy::new(params)?;
    let exams = Exams::read(&params.raw)?;
    let catalog = Catalog::open(&params.raw)?;
    check_parts(params, &policy, &catalog, ctx)?;
    let mut located = exams.locate(&catalog);
    let fails = |(_, row): &&SetAside| policy.action(row.reason) == Action::Fail;
    if let Some((idx, row)) = located.rejected.iter().find(fails) {
        return Err(exams.failure(&params.raw, *idx, row));
    }
    let home = sink::Home::new(ctx.home, params.store)?;
    ctx.progress.begin(exams.len() as u64, "exams");
    ctx.progress.advance(located.rejected.len() as u64);
    let work = process::Work {
        params,
        policy,
        recipe: &recipe,
        exams: &exams,
        catalog: &catalog,
    };
    let streamed = stream::stream(&work, &located.jobs, ctx)?;
    let mut set_aside = std::mem::take(&mut located.rejected);
    set_aside.extend(streamed.rejected);
    set_aside.sort_by_key(|(idx, _)| *idx);
    let mut kept: Vec<&Kept> = streamed.kept.iter().flatten().collect();
    kept.sort_by_key(|k| k.idx);
    if kept.is_empty() {
        return Err(nothing_left(params, &exams, &set_aside));
    }
    let mut cuts = home.segments(kept.iter().copied(), recipe.segment_samples());
    segments::write(&ctx.out.join(segments::FILE), &mut cuts)?;
    about(params).write(&ctx.out.join(match params.store {
        Store::Mat => MAT_DIR,
        Store::Packed | Store::Packed16 | Store::View => PACKED_DIR,
    }))?;
    let meta = ctx.out.join(ecgfm_artifacts::records::FILE);
    tables::write_meta(&meta, &exams, &kept, &recipe, &home)?;
    let rows: Vec<Rejected> = set_aside.into_iter().map(|(_, r)| r).collect();
    rejected::write(&ctx.out.join(rejected::FILE), &rows)?;
    let doubts: Vec<quality::Row> = kept.iter().flat_map(|k| k.doubt_rows()).collect();
    quality::write(&ctx.out.join(quality::FILE), &doubts)?;
    let done = outcome(&exams, &located, &catalog, &kept, &rows).count("segments", cuts.len());
    Ok(match params.store {
        Store::Packed16 => done.fact("largest_error_of_float16", streamed.largest_error),
        Store::Packed | Store::View | Store::Mat => done,
    })
}

/// What the segments are. An archive that a program made says so by a file beside its parts.
fn about(params: &Params) -> About {
    let synthetic = dataset::SYNTHETIC
        .iter()
        .any(|name| params.raw.join(name).exists());
    let mut about = About::new(params.sample_rate, params.segment_seconds, params.standardize);
    about.notice =
        synthetic.then(|| "SYNTHETIC: a program made these ECGs, they are no patients'.".to_owned());
    about
}

/// Parts that cannot be read end the stage, or are named once.
fn check_parts(params: &Params, policy: &Policy, catalog: &Catalog, ctx: &Context<'_>) -> Result<()> {
    for (name, why) in catalog.unreadable() {
        if policy.action(Reason::UnreadablePart) == Action::Fail {
            let path = params.raw.join(name);
            return Err(Error::BadInput {
                what: why
                    .trim_start_matches(&format!("{}: ", path.display()))
                    .to_owned(),
                path,
                help: Some("or set `unreadable_parts: reject` to go on without its exams".to_owned()),
            });
        }
        ctx.progress
            .note(&format!("{name} cannot be read, its exams are set aside: {why}"));
    }
    Ok(())
}

fn outcome(
    exams: &Exams,
    located: &Located,
    catalog: &Catalog,
    kept: &[&Kept],
    rows: &[Rejected],
) -> Outcome {
    let kept_if = |test: &dyn Fn(&Kept) -> bool| kept.iter().filter(|k| test(k)).count();
    let mut outcome = Outcome::default()
        .count("read", exams.len())
        .count("kept", kept.len())
        .count("rejected", rows.len())
        .count(
            "kept_with_constant_leads",
            kept_if(&|k| k.measured.any_constant_lead()),
        )
        .count("flagged", kept_if(&|k| !k.doubts.is_empty()))
        .count("parts", catalog.len());
    for (reason, n) in by_reason(rows.iter()) {
        outcome = outcome.count(&format!("rejected_{}", reason.as_str()), n);
    }
    let doubts = Reason::ALL.into_iter().filter(|reason| reason.is_doubt());
    let doubts = doubts.map(|reason| {
        let n = kept_if(&|k| k.doubts.iter().any(|doubt| doubt.check.reason() == reason));
        (format!("flagged_{}", reason.as_str()), n)
    });
    let further = doubts.chain([("tracings_without_exam".to_owned(), located.unlisted)]);
    further
        .filter(|(_, n)| *n > 0)
        .fold(outcome, |outcome, (name, n)| outcome.count(&name, n))
}

fn by_reason<'a>(rows: impl Iterator<Item = &'a Rejected>) -> BTreeMap<Reason, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.reason).or_insert(0) += 1;
    }
    counts
}

fn nothing_left(params: &Params, exams: &Exams, set_aside: &[SetAside]) -> Error {
    let what = match set_aside.first() {
        None => "the table has no exam".to_owned(),
        Some((_, first)) => {
            let counts = by_reason(set_aside.iter().map(|(_, r)| r));
            let counts: Vec<String> = counts
                .iter()
                .map(|(r, n)| format!("{n} {}", r.as_str()))
                .collect();
            let (all, counts) = (exams.len(), counts.join(", "));
            format!(
                "none of {all} exams can be used: {counts}. The first, {}: {}",
                first.exam_id, first.detail
            )
        }
    };
    let help = "check that exams.csv and the parts beside it belong together and were downloaded whole";
    Error::BadInput {
        path: params.raw.join(dataset::EXAMS_FILE),
        what,
        help: Some(help.to_owned()),
    }
}
