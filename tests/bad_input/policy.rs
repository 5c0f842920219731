//! What `on_bad` says.

use crate::archive::{Archive, LEADS, found, judge};
use crate::common::ecgfm;

fn exchanged() -> Archive {
    Archive::new().spoilt(|samples| samples.iter_mut().for_each(|row| row.swap(0, 1)))
}

#[test]
fn limb_leads_set_aside_on_request() {
    exchanged().meets(
        "limb_leads_set_aside_on_request",
        &["on_bad={limb_leads: reject}"],
    );
}

#[test]
fn an_amplitude_set_aside_on_request() {
    Archive::new().lead(9, |v| v * 1000.0).meets(
        "an_amplitude_set_aside_on_request",
        &["on_bad={amplitude: reject}"],
    );
}

#[test]
fn a_flat_lead_set_aside_on_request() {
    Archive::new().lead(9, |_| 0.0).meets(
        "a_flat_lead_set_aside_on_request",
        &["on_bad={flat_lead: reject}"],
    );
}

#[test]
fn a_heart_rate_set_aside_on_request() {
    Archive::new().racing().meets(
        "a_heart_rate_set_aside_on_request",
        &["on_bad={heart_rate: reject}"],
    );
}

#[test]
fn hum_set_aside_on_request() {
    Archive::new()
        .humming()
        .meets("hum_set_aside_on_request", &["on_bad={mains_frequency: reject}"]);
}

#[test]
fn a_recording_that_ends_the_stage() {
    let archive = Archive::new().spoilt(|samples| samples[1000][4] = f32::NAN);
    for on_bad in ["on_bad=fail", "on_bad={not_finite: fail}"] {
        archive.meets("a_recording_that_ends_the_stage", &[on_bad]);
    }
    assert_eq!(archive.signals(&["on_bad={too_short: fail}"]).code, Some(0));
}

#[test]
fn a_row_of_the_table_that_ends_the_stage() {
    let archive = Archive::new().text(|text| text.replace("\n3,", "\n1,"));
    for on_bad in ["on_bad=fail", "on_bad={duplicate_exam: fail}"] {
        archive.meets("a_row_of_the_table_that_ends_the_stage", &[on_bad]);
    }
}

#[test]
fn a_doubt_that_ends_the_stage() {
    let archive = exchanged();
    archive.meets("a_doubt_that_ends_the_stage", &["on_bad={limb_leads: fail}"]);
    // A word for all is about what is wrong, not about doubts.
    assert_eq!(archive.signals(&["on_bad=fail"]).count("flagged_limb_leads"), 1);
}

#[test]
fn the_first_bad_exam_is_told_whatever_the_threads() {
    // More exams than a part of the store holds, so that workers meet several bad ones at once.
    let archive = Archive::new();
    let good = crate::archive::recording(2000, 1);
    let rows: Vec<(i64, Vec<f32>)> = (1..=1300).map(|id| (id, good.clone())).collect();
    let bad = |mut rows: Vec<(i64, Vec<f32>)>| {
        for at in [500, 520, 1100] {
            rows[at].1[1000 * LEADS] = f32::NAN;
        }
        rows
    };
    let layout = ecgfm_formats::code15::WriteLayout::Contiguous;
    crate::archive::write_part(&archive.part(), &bad(rows), layout);
    let archive = archive.text(|text| {
        let header = text.lines().next().unwrap().to_owned();
        let lines = (1..=1300).map(|id: i64| crate::archive::line(&id.to_string(), crate::archive::PART));
        format!("{header}\n{}", lines.collect::<String>())
    });
    let one = archive.meets(
        "the_first_bad_exam_is_told_whatever_the_threads",
        &["on_bad=fail", "threads=1"],
    );
    for _ in 0..5 {
        let more = archive.signals(&["on_bad=fail", "threads=3"]);
        assert_eq!((more.code, &more.said), (one.code, &one.said));
    }
}

#[test]
fn a_reason_that_is_none() {
    let found = Archive::new().meets("a_reason_that_is_none", &["on_bad={nan: fail}"]);
    for reason in ecgfm_artifacts::rejected::Reason::ALL {
        assert!(found.said.contains(reason.as_str()), "{}", found.said);
    }
}

#[test]
fn an_action_that_is_none() {
    Archive::new().meets("an_action_that_is_none", &["on_bad={too_short: ignore}"]);
}

#[test]
fn a_flag_for_what_cannot_be_kept() {
    Archive::new().meets("a_flag_for_what_cannot_be_kept", &["on_bad={too_short: flag}"]);
}

#[test]
fn settings_that_contradict_each_other() {
    Archive::new().meets(
        "settings_that_contradict_each_other",
        &["on_bad={all_zero: fail}", "all_zero=keep"],
    );
}

#[test]
fn a_reason_that_is_none_in_a_pipeline_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = "name: mine\nstages:\n  signals:\n    uses: signals\n    with:\n      raw: data\n      on_bad:\n        \
                too_short: reject\n        too_shrot: fail\n";
    let path = dir.path().join("mine.yaml");
    std::fs::write(&path, text).unwrap();
    let mut command = ecgfm();
    command.arg("run").arg(&path).arg("--workdir").arg(dir.path());
    let found = found(&mut command, dir.path(), dir.path());
    judge("a_reason_that_is_none_in_a_pipeline_file", &found);
}
