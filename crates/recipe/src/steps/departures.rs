//! Plausible mistakes in following a recipe, as recipes of their own: what a model is given where one is made.

use super::list::RecipeSteps;
use super::step::{MissingLead, RecipeStep, ResampleMethod, Scope};

/// Leads in the order of MIMIC-IV-ECG's files, in which aVF stands before aVL.
const MIMIC_ORDER: [&str; 12] = [
    "I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// A plausible mistake in following a recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Departure {
    /// Name, in words and underscores.
    pub name: &'static str,
    /// What is done wrongly.
    pub about: &'static str,
    /// The steps as they are then taken, or why the mistake cannot be made with this recipe.
    pub steps: Result<RecipeSteps, String>,
}

/// How a recipe is departed from: its steps, or why they do not allow it.
type Change = fn(&[RecipeStep]) -> Result<Vec<RecipeStep>, String>;

/// Name, description and change of every mistake.
const ALL: [(&str, &str, Change); 14] = [
    ("normalize_by_lead", "normalised lead by lead", |steps| {
        normalize_over(steps, Scope::Lead)
    }),
    (
        "normalize_all_leads",
        "normalised over all leads together",
        normalize_all_leads,
    ),
    (
        "normalize_by_segment",
        "normalised segment by segment, after the cut",
        normalize_after_cut,
    ),
    (
        "normalize_by_recording",
        "normalised over the whole recording, before the cut",
        normalize_before_cut,
    ),
    ("no_normalization", "not normalised", |steps| {
        without(steps, "normalises nothing", |step| {
            matches!(step, RecipeStep::Normalize { .. })
        })
    }),
    (
        "rate_read_too_low",
        "rate read too low: 500 Hz taken for 400 Hz",
        |steps| at_wrong_rate(steps, 500.0 / 400.0),
    ),
    (
        "rate_read_too_high",
        "rate read too high: 400 Hz taken for 500 Hz",
        |steps| at_wrong_rate(steps, 400.0 / 500.0),
    ),
    ("resample_linear", "resampled by straight lines", |steps| {
        resample_by(steps, ResampleMethod::Linear)
    }),
    ("resample_fft", "resampled by Fourier transform", |steps| {
        resample_by(steps, ResampleMethod::Fft)
    }),
    ("resample_polyphase", "resampled by a finite filter", |steps| {
        resample_by(steps, ResampleMethod::Polyphase)
    }),
    (
        "resample_stride",
        "decimated by taking every nth sample, unfiltered",
        |steps| resample_by(steps, ResampleMethod::Stride),
    ),
    ("no_filter", "not filtered, and the baseline kept", |steps| {
        without(steps, "filters nothing", is_filter)
    }),
    ("leads_exchanged", "aVL and aVF exchanged", exchange_leads),
    ("microvolts", "microvolts taken for millivolts", |steps| {
        Ok(put_first(
            steps,
            RecipeStep::Scale {
                multiply: 1000.0,
                divide: 1.0,
                round: false,
            },
        ))
    }),
];

impl RecipeSteps {
    /// The plausible mistakes in following the recipe: in the rate, the unit and the order of leads that a recording is taken to
    /// have, the scope of normalising, resampling and filtering.
    ///
    /// ```
    /// let departures = ecgfm_recipe::steps::built_in("ecg_fm").unwrap().departures();
    /// let filter = departures.iter().find(|departure| departure.name == "no_filter").unwrap();
    /// assert_eq!(filter.steps.as_ref().unwrap_err(), "the recipe filters nothing");
    /// ```
    pub fn departures(&self) -> Vec<Departure> {
        let of = |&(name, about, change): &(&'static str, &'static str, Change)| Departure {
            name,
            about,
            steps: self.departed_by(change),
        };
        ALL.iter().map(of).collect()
    }

    fn departed_by(&self, change: Change) -> Result<RecipeSteps, String> {
        let changed = Self(change(&self.0)?);
        if changed == *self {
            return Err("the recipe does just that".to_owned());
        }
        changed.check().map_err(|e| e.to_string())?;
        Ok(changed)
    }
}

fn is_filter(step: &RecipeStep) -> bool {
    matches!(
        step,
        RecipeStep::Notch { .. }
            | RecipeStep::Butterworth { .. }
            | RecipeStep::Fir { .. }
            | RecipeStep::MedianBaseline { .. }
    )
}

/// The steps without some.
fn without(
    steps: &[RecipeStep],
    lacks: &str,
    leave_out: fn(&RecipeStep) -> bool,
) -> Result<Vec<RecipeStep>, String> {
    let kept: Vec<RecipeStep> = steps.iter().filter(|step| !leave_out(step)).cloned().collect();
    match kept.len() == steps.len() {
        true => Err(format!("the recipe {lacks}")),
        false => Ok(kept),
    }
}

/// The steps with one before them; dropping an archive's padding stays the first.
fn put_first(steps: &[RecipeStep], step: RecipeStep) -> Vec<RecipeStep> {
    let mut changed = steps.to_vec();
    let place = usize::from(matches!(steps.first(), Some(RecipeStep::TrimPadding)));
    changed.insert(place, step);
    changed
}

/// Where the recording is cut into segments.
fn cut_at(steps: &[RecipeStep]) -> Option<usize> {
    steps
        .iter()
        .position(|step| matches!(step, RecipeStep::Segments { .. }))
}

