//! Recipes that cannot be used, and recordings that a recipe does not take.

use crate::archive::{Archive, SAMPLES};
use crate::recordings::of_length;

/// Runs the stage with a recipe of these steps, and judges what it does.
fn meets_with_steps(archive: &Archive, test: &str, steps: &str, with: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.yaml");
    std::fs::write(&path, steps).unwrap();
    let recipe = format!("recipe={}", path.display());
    archive.meets(test, &[&[recipe.as_str()], with].concat());
}

const CUT: &str = "- { step: segments, take: first, samples: 2600 }\n";

#[test]
fn a_recording_that_is_shorter_than_a_recipe_takes() {
    let steps = format!("- {{ step: resample, method: fft, hz: 500 }}\n{CUT}");
    let test = "a_recording_that_is_shorter_than_a_recipe_takes";
    meets_with_steps(&of_length(2000), test, &steps, &[]);
}

#[test]
fn a_nan_that_the_recipe_refuses() {
    let archive = Archive::new().spoilt(|samples| samples[1000][4] = f32::NAN);
    let steps = "- { step: missing_values, to: reject }\n- { step: segments, take: first, samples: 2000 }\n";
    meets_with_steps(
        &archive,
        "a_nan_that_the_recipe_refuses",
        steps,
        &["not_finite=keep"],
    );
}

#[test]
fn a_lead_that_begins_with_zeros() {
    let archive = Archive::new().spoilt(|samples| {
        samples
            .iter_mut()
            .take(SAMPLES / 2)
            .for_each(|sample| sample[0] = 0.0)
    });
    let steps = "- { step: leads, names: [I] }\n- { step: reject_zero_start, samples: 15 }\n\
                 - { step: segments, take: first, samples: 2000 }\n";
    meets_with_steps(&archive, "a_lead_that_begins_with_zeros", steps, &[]);
}

#[test]
fn a_nan_that_the_recipe_replaces() {
    Archive::new()
        .spoilt(|samples| samples[1000][4] = f32::NAN)
        .meets("a_nan_that_the_recipe_replaces", &["recipe=ecgfounder"]);
}

#[test]
fn a_rate_that_the_recipe_does_not_take() {
    Archive::new().meets("a_rate_that_the_recipe_does_not_take", &["recipe=echonext"]);
}

#[test]
fn a_recipe_that_is_not_there() {
    Archive::new().meets("a_recipe_that_is_not_there", &["recipe=ecg_founder"]);
}

#[test]
fn a_setting_that_the_recipe_has_no_step_for() {
    Archive::new().meets(
        "a_setting_that_the_recipe_has_no_step_for",
        &["recipe=merl", "sample_rate=500"],
    );
}

#[test]
fn a_store_that_cannot_hold_the_recipe() {
    Archive::new().meets(
        "a_store_that_cannot_hold_the_recipe",
        &["recipe=merl", "store=mat"],
    );
}

#[test]
fn a_recipe_that_looks_at_other_ecgs() {
    let steps = format!("- {{ step: standard_scaler }}\n{CUT}");
    meets_with_steps(&Archive::new(), "a_recipe_that_looks_at_other_ecgs", &steps, &[]);
}
