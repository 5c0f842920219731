//! Departures of the built-in recipes.

use super::*;
use crate::steps::{BUILT_IN, LeadSignals, NormalizeKind, Workspace, built_in};

fn made(recipe: &str, name: &str) -> Result<RecipeSteps, String> {
    let all = built_in(recipe).unwrap().departures();
    all.into_iter()
        .find(|departure| departure.name == name)
        .unwrap()
        .steps
}

/// Twelve leads of 12 s that differ, with a drift.
fn recording(sample_rate: f64) -> LeadSignals {
    let samples = (12.0 * sample_rate) as usize;
    let lead = |lead: usize| {
        let at = |i: usize| {
            let seconds = i as f64 / sample_rate;
            (lead as f64 + 1.0) * (7.0 * seconds).sin() + (90.0 * seconds + lead as f64).cos() + 0.2 * seconds
        };
        (0..samples).map(at).collect()
    };
    LeadSignals {
        names: crate::leads::NAMES.map(str::to_owned).to_vec(),
        sample_rate,
        leads: (0..12).map(lead).collect(),
    }
}

fn tensor(steps: &RecipeSteps, recording: &LeadSignals) -> Vec<f64> {
    let checked = steps.check().unwrap();
    let input = checked.apply(recording, &mut Workspace::default()).unwrap();
    input.segments.concat()
}

#[test]
fn every_departure_is_a_recipe_that_makes_sense_or_says_why_there_is_none() {
    for (recipe, _) in BUILT_IN {
        let given = built_in(recipe).unwrap();
        let departures = given.departures();
        assert_eq!(departures.len(), ALL.len());
        for departure in departures {
            let name = departure.name;
            match departure.steps {
                Ok(steps) => assert!(steps != given && steps.check().is_ok(), "{recipe}: {name}"),
                Err(why) => assert!(!why.is_empty(), "{recipe}: {name}"),
            }
        }
    }
}

#[test]
fn a_wrong_rate_gives_the_tensor_of_a_recording_whose_rate_is_stated_wrongly() {
    for recipe in ["ecg_fm", "ecgfounder", "st_mem", "clef"] {
        let is_500 = recording(500.0);
        let as_400 = LeadSignals {
            sample_rate: 400.0,
            ..is_500.clone()
        };
        let departed = tensor(&made(recipe, "rate_read_too_low").unwrap(), &is_500);
        let stated = tensor(&built_in(recipe).unwrap(), &as_400);
        assert_eq!(departed.len(), stated.len(), "{recipe}");
        let largest = stated.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let apart = departed.iter().zip(&stated).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-6 * largest, "{recipe}");
    }
}

#[test]
fn normalising_moves_across_the_cut_and_changes_its_scope() {
    let names = |steps: RecipeSteps| -> Vec<&'static str> { steps.0.iter().map(RecipeStep::name).collect() };
    let after = names(made("ecg_fm", "normalize_by_segment").unwrap());
    assert_eq!(after, ["trim_padding", "resample", "segments", "normalize"]);
    let before = made("merl", "normalize_by_recording").unwrap();
    assert!(matches!(
        before.0[1],
        RecipeStep::Normalize {
            over: Scope::Record,
            kind: NormalizeKind::MinMax,
            ..
        }
    ));
    assert_eq!(
        made("ecg_fm", "normalize_by_lead").unwrap_err(),
        "the recipe does just that"
    );
    assert_eq!(
        made("ecgfounder", "normalize_by_segment").unwrap_err(),
        "the recipe makes one segment of the whole recording"
    );
    assert_eq!(
        made("ecg_jepa", "normalize_by_lead").unwrap_err(),
        "the recipe normalises nothing"
    );
}

#[test]
fn the_order_of_mimic_exchanges_two_rows() {
    let recording = recording(500.0);
    let (given, departed) = (
        tensor(&built_in("merl").unwrap(), &recording),
        tensor(&made("merl", "leads_exchanged").unwrap(), &recording),
    );
    let row = |tensor: &[f64], row: usize| tensor[5000 * row..5000 * (row + 1)].to_vec();
    assert_eq!(row(&given, 4), row(&departed, 5));
    assert_eq!(row(&given, 5), row(&departed, 4));
    assert_eq!(row(&given, 6), row(&departed, 6));
    let why = made("ecg_jepa", "leads_exchanged").unwrap_err();
    assert_eq!(why, "the model takes aVL and aVF not both");
}

#[test]
fn microvolts_change_nothing_where_each_lead_is_brought_to_deviation_1() {
    let recording = recording(500.0);
    let given = tensor(&built_in("ecg_fm").unwrap(), &recording);
    let departed = tensor(&made("ecg_fm", "microvolts").unwrap(), &recording);
    assert!(given.iter().zip(&departed).all(|(a, b)| (a - b).abs() < 1e-9));
    let (given, departed) = (
        tensor(&built_in("ecg_jepa").unwrap(), &recording),
        tensor(&made("ecg_jepa", "microvolts").unwrap(), &recording),
    );
    assert!(
        given
            .iter()
            .zip(&departed)
            .all(|(a, b)| (1000.0 * a - b).abs() < 1e-6)
    );
}

#[test]
fn a_recipe_without_filters_has_none_to_leave_out_and_one_with_filters_loses_them_all() {
    let kept = made("ecgfounder", "no_filter").unwrap();
    assert_eq!(
        kept.0.iter().map(RecipeStep::name).collect::<Vec<_>>(),
        ["missing_values", "resample", "normalize"]
    );
    assert!(made("ecg_jepa", "resample_polyphase").is_ok());
    assert!(made("ecgfounder", "resample_polyphase").is_err());
    assert!(made("hubert_ecg", "resample_stride").is_ok());
}
