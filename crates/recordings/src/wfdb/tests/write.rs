//! Records that are written and read back.

use crate::wfdb::digitize::COMMON_GAINS;
use crate::wfdb::{BaseDate, BaseTime, EncodedRecord, LeadToWrite, RecordToWrite, read};
use ecgfm_formats::Error;
use proptest::prelude::*;

fn written(leads: &[(&str, Vec<f64>)], comments: &[&str]) -> (EncodedRecord, crate::wfdb::WfdbRecord) {
    let record = RecordToWrite {
        name: "r-1_a",
        sample_rate: 257.5,
        leads: leads
            .iter()
            .map(|(name, samples)| LeadToWrite { name, samples })
            .collect(),
        time: BaseTime::parse("1:02:03.25"),
        date: BaseDate::parse("4/5/2006"),
        comments: comments.iter().map(|comment| (*comment).to_owned()).collect(),
    };
    let encoded = record.encode().unwrap();
    let dir = tempfile::tempdir().unwrap();
    encoded.write_to(dir.path()).unwrap();
    let read = read(&dir.path().join("r-1_a.hea")).unwrap();
    (encoded, read)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read_with_at_most_the_error_stated(
        samples in prop::collection::vec((-1e5f64..1e5, 0u32..20), 1..40), small in -12i32..3,
    ) {
        let scale = 10f64.powi(small);
        let value = |(sample, gap): &(f64, u32)| if *gap == 0 { f64::NAN } else { sample * scale };
        let first: Vec<f64> = samples.iter().map(value).collect();
        let second: Vec<f64> = samples.iter().map(|(sample, _)| sample * 1e-3).collect();
        let (encoded, read) = written(&[("I", first.clone()), ("aVR", second.clone())], &[]);
        prop_assert_eq!(&read.warnings, &[""; 0]);
        for (given, read) in [first, second].iter().zip(&read.signals) {
            let highest = given.iter().filter(|v| !v.is_nan()).fold(0.0f64, |most, v| most.max(v.abs()));
            for (given, read) in given.iter().zip(&read.samples) {
                prop_assert_eq!(given.is_nan(), read.is_nan());
                let error = (given - read).abs();
                prop_assert!(given.is_nan() || error <= encoded.largest_error, "{} {}", given, read);
                // Half of an ADC unit, of 32,767 at least but for the rounding of the gain to four digits.
                prop_assert!(given.is_nan() || error <= highest / 32_000.0 / 2.0 + 1e-12, "{} {}", given, read);
            }
        }
    }

    #[test]
    fn samples_at_a_common_gain_are_written_exactly(values in prop::collection::vec(-32767i32..=32767, 1..40), at in 0usize..7) {
        let gain = COMMON_GAINS[at];
        let samples: Vec<f64> = values.iter().map(|value| f64::from(*value) / gain).collect();
        let (encoded, read) = written(&[("V1", samples.clone())], &[]);
        prop_assert_eq!(encoded.largest_error, 0.0);
        prop_assert_eq!(&read.signals[0].samples, &samples);
    }
}

#[test]
fn names_start_and_comments_are_read_back() {
    let (_, read) = written(&[("Lead I, left", vec![0.0])], &["Age: 61", "", "Ménière"]);
    assert_eq!(
        (read.signals[0].name.as_str(), read.header.frame_rate),
        ("Lead I, left", Some(257.5))
    );
    assert_eq!(read.header.comments, ["Age: 61", "", "Ménière"]);
    assert_eq!(read.header.time.unwrap().to_string(), "01:02:03.25");
    assert_eq!(read.header.date.unwrap().to_string(), "2006-05-04");
}

#[test]
fn what_no_header_can_hold_is_refused() {
    let samples = [0.0, 1.0];
    let lead = LeadToWrite {
        name: "I",
        samples: &samples,
    };
    let sound = RecordToWrite {
        name: "r",
        sample_rate: 500.0,
        leads: vec![lead],
        ..RecordToWrite::default()
    };
    assert!(sound.encode().is_ok());
    let infinite = [f64::INFINITY, 0.0];
    for wrong in [
        RecordToWrite {
            name: "../r",
            ..sound.clone()
        },
        RecordToWrite {
            name: "",
            ..sound.clone()
        },
        RecordToWrite {
            sample_rate: f64::NAN,
            ..sound.clone()
        },
        RecordToWrite {
            leads: vec![],
            ..sound.clone()
        },
        RecordToWrite {
            leads: vec![
                lead,
                LeadToWrite {
                    name: "II",
                    samples: &samples[1..],
                },
            ],
            ..sound.clone()
        },
        RecordToWrite {
            leads: vec![LeadToWrite { name: "a\nb", ..lead }],
            ..sound.clone()
        },
        RecordToWrite {
            leads: vec![LeadToWrite {
                samples: &infinite,
                ..lead
            }],
            ..sound.clone()
        },
        RecordToWrite {
            comments: vec!["a\rb".to_owned()],
            ..sound.clone()
        },
    ] {
        let error = wrong.encode().unwrap_err();
        assert!(matches!(error, Error::Request { .. }), "{error}");
    }
}
