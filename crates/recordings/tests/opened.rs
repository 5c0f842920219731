//! Files are known by their content, whatever their names, and give recordings.
#![allow(clippy::unwrap_used)]

use ecgfm_recordings::arrays::Axes;
use ecgfm_recordings::muse::{CountedLead, MuseDocument, MuseFacts, MuseFilters, Sex};
use ecgfm_recordings::{BoxedFile, Encoding, MissingLeads, Recording, Unit, open};
use std::path::{Path, PathBuf};

/// A file of this content, named so that its ending says nothing.
fn file(folder: &Path, content: &[u8]) -> PathBuf {
    let path = folder.join("ecg.bin");
    std::fs::write(&path, content).unwrap();
    path
}

fn opened(content: &[u8], encoding: &Encoding) -> (BoxedFile, Recording) {
    let folder = tempfile::tempdir().unwrap();
    let file = open(&file(folder.path(), content), encoding).unwrap().unwrap();
    let mut recording = Recording::default();
    file.read(file.exam_ids().len() - 1, &mut recording).unwrap();
    assert!(
        file.read(file.exam_ids().len(), &mut recording).is_err(),
        "a row past the end"
    );
    (file, recording)
}

fn muse() -> String {
    let lead = |id: &str, count| CountedLead {
        id: id.to_owned(),
        counts: vec![count; 3],
    };
    let chest = (1..=6).map(|number| lead(&format!("V{number}"), 10 * number));
    MuseDocument {
        leads: chest.chain([lead("I", 100), lead("II", 300)]).collect(),
        sample_rate: 250,
        microvolts_per_count: 10.0,
        facts: MuseFacts {
            patient_id: Some("P1".to_owned()),
            sex: Some(Sex::Male),
            acquisition_date: Some("2021-07-07".to_owned()),
            acquisition_time: Some("08:09:10".to_owned()),
            filters: MuseFilters {
                high_pass_hz: Some(0.05),
                low_pass_hz: Some(150.0),
                mains_hz: None,
            },
            diagnosis: vec!["Sinus rhythm".to_owned()],
            original_diagnosis: vec!["Normal ECG".to_owned()],
            ..MuseFacts::default()
        },
    }
    .to_xml()
}

#[test]
fn a_muse_file_gives_standard_leads_and_what_it_states() {
    let (file, mut recording) = opened(muse().as_bytes(), &Encoding::default());
    assert_eq!(file.exam_ids(), [Some("ecg".to_owned())]);
    assert_eq!(
        (recording.sample_rate, recording.unit, recording.len()),
        (250.0, Unit::Millivolts, 3)
    );
    let metadata = recording.metadata.clone().unwrap();
    assert_eq!(file.metadata(0).as_ref(), Some(&*metadata));
    assert_eq!(metadata.format, "GE MUSE XML");
    assert_eq!(
        (metadata.patient_id.as_deref(), metadata.sex.as_deref()),
        (Some("P1"), Some("male"))
    );
    assert_eq!(metadata.acquired_at.as_deref(), Some("2021-07-07T08:09:10"));
    assert_eq!(metadata.filters, ["high pass 0.05 Hz", "low pass 150 Hz"]);
    assert_eq!(metadata.derived_leads, ["III", "aVR", "aVL", "aVF"]);
    assert_eq!(metadata.statements, ["Sinus rhythm"]);
    assert_eq!(metadata.comment("original diagnosis"), Some("Normal ECG"));
    assert_eq!(metadata.doubts, [""; 0]);
    recording.use_standard_leads(MissingLeads::Refuse).unwrap();
    let sample = &recording.samples.to_f64()[..8];
    let wanted = [1.0, 3.0, 2.0, -2.0, -0.5, 2.5, 0.1, 0.2];
    assert!(
        sample.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12),
        "{sample:?}"
    );
    let facts = file.facts();
    assert_eq!(
        (&facts["samples"], &facts["leads"], &facts["sample_rate"]),
        (&3.into(), &12.into(), &250.0.into())
    );
}

#[test]
fn an_array_is_read_where_its_dimensions_are_stated_and_not_taken_for_ecgs_otherwise() {
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    let header = b"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2, 3), }\n";
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header);
    array.extend((0..12i16).flat_map(i16::to_le_bytes));
    let stated = Encoding {
        sample_rate: 500.0,
        millivolts: Some(1e-3),
        leads: Some(["II", "V9"].map(str::to_owned).into()),
        axes: Some(Axes::LeadsSamples),
        ..Encoding::default()
    };
    let (file, recording) = opened(&array, &stated);
    assert_eq!(file.exam_ids(), [Some("0".to_owned()), Some("1".to_owned())]);
    let samples: Vec<f64> = [6.0, 9.0, 7.0, 10.0, 8.0, 11.0]
        .map(|count| count * 1e-3)
        .to_vec();
    assert_eq!(
        (recording.sample_rate, recording.samples.to_f64()),
        (500.0, samples)
    );
    assert_eq!(*recording.leads, ["II", "V9"]);
    let folder = tempfile::tempdir().unwrap();
    assert!(open(&self::file(folder.path(), &array), &Encoding::default()).is_none());
}

#[test]
fn a_csv_file_is_known_by_the_names_of_its_leads() {
    let stated = Encoding {
        sample_rate: 250.0,
        unit: Unit::Millivolts,
        ..Encoding::default()
    };
    let (_, recording) = opened(b"II,V2\n1,2\n3,\n", &stated);
    let samples = recording.samples.to_f64();
    assert_eq!(
        (recording.sample_rate, &samples[..3]),
        (250.0, &[1.0, 2.0, 3.0][..])
    );
    assert!(samples[3].is_nan());
    assert_eq!(recording.metadata.unwrap().doubts, ["1 values are missing"]);
    let folder = tempfile::tempdir().unwrap();
    let without_rate = open(&file(folder.path(), b"II (mV)\n1\n"), &Encoding::default());
    assert!(
        without_rate
            .unwrap()
            .err()
            .unwrap()
            .to_string()
            .contains("no sample rate is stated")
    );
    for other in [&b"exam_id,age\n1,2\n"[..], b"\x00\x01\x02", b""] {
        assert!(open(&file(folder.path(), other), &stated).is_none());
    }
}

#[test]
fn xml_of_other_devices_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let xml = file(folder.path(), b"<?xml version='1.0'?><AnnotatedECG/>");
    let message = open(&xml, &Encoding::default())
        .unwrap()
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("HL7 aECG") && message.contains("<RestingECG>"),
        "{message}"
    );
}
