//! A file of MUSE's XML.

use ecgfm_recordings::muse::MuseEcg;
use std::path::Path;

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    match MuseEcg::parse(Path::new("ecg.xml"), data) {
        Ok(ecg) => {
            assert!(
                ecg.sample_rate > 0.0 && ecg.len() > 0,
                "an ECG has samples and a rate"
            );
            let samples = ecg.samples();
            assert_eq!(
                samples.len(),
                ecg.len() * ecg.leads.len(),
                "every lead has every sample"
            );
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
}
