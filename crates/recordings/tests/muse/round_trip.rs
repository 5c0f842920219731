//! What is written is read.

use crate::document::{document, parse};
use ecgfm_recordings::muse::{CountedLead, MuseDocument, MuseEcg, MuseFacts};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn a_document_comes_back_with_the_leads_that_follow() {
    let document = document(30);
    let ecg = parse(&document.to_xml()).unwrap();
    let names: Vec<&str> = ecg.leads.iter().map(|lead| lead.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"
        ]
    );
    let derived: Vec<&str> = ecg
        .leads
        .iter()
        .filter(|lead| lead.derived)
        .map(|lead| lead.name.as_str())
        .collect();
    assert_eq!(derived, ["III", "aVR", "aVL", "aVF"]);
    assert_eq!(
        (ecg.sample_rate, ecg.len(), ecg.doubts.as_slice()),
        (500.0, 30, &[][..])
    );
    assert_eq!(ecg.facts, document.facts);
    let millivolts = |lead: usize, at: usize| f64::from(document.leads[lead].counts[at]) * 4.88 / 1000.0;
    for at in 0..30 {
        let sample = &ecg.samples()[at * 12..][..12];
        let (i, ii) = (millivolts(0, at), millivolts(1, at));
        let wanted = [
            i,
            ii,
            ii - i,
            -(i + ii) / 2.0,
            (i - (ii - i)) / 2.0,
            (ii + (ii - i)) / 2.0,
            millivolts(2, at),
        ];
        assert!(
            sample.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12),
            "{sample:?} {wanted:?}"
        );
    }
}

#[test]
fn sixteen_bit_and_latin_1_text_are_read_alike() {
    let mut document = document(5);
    document.facts.device = Some("Gerät".to_owned());
    let xml = document
        .to_xml()
        .replace("&#228;", "ä")
        .replace("&#233;", "é")
        .replace("&#232;", "è");
    let wanted = parse(&document.to_xml()).unwrap();
    let latin1: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(xml.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf8 = xml.replace("ISO-8859-1", "UTF-8").into_bytes();
    for bytes in [latin1, utf16, utf8] {
        assert_eq!(MuseEcg::parse(Path::new("x"), &bytes).unwrap(), wanted);
    }
}

#[test]
fn fifteen_leads_keep_their_names_and_stored_limb_leads_are_not_computed() {
    let mut document = document(4);
    for (id, count) in [("V3R", 7), ("V4R", 8), ("V7", 9), ("AVR", 1000)] {
        document.leads.push(CountedLead {
            id: id.to_owned(),
            counts: vec![count; 4],
        });
    }
    let ecg = parse(&document.to_xml()).unwrap();
    let names: Vec<&str> = ecg.leads.iter().map(|lead| lead.name.as_str()).collect();
    assert_eq!(names[..4], ["I", "II", "III", "aVR"]);
    assert_eq!(names[12..], ["V3R", "V4R", "V7"]);
    assert!(!ecg.leads[3].derived && ecg.leads[2].derived);
    assert!((ecg.samples()[3] - 4.88).abs() < 1e-12);
}

proptest! {
    #[test]
    fn counts_come_back_as_millivolts(
        leads in prop::collection::vec(prop::collection::vec(any::<i16>(), 1..40), 1..4),
        microvolts_per_count in 0.01f64..100.0,
        sample_rate in 1u32..2000,
        text in "[^\\p{Cc}]{0,30}",
    ) {
        let length = leads.iter().map(Vec::len).min().unwrap();
        let leads: Vec<CountedLead> = leads.iter().enumerate().map(|(number, counts)| CountedLead {
            id: format!("V{}", number + 1),
            counts: counts[..length].to_vec(),
        }).collect();
        let facts = MuseFacts { diagnosis: vec![text.clone()], ..MuseFacts::default() };
        let document = MuseDocument { leads, sample_rate, microvolts_per_count, facts };
        let ecg = parse(&document.to_xml()).unwrap();
        prop_assert_eq!(ecg.sample_rate, f64::from(sample_rate));
        let trimmed = text.trim();
        prop_assert_eq!(ecg.facts.diagnosis.concat(), trimmed);
        for (at, sample) in ecg.samples().chunks(document.leads.len()).enumerate() {
            for (lead, value) in document.leads.iter().zip(sample) {
                let count = lead.counts[at];
                let wanted = f64::from(count) * microvolts_per_count / 1000.0;
                let equal = (value - wanted).abs() < 1e-9 || count == i16::MIN && value.is_nan();
                prop_assert!(equal, "{} {}", value, wanted);
            }
        }
    }
}
