//! ECG-FM's settings as a list of steps, and such a list as settings.

use super::list::RecipeSteps;
use super::step::{MissingLead, NormalizeKind, RecipeStep, ResampleMethod, Scope, ShortRecording, Take};
use crate::ecg_fm::EcgFm;
use crate::selection::select;
use crate::standardize::ConstantLeads;

impl RecipeSteps {
    /// The settings of ECG-FM's recipe, where that is what the steps are: the way that it has of its own makes the same
    /// values faster.
    pub fn as_ecg_fm(&self) -> Option<EcgFm> {
        let mut steps = &self.0[..];
        let mut settings = EcgFm {
            trim_padding: false,
            standardize: false,
            ..EcgFm::default()
        };
        if let [RecipeStep::TrimPadding, rest @ ..] = steps {
            (settings.trim_padding, steps) = (true, rest);
        }
        if let [RecipeStep::Leads { .. }, rest @ ..] = steps {
            settings.leads = Some(leads_in_order(&steps[0])?);
            steps = rest;
        }
        let [resample, rest @ ..] = steps else { return None };
        settings.sample_rate = linear_rate(resample)?;
        steps = rest;
        if let [RecipeStep::Normalize { .. }, rest @ ..] = steps {
            settings.constant_leads = z_score_of_leads(&steps[0])?;
            (settings.standardize, steps) = (true, rest);
        }
        let [cut] = steps else { return None };
        settings.segment_seconds = tiles(cut)? as f64 / f64::from(settings.sample_rate);
        Some(settings)
    }
}

impl From<&EcgFm> for RecipeSteps {
    /// The steps of these settings. Leads stand in the standard order, as ECG-FM's way keeps them.
    fn from(settings: &EcgFm) -> Self {
        let mut steps = Vec::new();
        steps.extend(settings.trim_padding.then_some(RecipeStep::TrimPadding));
        if let Ok(Some(positions)) = settings.lead_positions() {
            steps.push(RecipeStep::Leads {
                names: EcgFm::lead_names(&positions),
                missing: MissingLead::Refuse,
                derive: false,
            });
        }
        let rate = f64::from(settings.sample_rate);
        steps.push(RecipeStep::Resample {
            method: ResampleMethod::Linear,
            hz: Some(rate),
            samples: None,
        });
        steps.extend(settings.standardize.then_some(RecipeStep::Normalize {
            kind: NormalizeKind::ZScore,
            over: Scope::Lead,
            to: [0.0, 1.0],
            eps: 0.0,
            constant: Some(settings.constant_leads),
        }));
        steps.push(RecipeStep::Segments {
            take: Take::Tile,
            samples: (settings.segment_seconds * rate).round() as usize,
            count: None,
            every: None,
            short: ShortRecording::Drop,
        });
        Self(steps)
    }
}

/// Names of a step `leads` that only selects, in the standard order.
fn leads_in_order(step: &RecipeStep) -> Option<Vec<String>> {
    let RecipeStep::Leads {
        names,
        missing: MissingLead::Refuse,
        derive: false,
    } = step
    else {
        return None;
    };
    let sorted = EcgFm::lead_names(&select(names).ok()?);
    let same = |(a, b): (&String, &String)| a.trim().eq_ignore_ascii_case(b);
    names.iter().zip(&sorted).all(same).then_some(sorted)
}

fn linear_rate(step: &RecipeStep) -> Option<u32> {
    match step {
        RecipeStep::Resample {
            method: ResampleMethod::Linear,
            hz: Some(hz),
            samples: None,
        } if hz.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(hz) => Some(*hz as u32),
        _ => None,
    }
}

fn z_score_of_leads(step: &RecipeStep) -> Option<ConstantLeads> {
    match step {
        RecipeStep::Normalize {
            kind: NormalizeKind::ZScore,
            over: Scope::Lead,
            eps: 0.0,
            constant,
            ..
        } => *constant,
        _ => None,
    }
}

fn tiles(step: &RecipeStep) -> Option<usize> {
    match step {
        RecipeStep::Segments {
            take: Take::Tile,
            samples,
            short: ShortRecording::Drop,
            ..
        } => Some(*samples),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_again_in_the_list_that_is_made_of_them() {
        let leads = Some(vec!["I".to_owned(), "aVF".to_owned()]);
        for settings in [
            EcgFm::default(),
            EcgFm {
                trim_padding: false,
                sample_rate: 250,
                segment_seconds: 2.5,
                leads,
                constant_leads: ConstantLeads::Nan,
                standardize: true,
            },
            EcgFm {
                standardize: false,
                ..EcgFm::default()
            },
        ] {
            let steps = RecipeSteps::from(&settings);
            assert_eq!(steps.as_ecg_fm(), Some(settings));
            assert!(steps.check().is_ok());
        }
    }

    #[test]
    fn the_built_in_list_is_that_of_the_defaults() {
        assert_eq!(
            super::super::built_in("ecg_fm").unwrap(),
            RecipeSteps::from(&EcgFm::default())
        );
    }

    #[test]
    fn leads_in_another_order_are_no_list_of_ecg_fm() {
        let cut = "{step: resample, method: linear, hz: 500}, {step: segments, take: tile, samples: 9, short: drop}";
        let of = |names: &str| RecipeSteps::parse(&format!("[{{step: leads, names: [{names}]}}, {cut}]"));
        assert!(of("i, V1").unwrap().as_ecg_fm().is_some());
        assert_eq!(of("V1, I").unwrap().as_ecg_fm(), None);
    }
}
