//! Settings beside a recipe: each changes the recipe's step of its kind, or is refused where there is none.

use crate::error::{Error, Result};
use crate::params::Params;
use ecgfm_artifacts::recipe::standardize::ConstantLeads;
use ecgfm_artifacts::recipe::steps::{NormalizeKind, RecipeStep, RecipeSteps};

/// The steps with the settings of `params`.
///
/// # Errors
/// The recipe has no step that a setting changes, or several.
pub(crate) fn override_steps(steps: RecipeSteps, params: &Params) -> Result<RecipeSteps> {
    let mut steps = steps;
    // The rate first: a length in seconds that is given is counted at it, and one that is not stays as long.
    if let Some(rate) = params.sample_rate {
        set_sample_rate(&mut steps.0, f64::from(rate))?;
    }
    if let Some(seconds) = params.segment_seconds {
        set_segment_seconds(&mut steps.0, seconds)?;
    }
    if let Some(names) = &params.leads {
        let selection = steps.0.iter_mut().find_map(|step| match step {
            RecipeStep::Leads { names, .. } => Some(names),
            _ => None,
        });
        selection
            .ok_or_else(|| no_step("leads", "leads"))?
            .clone_from(names);
    }
    if let Some(constant) = params.constant_leads {
        set_constant_leads(&mut steps.0, constant)?;
    }
    if let Some(standardize) = params.standardize {
        set_standardize(&mut steps.0, standardize)?;
    }
    Ok(steps)
}

fn no_step(parameter: &'static str, step: &str) -> Error {
    let what = format!("changes the step `{step}` of a recipe, and this one has none: leave it out");
    Error::parameter(parameter, what)
}

/// Rate before the cut, in Hz.
fn rate_at_cut(steps: &[RecipeStep]) -> Option<f64> {
    let before = steps
        .iter()
        .take_while(|step| !matches!(step, RecipeStep::Segments { .. }));
    before.fold(None, |rate, step| match step {
        RecipeStep::Resample { hz, .. } => *hz,
        _ => rate,
    })
}

fn set_sample_rate(steps: &mut [RecipeStep], wanted: f64) -> Result<()> {
    let old = rate_at_cut(steps);
    let mut rates = steps.iter_mut().filter_map(|step| match step {
        RecipeStep::Resample { hz: Some(hz), .. } => Some(hz),
        _ => None,
    });
    let rate = rates.next().ok_or_else(|| no_step("sample_rate", "resample"))?;
    if rates.next().is_some() {
        let what = "changes the step `resample` of a recipe, and this one resamples to several rates: write a recipe of your own";
        return Err(Error::parameter("sample_rate", what));
    }
    *rate = wanted;
    match (old, rate_at_cut(steps)) {
        (Some(old), Some(new)) => {
            for step in steps.iter_mut() {
                if let RecipeStep::Segments { samples, .. } = step {
                    let seconds = *samples as f64 / old;
                    *samples = whole_samples("sample_rate", seconds, new)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn set_segment_seconds(steps: &mut [RecipeStep], seconds: f64) -> Result<()> {
    let rate = rate_at_cut(steps);
    let length = steps.iter_mut().find_map(|step| match step {
        RecipeStep::Segments { samples, .. } => Some(samples),
        _ => None,
    });
    let length = length.ok_or_else(|| no_step("segment_seconds", "segments"))?;
    let rate = rate.ok_or_else(|| {
        let what = "changes the step `segments` of a recipe, and this one cuts recordings at their own rate: write a recipe of \
                    your own";
        Error::parameter("segment_seconds", what)
    })?;
    *length = whole_samples("segment_seconds", seconds, rate)?;
    Ok(())
}

fn whole_samples(parameter: &'static str, seconds: f64, rate: f64) -> Result<usize> {
    let samples = seconds * rate;
    let whole = samples >= 1.0 && samples.is_finite() && (samples - samples.round()).abs() < 1e-9 * samples;
    match whole {
        true => Ok(samples.round() as usize),
        false => {
            let what = format!("is refused: {seconds} s at {rate} Hz are no whole number of samples");
            Err(Error::parameter(parameter, what))
        }
    }
}

fn set_constant_leads(steps: &mut [RecipeStep], wanted: ConstantLeads) -> Result<()> {
    let mut any = false;
    for step in steps {
        if let RecipeStep::Normalize { constant, .. } = step {
            (*constant, any) = (Some(wanted), true);
        }
    }
    match any {
        true => Ok(()),
        false => Err(no_step("constant_leads", "normalize")),
    }
}

fn set_standardize(steps: &mut Vec<RecipeStep>, wanted: bool) -> Result<()> {
    let is_z_score = |step: &RecipeStep| {
        matches!(
            step,
            RecipeStep::Normalize {
                kind: NormalizeKind::ZScore,
                ..
            }
        )
    };
    if !steps.iter().any(is_z_score) {
        return Err(no_step("standardize", "normalize` of kind `z_score"));
    }
    if !wanted {
        steps.retain(|step| !is_z_score(step));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::recipe::steps::built_in;
    use serde_json::{Value, json};

    fn overridden(recipe: &str, mut with: Value) -> Result<RecipeSteps> {
        with["raw"] = "raw".into();
        with["recipe"] = recipe.into();
        let params: Params = serde_json::from_value(with).unwrap();
        override_steps(built_in(recipe).unwrap(), &params)
    }

    #[test]
    fn settings_change_the_step_of_their_kind() {
        let steps = overridden("ecg_fm", json!({"sample_rate": 250, "constant_leads": "nan"})).unwrap();
        let settings = steps.as_ecg_fm().unwrap();
        assert_eq!(
            (
                settings.sample_rate,
                settings.segment_seconds,
                settings.constant_leads
            ),
            (250, 5.0, ConstantLeads::Nan)
        );
        let settings = overridden("ecg_fm", json!({"segment_seconds": 10, "standardize": false})).unwrap();
        let settings = settings.as_ecg_fm().unwrap();
        assert_eq!((settings.segment_seconds, settings.standardize), (10.0, false));
        let jepa = overridden("ecg_jepa", json!({"leads": ["I"]})).unwrap();
        assert_eq!(jepa.check().unwrap().lead_names(), ["I"]);
    }

    #[test]
    fn a_setting_without_a_step_is_refused() {
        for (recipe, with, words) in [
            (
                "merl",
                json!({"sample_rate": 500}),
                "`sample_rate` changes the step `resample`",
            ),
            (
                "ecg_fm",
                json!({"leads": ["I"]}),
                "`leads` changes the step `leads` of a recipe, and this one has none",
            ),
            (
                "ecgfounder",
                json!({"segment_seconds": 5}),
                "`segment_seconds` changes the step `segments`",
            ),
            (
                "merl",
                json!({"segment_seconds": 5}),
                "cuts recordings at their own rate",
            ),
            (
                "ecg_jepa",
                json!({"constant_leads": "zero"}),
                "`constant_leads` changes the step `normalize`",
            ),
            ("merl", json!({"standardize": false}), "of kind `z_score`"),
            ("hubert_ecg", json!({"sample_rate": 100}), "several rates"),
            (
                "ecg_fm",
                json!({"segment_seconds": 0.0001}),
                "no whole number of samples",
            ),
        ] {
            let message = overridden(recipe, with).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
