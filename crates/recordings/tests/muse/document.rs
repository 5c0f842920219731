//! Small documents to read.

use ecgfm_recordings::muse::{
    AgeUnit, CountedLead, MuseAge, MuseDocument, MuseEcg, MuseFacts, MuseFilters, Sex,
};
use std::path::Path;

/// Leads that MUSE stores.
pub(crate) const STORED: [&str; 8] = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"];

/// Document of eight leads by `samples` samples.
pub(crate) fn document(samples: usize) -> MuseDocument {
    let lead = |(number, id): (usize, &&str)| CountedLead {
        id: (*id).to_owned(),
        counts: (0..samples)
            .map(|at| ((at * 37 + number * 101) % 997) as i16 - 400)
            .collect(),
    };
    MuseDocument {
        leads: STORED.iter().enumerate().map(lead).collect(),
        sample_rate: 500,
        microvolts_per_count: 4.88,
        facts: MuseFacts {
            patient_id: Some("00AB12".to_owned()),
            age: Some(MuseAge {
                value: 6.0,
                unit: AgeUnit::Months,
            }),
            sex: Some(Sex::Female),
            birth_date: Some("2021-01-31".to_owned()),
            acquisition_date: Some("2021-07-07".to_owned()),
            acquisition_time: Some("08:09:10".to_owned()),
            device: Some("MAC 5500".to_owned()),
            filters: MuseFilters {
                high_pass_hz: Some(0.16),
                low_pass_hz: Some(150.0),
                mains_hz: Some(60.0),
            },
            diagnosis: vec!["Ménière < 3 & > 2".to_owned(), "Normal ECG".to_owned()],
            original_diagnosis: vec!["Sinus bradycardia".to_owned()],
        },
    }
}

/// ECG of a text.
pub(crate) fn parse(xml: &str) -> Result<MuseEcg, String> {
    MuseEcg::parse(Path::new("ecg.xml"), xml.as_bytes()).map_err(|error| error.to_string())
}

/// ECG of the document after a replacement, which must be possible.
pub(crate) fn with(from: &str, to: &str) -> Result<MuseEcg, String> {
    let xml = document(20).to_xml();
    assert!(xml.contains(from), "{from}");
    parse(&xml.replacen(from, to, 1))
}

/// The error of the document after a replacement.
pub(crate) fn error(from: &str, to: &str) -> String {
    with(from, to).unwrap_err()
}

/// The doubts of the document after a replacement.
pub(crate) fn doubts(from: &str, to: &str) -> String {
    with(from, to).unwrap().doubts.join("; ")
}
