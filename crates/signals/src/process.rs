//! One exam: read its tracing, apply the recipe, judge the result.

use crate::catalog::Catalog;
use crate::doubts::{self, Doubt};
use crate::error::{Error, Result};
use crate::exams::{Exams, Job};
use crate::policy::{self, Action, Policy};
use crate::sink::PartSink;
use crate::{Doubtful, Params, SetAside, dataset};
use ecgfm_artifacts::quality::Row;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::quality::Quality;
use ecgfm_artifacts::recipe::recipe::{Recipe, Scratch};
use ecgfm_artifacts::recipe::trimmed::Trimmed;
use ecgfm_artifacts::rejected::Reason;
use serde::{Deserialize, Serialize};

/// Everything that the work on one exam depends on.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) params: &'a Params,
    pub(crate) policy: Policy,
    pub(crate) recipe: &'a Recipe,
    pub(crate) exams: &'a Exams,
    pub(crate) catalog: &'a Catalog,
}

/// Buffers of one worker.
#[derive(Default)]
pub(crate) struct Buffers {
    tracing: Vec<f32>,
    scratch: Scratch,
}

/// What is known about an exam that was kept. There may be hundreds of thousands of them: it is small.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) idx: usize,
    pub(crate) exam_id: i64,
    /// Its part in the catalogue.
    pub(crate) part: usize,
    /// Row in its part.
    pub(crate) hdf_ind: usize,
    /// Samples per lead of the trimmed recording.
    pub(crate) sample_size: usize,
    /// Number of segments.
    pub(crate) segments: usize,
    pub(crate) measured: Measured,
    /// What is doubtful about it.
    pub(crate) doubts: Vec<Doubt>,
}

impl Kept {
    /// Its rows of `quality.csv`.
    pub(crate) fn doubt_rows(&self) -> impl Iterator<Item = Row> {
        self.doubts.iter().map(|doubt| doubt.row(self.idx, self.exam_id))
    }
}

/// What was measured on the trimmed recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    /// Bits of the means of all leads, then of the deviations: in JSON too NaN is one of them.
    statistics: Box<[u32]>,
    /// Bit `i` is set where lead `i` is nothing but NaN.
    nan: u16,
    /// Bit `i` is set where lead `i` is constant.
    constant: u16,
    /// Whether any value is NaN.
    pub(crate) any_nan: bool,
}

impl Measured {
    fn new(quality: &Quality) -> Self {
        let bits = |flags: &[bool]| {
            flags
                .iter()
                .rev()
                .fold(0, |bits, flag| bits << 1 | u16::from(*flag))
        };
        let statistics = quality.mean.iter().chain(&quality.std);
        Self {
            statistics: statistics.map(|v| v.to_bits()).collect(),
            nan: bits(&quality.nan),
            constant: bits(&quality.constant),
            any_nan: quality.any_nan,
        }
    }

    /// Means of all leads, then deviations.
    pub(crate) fn statistics(&self) -> impl Iterator<Item = f32> {
        self.statistics.iter().map(|bits| f32::from_bits(*bits))
    }

    /// Whether each lead is nothing but NaN.
    pub(crate) fn nan(&self) -> impl Iterator<Item = bool> {
        flags(self.nan)
    }

    /// Whether each lead is constant.
    pub(crate) fn constant(&self) -> impl Iterator<Item = bool> {
        flags(self.constant)
    }

    /// Whether a lead is constant.
    pub(crate) fn any_constant_lead(&self) -> bool {
        self.constant != 0
    }
}

fn flags(bits: u16) -> impl Iterator<Item = bool> {
    (0..leads::COUNT).map(move |lead| bits >> lead & 1 == 1)
}

/// An exam after the work.
pub(crate) enum Made {
    /// Kept; its segments are in the store.
    Kept(Kept),
    /// Set aside.
    Rejected(SetAside),
}

