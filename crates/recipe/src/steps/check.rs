//! Steps checked before there is any recording.

use super::step::{MAX_WIDTH, PassBand, RecipeStep, ResampleMethod, Scope, Take};
use crate::error::{Error, Result};
use crate::filter::{Band, MAX_ORDER};
use crate::leads;
use crate::step::{MAX_SEGMENT_SAMPLES, check_rate};

/// Steps that make sense.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedRecipe {
    steps: Vec<RecipeStep>,
    rows: usize,
    samples: usize,
    rate: Option<f64>,
    seconds: Option<f64>,
}

impl CheckedRecipe {
    pub(super) fn new(steps: &[RecipeStep]) -> Result<Self> {
        let mut known = Known::default();
        for (i, step) in steps.iter().enumerate() {
            known.take(step, i).map_err(|problem| Error::StepValue {
                step: step.name(),
                problem,
            })?;
        }
        let samples = known.samples.ok_or(Error::OpenLength)?;
        let rows = if known.flat { 1 } else { known.lead_count() };
        Ok(Self {
            steps: steps.to_vec(),
            rows,
            samples,
            rate: known.rate,
            seconds: known.seconds,
        })
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[RecipeStep] {
        &self.steps
    }

    /// Rows of what the model is given: leads, or 1 where they are put one after another.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Samples of a row of what the model is given.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Sample rate of what the model is given, in Hz; none where it depends on the recording.
    pub fn sample_rate(&self) -> Option<f64> {
        self.rate
    }

    /// Seconds of a recording that a segment holds; none where they depend on the recording.
    pub fn seconds(&self) -> Option<f64> {
        self.seconds
    }
}

/// What is known of a recording after the steps so far.
#[derive(Debug, Default)]
struct Known {
    /// In Hz; none while it is the recording's own.
    rate: Option<f64>,
    /// Samples a row; none while it depends on the recording.
    samples: Option<usize>,
    /// Seconds of a segment; none before the cut, and where they depend on the recording.
    seconds: Option<f64>,
    leads: Option<usize>,
    cut: bool,
    flat: bool,
}

type Checked = std::result::Result<(), String>;

fn refuse_if(wrong: bool, problem: impl Into<String>) -> Checked {
    if wrong { Err(problem.into()) } else { Ok(()) }
}

/// A number that is neither NaN nor infinite, and above 0.
fn is_above_zero(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

impl Known {
    fn lead_count(&self) -> usize {
        self.leads.unwrap_or(leads::COUNT)
    }

    fn take(&mut self, step: &RecipeStep, place: usize) -> Checked {
        match step {
            RecipeStep::TrimPadding => refuse_if(place > 0, "can only be the first step"),
            RecipeStep::Leads { names, .. } => self.take_leads(names),
            RecipeStep::MissingValues { .. } | RecipeStep::FlatToZero => Ok(()),
            RecipeStep::RejectZeroStart { samples } => check_samples(*samples),
            RecipeStep::Scale { multiply, divide, .. } => refuse_if(
                !multiply.is_finite() || !is_above_zero(divide.abs()),
                "multiply and divide must be numbers, and divide not 0",
            ),
            RecipeStep::Notch { hz, q } => {
                refuse_if(!is_above_zero(*q), format!("q: {q} is not above 0"))?;
                self.check_band(Band::Low(*hz))
            }
            RecipeStep::Butterworth { pass, order, hz, .. } => self.check_butterworth(*pass, *order, hz),
            RecipeStep::Fir { seconds, hz } => {
                check_widths(&[*seconds])?;
                self.check_band(Band::Between(hz[0], hz[1]))
            }
            RecipeStep::MedianBaseline { seconds, .. } => check_widths(seconds),
            RecipeStep::Resample { method, hz, samples } => self.take_resample(*method, *hz, *samples),
            RecipeStep::Clip { low, high } => {
                let ordered = low.iter().zip(high).all(|(l, h)| l <= h);
                refuse_if(!ordered, "low must not be above high")?;
                self.check_lists(low, high)
            }
            RecipeStep::Affine { subtract, divide } => {
                let zero = divide.iter().any(|d| !is_above_zero(d.abs()));
                refuse_if(zero, "divide: a lead cannot be divided by 0")?;
                self.check_lists(subtract, divide)
            }
            RecipeStep::Normalize { over, to, eps, .. } => self.check_normalize(*over, *to, *eps),
            RecipeStep::Segments { .. } => self.take_segments(step),
            RecipeStep::Flatten => self.take_flatten(),
            RecipeStep::ScaleByBatch => refuse_if(
                true,
                "looks at other ECGs: the same ECG would come out differently in other company; scale by fixed numbers \
                 (`affine`) or by the ECG itself (`normalize`)",
            ),
        }
    }

    fn take_leads(&mut self, names: &[String]) -> Checked {
        refuse_if(self.leads.is_some(), "leads are selected once")?;
        refuse_if(self.flat, "cannot follow `flatten`")?;
        refuse_if(names.is_empty(), "names: the list is empty")?;
        for (i, name) in names.iter().enumerate() {
            let repeated = names[..i].iter().any(|n| n.eq_ignore_ascii_case(name));
            refuse_if(repeated, format!("names: {name} appears twice"))?;
            let known = leads::position(name).is_some();
            refuse_if(
                !known,
                format!(
                    "names: `{name}` is not a lead; the leads are {}",
                    leads::NAMES.join(", ")
                ),
            )?;
        }
        self.leads = Some(names.len());
        Ok(())
    }

    /// Edges are checked as far as the rate is known; against a recording's own when it is read.
    fn check_band(&self, band: Band) -> Checked {
        let rate = self.rate.unwrap_or(f64::from(crate::step::MAX_SAMPLE_RATE));
        band.check(rate).map_err(|e| e.to_string())
    }

    fn check_butterworth(&self, pass: PassBand, order: usize, hz: &[f64]) -> Checked {
        let orders = 1..=MAX_ORDER;
        refuse_if(
            !orders.contains(&order),
            format!("order: {order} is not from 1 to {MAX_ORDER}"),
        )?;
        let band = pass.band(hz).ok_or("hz: give one edge, for `pass: band` two")?;
        self.check_band(band)
    }

    fn take_resample(&mut self, method: ResampleMethod, hz: Option<f64>, samples: Option<usize>) -> Checked {
        let by_factor = matches!(method, ResampleMethod::IirDecimate | ResampleMethod::Stride);
        match (hz, samples) {
            (Some(hz), None) => {
                check_rate(hz).map_err(|e| e.to_string())?;
                let known = self.samples.zip(self.rate);
                self.samples = known.map(|(n, rate)| method.resampled_len(n, rate, hz));
                self.rate = Some(hz);
                Ok(())
            }
            (None, Some(samples)) => {
                refuse_if(by_factor, "samples: this method takes hz")?;
                check_samples(samples)?;
                let known = self.samples.zip(self.rate);
                self.rate = known.map(|(n, rate)| rate * samples as f64 / n as f64);
                self.samples = Some(samples);
                Ok(())
            }
            _ => Err("give either hz or samples".to_owned()),
        }
    }

    fn check_lists(&self, a: &[f64], b: &[f64]) -> Checked {
        let count = self.lead_count();
        refuse_if(self.flat, "cannot follow `flatten`")?;
        let wrong = a.len() != count || b.len() != count;
        refuse_if(wrong, format!("give one number for each of {count} leads"))?;
        refuse_if(a.iter().chain(b).any(|v| !v.is_finite()), "give numbers")
    }

    fn check_normalize(&self, over: Scope, to: [f64; 2], eps: f64) -> Checked {
        let ordered = to[0] < to[1] && (to[1] - to[0]).is_finite();
        refuse_if(!ordered, "to: give the lower end first")?;
        refuse_if(!(eps >= 0.0 && eps.is_finite()), "eps: give 0 or more")?;
        let late = over == Scope::Record && self.cut;
        refuse_if(
            late,
            "over: after `segments` there is no record; say `segment`, or move the step before it",
        )?;
        let early = over == Scope::Segment && !self.cut;
        refuse_if(
            early,
            "over: before `segments` there is no segment; say `record`, or move the step after it",
        )
    }

    fn take_segments(&mut self, step: &RecipeStep) -> Checked {
        let RecipeStep::Segments {
            take,
            samples,
            count,
            every,
            ..
        } = step
        else {
            return Ok(());
        };
        refuse_if(self.cut, "a recording is cut once")?;
        refuse_if(self.flat, "cannot follow `flatten`")?;
        check_samples(*samples)?;
        let even = *take == Take::Even;
        refuse_if(
            even != count.is_some_and(|n| n > 0),
            "count: `take: even` takes it, above 0; no other does",
        )?;
        let stride = *take == Take::Stride;
        refuse_if(
            stride != every.is_some_and(|n| n > 0),
            "every: `take: stride` takes it, above 0; no other does",
        )?;
        (self.cut, self.samples) = (true, Some(*samples));
        self.seconds = self.rate.map(|rate| *samples as f64 / rate);
        Ok(())
    }

    fn take_flatten(&mut self) -> Checked {
        refuse_if(self.flat, "can appear once")?;
        self.samples = self.samples.map(|n| n * self.lead_count());
        self.flat = true;
        Ok(())
    }
}

fn check_widths(seconds: &[f64]) -> Checked {
    let fit = !seconds.is_empty() && seconds.iter().all(|s| is_above_zero(*s) && *s <= MAX_WIDTH);
    refuse_if(
        !fit,
        format!("seconds: give widths above 0 and up to {MAX_WIDTH}"),
    )
}

fn check_samples(samples: usize) -> Checked {
    let fits = (1..=MAX_SEGMENT_SAMPLES).contains(&samples);
    refuse_if(
        !fits,
        format!("samples: {samples} is not from 1 to {MAX_SEGMENT_SAMPLES}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<CheckedRecipe> {
        CheckedRecipe::new(&serde_yaml::from_str::<Vec<RecipeStep>>(text).unwrap())
    }

    fn refused(text: &str) -> String {
        checked(text).unwrap_err().to_string()
    }

    const CUT: &str = "{step: segments, take: first, samples: 100}";

    #[test]
    fn what_cannot_work_is_refused_before_any_recording() {
        for (steps, problem) in [
            ("[]".to_owned(), "length"),
            ("[{step: notch, hz: 50, q: 30}]".to_owned(), "length"),
            (format!("[{CUT}, {CUT}]"), "segments: a recording is cut once"),
            (
                format!("[{CUT}, {{step: trim_padding}}]"),
                "can only be the first step",
            ),
            (
                format!("[{CUT}, {{step: normalize, kind: z_score, over: record}}]"),
                "there is no record",
            ),
            (
                format!("[{{step: normalize, kind: z_score, over: segment}}, {CUT}]"),
                "there is no segment",
            ),
            (
                format!("[{{step: resample, method: fft, hz: 90}}, {{step: notch, hz: 50, q: 30}}, {CUT}]"),
                "edges of a filter",
            ),
        ] {
            let message = refused(&steps);
            assert!(message.contains(problem), "{steps}: {message}");
        }
    }

    #[test]
    fn parameters_that_make_no_sense_are_refused_before_any_recording() {
        for (steps, problem) in [
            (
                format!("[{{step: resample, method: stride, samples: 9}}, {CUT}]"),
                "this method takes hz",
            ),
            (
                format!("[{{step: resample, method: fft}}, {CUT}]"),
                "either hz or samples",
            ),
            (
                format!("[{{step: butterworth, pass: band, order: 4, hz: [1], form: ba}}, {CUT}]"),
                "one edge",
            ),
            (
                format!("[{{step: leads, names: [I, i]}}, {CUT}]"),
                "appears twice",
            ),
            (format!("[{{step: leads, names: [V9]}}, {CUT}]"), "is not a lead"),
            (
                format!("[{{step: clip, low: [0], high: [1]}}, {CUT}]"),
                "each of 12 leads",
            ),
            (
                format!("[{{step: median_baseline, seconds: [], round: down}}, {CUT}]"),
                "seconds: give widths",
            ),
            (format!("[{CUT}, {{step: flatten}}, {{step: flatten}}]"), "once"),
            ("[{step: segments, take: even, samples: 9}]".to_owned(), "count"),
        ] {
            let message = refused(&steps);
            assert!(message.contains(problem), "{steps}: {message}");
        }
    }

    #[test]
    fn a_step_that_looks_at_other_ecgs_is_refused_with_the_reason() {
        for step in ["scale_by_batch", "standard_scaler", "batch_scale"] {
            let message = refused(&format!("[{{step: {step}}}, {CUT}]"));
            assert!(
                message.starts_with("scale_by_batch: looks at other ECGs: the same ECG"),
                "{message}"
            );
        }
    }

    #[test]
    fn the_length_of_what_is_made_follows_from_the_steps() {
        let steps = format!(
            "[{{step: resample, method: fft, hz: 500}}, {CUT}, {{step: flatten}}, {{step: resample, method: iir_decimate, hz: 100}}]"
        );
        let recipe = checked(&steps).unwrap();
        assert_eq!((recipe.rows(), recipe.samples()), (1, 240));
        let two = format!("[{{step: leads, names: [I, V1]}}, {CUT}]");
        assert_eq!(checked(&two).unwrap().rows(), 2);
    }
}
