//! What can be wrong with a recording.

use crate::archive::{Archive, LEADS, SAMPLES, recording};

/// Everything but the first `samples` samples of the third recording is padding.
pub fn of_length(samples: usize) -> Archive {
    Archive::new().rows(|rows| rows[2].1 = recording(samples, 3))
}

#[test]
fn a_recording_of_zeros() {
    Archive::new()
        .spoilt(|samples| samples.fill([0.0; LEADS]))
        .meets("a_recording_of_zeros", &[]);
}

#[test]
fn a_recording_of_zeros_kept_on_request() {
    let found = Archive::new()
        .spoilt(|samples| samples.fill([0.0; LEADS]))
        .meets("a_recording_of_zeros_kept_on_request", &["all_zero=keep"]);
    assert_eq!((found.count("kept"), found.count("segments")), (3, 3));
}

#[test]
fn a_constant_chest_lead() {
    let found = Archive::new()
        .lead(7, |_| 0.25)
        .meets("a_constant_chest_lead", &[]);
    assert_eq!(found.count("kept_with_constant_leads"), 1);
    let meta = found.table("meta.csv");
    assert!(meta.lines().nth(3).unwrap().contains(",True,['V2'],"), "{meta}");
}

#[test]
fn a_constant_limb_lead() {
    Archive::new().lead(2, |_| 0.5).meets("a_constant_limb_lead", &[]);
}

#[test]
fn a_lead_of_a_constant_that_float32_cannot_average() {
    let found = Archive::new()
        .lead(8, |_| 0.1)
        .meets("a_lead_of_a_constant_that_float32_cannot_average", &[]);
    assert_eq!(found.count("kept_with_constant_leads"), 0);
}

#[test]
fn every_lead_constant() {
    let found = Archive::new()
        .spoilt(|samples| samples.fill([0.5; LEADS]))
        .meets("every_lead_constant", &[]);
    let quality = found.table("quality.csv");
    let row = "2,3,flat_lead,I II III aVR aVL aVF V1 V2 V3 V4 V5 V6,0.0,";
    assert!(quality.lines().nth(1).unwrap().starts_with(row), "{quality}");
}

#[test]
fn a_nan() {
    Archive::new()
        .spoilt(|samples| samples[1000][4] = f32::NAN)
        .meets("a_nan", &[]);
}

#[test]
fn an_infinity() {
    Archive::new()
        .spoilt(|samples| samples[900][7] = f32::NEG_INFINITY)
        .meets("an_infinity", &[]);
}

#[test]
fn a_huge_value() {
    for value in [1e5, 1e30, f32::MAX] {
        let found = Archive::new()
            .spoilt(|samples| samples[1000][9] = value)
            .meets("a_huge_value", &[]);
        assert_eq!(found.count("kept"), 3);
    }
}

#[test]
fn microvolts() {
    Archive::new()
        .spoilt(|samples| samples.as_flattened_mut().iter_mut().for_each(|v| *v *= 1000.0))
        .meets("microvolts", &[]);
}

#[test]
fn a_heart_rate_of_no_heart() {
    Archive::new().racing().meets("a_heart_rate_of_no_heart", &[]);
}

#[test]
fn hum_at_a_frequency_of_another_rate() {
    Archive::new()
        .humming()
        .meets("hum_at_a_frequency_of_another_rate", &[]);
}

#[test]
fn shorter_than_a_segment() {
    of_length(1999).meets("shorter_than_a_segment", &[]);
}

#[test]
fn exactly_one_segment() {
    let found = of_length(2000).meets("exactly_one_segment", &[]);
    let segments = found.table("segmented.csv");
    assert!(segments.contains("code_15_3_0,code_15_3.mat,2500"), "{segments}");
}

#[test]
fn a_single_sample_that_is_not_zero() {
    Archive::new()
        .spoilt(|samples| {
            samples.fill([0.0; LEADS]);
            samples[SAMPLES / 2][3] = 1.0;
        })
        .meets("a_single_sample_that_is_not_zero", &[]);
}

#[test]
fn two_limb_leads_exchanged() {
    Archive::new()
        .spoilt(|samples| samples.iter_mut().for_each(|row| row.swap(0, 1)))
        .meets("two_limb_leads_exchanged", &[]);
}

#[test]
fn a_limb_lead_and_a_chest_lead_exchanged() {
    Archive::new()
        .spoilt(|samples| samples.iter_mut().for_each(|row| row.swap(3, 6)))
        .meets("a_limb_lead_and_a_chest_lead_exchanged", &[]);
}

#[test]
fn a_limb_lead_inverted() {
    Archive::new().lead(3, |v| -v).meets("a_limb_lead_inverted", &[]);
}

#[test]
fn limb_leads_in_another_order() {
    let order = |row: &mut [f32; LEADS]| {
        let [i, ii, iii, avr, avl, avf, ..] = *row;
        row[..6].copy_from_slice(&[avl, i, avr, ii, avf, iii]);
    };
    Archive::new()
        .spoilt(|samples| samples.iter_mut().for_each(order))
        .meets("limb_leads_in_another_order", &[]);
}

#[test]
fn a_limb_lead_of_another_gain() {
    let found = Archive::new()
        .lead(5, |v| v / 2.0)
        .meets("a_limb_lead_of_another_gain", &[]);
    assert!(found.table("quality.csv").contains(",goldberger_avf,II III aVF,"));
}

#[test]
fn arm_electrodes_exchanged_on_the_patient() {
    let arms = |row: &mut [f32; LEADS]| {
        row[0] = -row[0];
        row.swap(1, 2);
        row.swap(3, 4);
    };
    Archive::new()
        .spoilt(|samples| samples.iter_mut().for_each(arms))
        .meets("arm_electrodes_exchanged_on_the_patient", &[]);
}

#[test]
fn two_chest_leads_exchanged() {
    Archive::new()
        .spoilt(|samples| samples.iter_mut().for_each(|row| row.swap(6, 11)))
        .meets("two_chest_leads_exchanged", &[]);
}
