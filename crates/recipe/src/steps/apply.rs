//! Steps applied to one recording.

use super::check::CheckedRecipe;
use super::cut::{Rows, cut};
use super::filters::{design, subtract_baseline};
use super::lead_names::choose;
use super::normalize::normalize;
use super::resampling::{to_rate, to_samples};
use super::step::{MissingLead, RecipeStep, ResampleMethod};
use super::values;
use super::workspace::Workspace;
use crate::error::{Error, Result};
use crate::leads;
use crate::sample::Sample;
use crate::step::check_rate;
use crate::strip::strip;

/// The leads of one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadSignals {
    /// One name a lead, in any case.
    pub names: Vec<String>,
    /// Sample rate, in Hz.
    pub sample_rate: f64,
    /// Samples of each lead, in mV.
    pub leads: Vec<Vec<f64>>,
}

/// What a model is given of one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInput {
    /// Rows of a segment: leads, or 1 where they are put one after another.
    pub rows: usize,
    /// Samples of a row.
    pub samples: usize,
    /// Values of each segment, row after row.
    pub segments: Vec<Vec<f64>>,
}

impl ModelInput {
    /// All segments, each value rounded to the nearest float32.
    pub fn to_f32(&self) -> Vec<f32> {
        self.segments.iter().flatten().map(|v| *v as f32).collect()
    }
}

impl LeadSignals {
    /// The leads of samples in the standard twelve leads (sample-major), but for those `without`.
    pub fn of_standard_leads<S: Sample>(samples: &[S], sample_rate: f64, without: &[&str]) -> Self {
        let kept = || {
            leads::NAMES
                .iter()
                .enumerate()
                .filter(|(_, name)| !without.contains(name))
        };
        let lead = |(at, _): (usize, &&str)| {
            let values = samples.iter().skip(at).step_by(leads::COUNT);
            values.map(|v| v.to_f64()).collect()
        };
        Self {
            names: kept().map(|(_, name)| (*name).to_owned()).collect(),
            sample_rate,
            leads: kept().map(lead).collect(),
        }
    }
}

/// What the steps so far made of a recording.
#[derive(Clone)]
pub(super) struct Pieces {
    /// In Hz.
    rate: f64,
    names: Vec<String>,
    /// The recording, or its segments once it is cut.
    pieces: Vec<Rows>,
}

impl CheckedRecipe {
    /// Applies all steps to one recording.
    ///
    /// # Errors
    /// Leads of unequal length or without a name, a lead that the recipe needs and the recording lacks, a recording that is
    /// too short for a step, a rate that a step does not take, and missing values where they are refused.
    pub fn apply(&self, recording: &LeadSignals, work: &mut Workspace) -> Result<ModelInput> {
        let mut state = Pieces::new(recording.clone())?;
        for step in &self.all_steps() {
            state.take(step, work)?;
        }
        state.finish(self.samples())
    }
}

fn check_recording(recording: &LeadSignals) -> Result<()> {
    check_rate(recording.sample_rate)?;
    let samples = recording.leads.first().map_or(0, Vec::len);
    let unequal = recording.leads.iter().any(|lead| lead.len() != samples);
    if unequal || recording.names.len() != recording.leads.len() {
        return Err(Error::Shape {
            len: recording.leads.iter().map(Vec::len).sum(),
            leads: recording.names.len(),
        });
    }
    Ok(())
}

impl Pieces {
    /// A recording, before the first step.
    pub(super) fn new(recording: LeadSignals) -> Result<Self> {
        check_recording(&recording)?;
        Ok(Self {
            rate: recording.sample_rate,
            names: recording.names,
            pieces: vec![recording.leads],
        })
    }

