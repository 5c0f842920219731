//! Recipes that cannot be used, and recordings that a recipe does not take.

use crate::archive::Archive;
use crate::recordings::of_length;

#[test]
fn a_recording_that_is_shorter_than_a_recipe_takes() {
    of_length(3000).meets(
        "a_recording_that_is_shorter_than_a_recipe_takes",
        &["recipe=ecg_jepa"],
    );
}

#[test]
fn a_nan_that_the_recipe_refuses() {
    Archive::new()
        .spoilt(|samples| samples[1000][4] = f32::NAN)
        .meets(
            "a_nan_that_the_recipe_refuses",
            &["recipe=ecg_jepa", "not_finite=keep"],
        );
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
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.yaml");
    std::fs::write(
        &path,
        "- { step: standard_scaler }\n- { step: segments, take: first, samples: 2500 }\n",
    )
    .unwrap();
    let recipe = format!("recipe={}", path.display());
    Archive::new().meets("a_recipe_that_looks_at_other_ecgs", &[&recipe]);
}
