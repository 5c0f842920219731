//! An ECG in a CSV file, with and without what the file need not state.

use ecgfm_recordings::csv::{CsvDescription, CsvEcg};
use std::path::Path;

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    let stated = CsvDescription {
        sample_rate: Some(500.0),
        millivolts: Some(1.0),
        leads: None,
    };
    let ordered = CsvDescription {
        leads: Some(vec!["I".to_owned(), "II".to_owned()]),
        ..stated.clone()
    };
    for description in [CsvDescription::default(), stated, ordered] {
        match CsvEcg::parse(Path::new("ecg.csv"), data, &description) {
            Ok(ecg) => {
                assert!(
                    ecg.sample_rate > 0.0 && !ecg.is_empty(),
                    "an ECG has samples and a rate"
                );
                assert_eq!(
                    ecg.samples.len(),
                    ecg.len() * ecg.leads.len(),
                    "every row is whole"
                );
            }
            Err(error) => {
                let _ = error.to_string();
            }
        }
    }
}