    pub(super) fn take(&mut self, step: &RecipeStep, work: &mut Workspace) -> Result<()> {
        match step {
            RecipeStep::Leads {
                names,
                missing,
                derive,
            } => self.choose(names, *missing, *derive),
            RecipeStep::Segments { .. } => {
                let cuts = std::mem::take(&mut self.pieces)
                    .into_iter()
                    .map(|rows| cut(step, rows));
                self.pieces = cuts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
                Ok(())
            }
            RecipeStep::Resample { method, hz, samples } => self.resample(*method, (*hz, *samples), work),
            RecipeStep::Notch { .. } | RecipeStep::Butterworth { .. } | RecipeStep::Fir { .. } => {
                let filter = design(step, self.rate)?;
                self.each(|rows| filter.apply(step.name(), rows, &mut work.lanes))
            }
            RecipeStep::MissingValues { to } => self.each(|rows| values::replace_missing(rows, *to)),
            RecipeStep::RejectZeroStart { samples } => {
                self.each(|rows| values::reject_zero_start(rows, *samples))
            }
            _ => {
                let rate = self.rate;
                self.each(|rows| {
                    change(step, rows, rate, work);
                    Ok(())
                })
            }
        }
    }

    fn resample(
        &mut self,
        method: ResampleMethod,
        (hz, samples): (Option<f64>, Option<usize>),
        work: &mut Workspace,
    ) -> Result<()> {
        if let Some(hz) = hz {
            let rates = (std::mem::replace(&mut self.rate, hz), hz);
            return self.each(|rows| to_rate(method, rows, rates, work));
        }
        let Some(samples) = samples else { return Ok(()) };
        let first = self.pieces.first().and_then(|rows| rows.first());
        let n = first.map_or(0, Vec::len);
        self.rate *= samples as f64 / n.max(1) as f64;
        self.each(|rows| {
            to_samples(method, rows, samples, work);
            Ok(())
        })
    }

    fn each(&mut self, mut change: impl FnMut(&mut Rows) -> Result<()>) -> Result<()> {
        self.pieces.iter_mut().try_for_each(&mut change)
    }

    fn choose(&mut self, wanted: &[String], missing: MissingLead, derive: bool) -> Result<()> {
        let names = std::mem::replace(&mut self.names, wanted.to_vec());
        self.each(|rows| {
            *rows = choose((&names, rows), wanted, missing, derive)?;
            Ok(())
        })
    }

    pub(super) fn finish(self, samples: usize) -> Result<ModelInput> {
        let rows = self.pieces.first().map_or(0, Vec::len);
        if let Some(row) = self.pieces.iter().flatten().find(|row| row.len() != samples) {
            return Err(Error::Shape {
                len: row.len(),
                leads: rows,
            });
        }
        Ok(ModelInput {
            rows,
            samples,
            segments: self.pieces.into_iter().map(|rows| rows.concat()).collect(),
        })
    }
}

/// Steps that nothing in a recording can make fail.
fn change(step: &RecipeStep, rows: &mut Rows, rate: f64, work: &mut Workspace) {
    match step {
        RecipeStep::TrimPadding => trim(rows),
        RecipeStep::Scale {
            multiply,
            divide,
            round,
        } => values::scale(rows, *multiply, *divide, *round),
        RecipeStep::FlatToZero => values::flat_to_zero(rows),
        RecipeStep::MedianBaseline { seconds, round } => subtract_baseline(rows, seconds, *round, rate, work),
        RecipeStep::Clip { low, high } => values::clip(rows, low, high),
        RecipeStep::Affine { subtract, divide } => values::affine(rows, subtract, divide),
        RecipeStep::Normalize { .. } => normalize(step, rows),
        RecipeStep::Flatten => *rows = vec![rows.concat()],
        _ => {}
    }
}

/// Drops samples at both ends in which every lead is 0.
fn trim(rows: &mut Rows) {
    let samples = rows.first().map_or(0, Vec::len);
    let all_zero = |i: usize| rows.iter().all(|row| row[i] == 0.0);
    let marks: Vec<f64> = (0..samples)
        .map(|i| if all_zero(i) { 0.0 } else { 1.0 })
        .collect();
    let kept = strip(&marks, 1);
    rows.iter_mut().for_each(|row| *row = row[kept.clone()].to_vec());
}