impl Work<'_> {
    /// Works on one exam. Errors are the store's and the system's; what is wrong with the exam makes it [`Made::Rejected`].
    pub(crate) fn exam(&self, job: &Job, out: &mut PartSink<'_>, buffers: &mut Buffers) -> Result<Made> {
        let reject = |reason, detail| self.set_aside(job, reason, detail);
        if let Err(detail) = self.read(job, &mut buffers.tracing)? {
            return reject(Reason::UnreadableTracing, detail);
        }
        let trimmed = match self.recipe.trim(&buffers.tracing, &mut buffers.scratch) {
            Ok(trimmed) => trimmed,
            Err(e) => return reject(Reason::UnreadableTracing, e.to_string()),
        };
        let quality = trimmed.measure();
        if let Some((reason, detail)) = self.fault(&trimmed, &quality) {
            return reject(reason, detail);
        }
        let doubts = doubts::find(&trimmed, &quality, self.recipe.leads());
        let unwanted = |doubt: &&Doubt| self.policy.action(doubt.check.reason()) != Action::Flag;
        if let Some(doubt) = doubts.iter().find(unwanted) {
            return reject(doubt.check.reason(), doubt.to_string());
        }
        let kept = Kept {
            idx: job.idx,
            exam_id: job.exam_id,
            part: job.place.part,
            hdf_ind: job.place.row,
            sample_size: trimmed.org_samples(),
            segments: trimmed.segment_count(),
            measured: Measured::new(&quality),
            doubts,
        };
        out.put(job, trimmed, quality)?;
        Ok(Made::Kept(kept))
    }

    /// Sets an exam aside, or ends the stage.
    fn set_aside(&self, job: &Job, reason: Reason, detail: String) -> Result<Made> {
        if self.policy.action(reason) != Action::Fail {
            return Ok(Made::Rejected(self.exams.rejected(job.idx, reason, detail)));
        }
        let part = self.catalog.part(job.place);
        let path = part.map_or_else(|| self.params.raw.clone(), |part| part.path().to_owned());
        let (row, exam, line) = (job.place.row, job.exam_id, self.exams.line(job.idx));
        let detail = detail
            .strip_prefix(&format!("{}: ", path.display()))
            .unwrap_or(&detail);
        let what = format!("row {row}, exam {exam} (line {line} of exams.csv): {detail}");
        let help = Some(policy::advice(reason));
        Err(Error::BadInput { path, what, help })
    }

    /// Reads the tracing, or says what is wrong with it. What the system is at fault for is an error.
    fn read(&self, job: &Job, tracing: &mut Vec<f32>) -> Result<std::result::Result<(), String>> {
        let Some(part) = self.catalog.part(job.place) else {
            return Ok(Err("its part is not open".to_owned()));
        };
        tracing.resize(part.row_len(), 0.0);
        match part.read_row(job.place.row, tracing) {
            Err(error) if error.fault().is_some() => Err(error.into()),
            read => Ok(read.map_err(|error| error.to_string())),
        }
    }

    /// Why a recording is not to be kept, if it is not.
    fn fault(&self, trimmed: &Trimmed<'_>, quality: &Quality) -> Option<(Reason, String)> {
        let samples = trimmed.org_samples();
        if quality.all_zero && self.params.all_zero == Doubtful::Reject {
            return Some((Reason::AllZero, format!("all {samples} samples are 0")));
        }
        if let Some((sample, lead)) = quality
            .not_finite
            .filter(|_| self.params.not_finite == Doubtful::Reject)
        {
            let value = trimmed.org()[sample * trimmed.leads() + lead];
            let name = leads::NAMES[self.recipe.leads()[lead]];
            let sample = trimmed.kept().start + sample;
            return Some((
                Reason::NotFinite,
                format!("sample {sample} of lead {name} is {value}"),
            ));
        }
        if trimmed.segment_count() == 0 {
            let rate = dataset::SAMPLE_RATE;
            let seconds = samples as f64 / f64::from(rate);
            let wanted = self.params.segment_seconds;
            let detail = format!("{samples} samples at {rate} Hz are {seconds} s; a segment is {wanted} s");
            return Some((Reason::TooShort, detail));
        }
        None
    }
}