fn normalized_at(steps: &[RecipeStep]) -> Result<usize, String> {
    let found = steps
        .iter()
        .position(|step| matches!(step, RecipeStep::Normalize { .. }));
    found.ok_or_else(|| "the recipe normalises nothing".to_owned())
}

fn set_scope(step: &mut RecipeStep, scope: Scope) {
    if let RecipeStep::Normalize { over, .. } = step {
        *over = scope;
    }
}

fn normalize_over(steps: &[RecipeStep], scope: Scope) -> Result<Vec<RecipeStep>, String> {
    let place = normalized_at(steps)?;
    let mut changed = steps.to_vec();
    set_scope(&mut changed[place], scope);
    Ok(changed)
}

fn normalize_all_leads(steps: &[RecipeStep]) -> Result<Vec<RecipeStep>, String> {
    let place = normalized_at(steps)?;
    let is_cut = cut_at(steps).is_some_and(|cut| cut < place);
    normalize_over(steps, if is_cut { Scope::Segment } else { Scope::Record })
}

fn normalize_after_cut(steps: &[RecipeStep]) -> Result<Vec<RecipeStep>, String> {
    move_across_cut(steps, |place, cut| place < cut, (Scope::Record, Scope::Segment))
}

fn normalize_before_cut(steps: &[RecipeStep]) -> Result<Vec<RecipeStep>, String> {
    move_across_cut(steps, |place, cut| place > cut, (Scope::Segment, Scope::Record))
}

/// Moves normalising to the other side of the cut, from where `can_move` finds it; all leads together stay together, over the
/// second of the scopes.
fn move_across_cut(
    steps: &[RecipeStep],
    can_move: fn(usize, usize) -> bool,
    (from, to): (Scope, Scope),
) -> Result<Vec<RecipeStep>, String> {
    let place = normalized_at(steps)?;
    let cut = cut_at(steps).ok_or("the recipe makes one segment of the whole recording")?;
    if !can_move(place, cut) {
        return Err("the recipe does just that".to_owned());
    }
    let mut changed = steps.to_vec();
    let mut step = changed.remove(place);
    if matches!(&step, RecipeStep::Normalize { over, .. } if *over == from) {
        set_scope(&mut step, to);
    }
    // Removing a step before the cut moves the cut to the front by one place, so that the step comes behind it.
    changed.insert(cut, step);
    Ok(changed)
}

/// The steps where the rate is read wrongly. A frequency of `hz` at the rate that is read is one of `hz` · true / read, and a
/// duration is shorter by as much.
fn at_wrong_rate(steps: &[RecipeStep], true_over_read: f64) -> Result<Vec<RecipeStep>, String> {
    let mut changed = steps.to_vec();
    let mut depends = false;
    for step in &mut changed {
        let frequencies: &mut [f64] = match step {
            RecipeStep::Notch { hz, .. } => std::slice::from_mut(hz),
            RecipeStep::Butterworth { hz, .. } => hz,
            RecipeStep::Fir { hz, seconds } => {
                *seconds /= true_over_read;
                hz
            }
            RecipeStep::Resample { hz: Some(hz), .. } => std::slice::from_mut(hz),
            RecipeStep::MedianBaseline { seconds, .. } => {
                depends = true;
                seconds.iter_mut().for_each(|s| *s /= true_over_read);
                continue;
            }
            _ => continue,
        };
        depends = true;
        frequencies.iter_mut().for_each(|hz| *hz *= true_over_read);
    }
    match depends {
        true => Ok(changed),
        false => Err("no step of the recipe depends on the rate".to_owned()),
    }
}

/// The steps with every resampling done by another method, where that can do it.
fn resample_by(steps: &[RecipeStep], wanted: ResampleMethod) -> Result<Vec<RecipeStep>, String> {
    let mut changed = steps.to_vec();
    let mut is_there = false;
    for step in &mut changed {
        let RecipeStep::Resample { method, hz, .. } = step else {
            continue;
        };
        is_there = true;
        let decimates = matches!(method, ResampleMethod::IirDecimate | ResampleMethod::Stride);
        let to_decimate = wanted == ResampleMethod::Stride;
        let takes_rates_only = wanted == ResampleMethod::Polyphase;
        if decimates == to_decimate && (hz.is_some() || !takes_rates_only) {
            *method = wanted;
        }
    }
    match (is_there, changed == steps) {
        (false, _) => Err("the recipe resamples nothing".to_owned()),
        (true, true) => Err("the recipe does just that, or nothing that it can take the place of".to_owned()),
        (true, false) => Ok(changed),
    }
}

/// The steps with the rows of aVL and aVF in each other's place.
fn exchange_leads(steps: &[RecipeStep]) -> Result<Vec<RecipeStep>, String> {
    let mut changed = steps.to_vec();
    for step in &mut changed {
        let RecipeStep::Leads { names, .. } = step else {
            continue;
        };
        let place = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let (Some(l), Some(f)) = (place("aVL"), place("aVF")) else {
            return Err("the model takes aVL and aVF not both".to_owned());
        };
        names.swap(l, f);
        return Ok(changed);
    }
    let leads = RecipeStep::Leads {
        names: MIMIC_ORDER.map(str::to_owned).to_vec(),
        missing: MissingLead::Refuse,
        derive: false,
    };
    Ok(put_first(steps, leads))
}

#[cfg(test)]
mod tests;
