//! Records as files of one recording.

use super::*;
use crate::{Encoding, MissingLeads, Recording, Samples, Unit};

fn opened(records: &Records, name: &str) -> Box<dyn crate::RecordingFile> {
    crate::open(&records.path(name), &Encoding::default())
        .unwrap()
        .unwrap()
}

fn mixed(records: &Records) {
    records.write(
        "r.hea",
        "r 4 62.5 2 9:0:0 1/2/2003\nr.dat 16x2 1/mV 0 0 1 0 0 II\nr.dat 16x2 0.001/uV 0 0 5 0 0 V\n\
         r.dat 16 1/mmHg 0 0 9 0 0 ABP\nr.dat 16 1/mV 0 0 0 0 0 slow\n# Age: 61\n#Sex: F\n# free text\n# <subject_id>: 7\n",
    );
    records.write(
        "r.dat",
        [1i16, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
            .map(i16::to_le_bytes)
            .concat(),
    );
}

#[test]
fn leads_of_one_rate_become_a_recording_and_the_rest_is_named() {
    let records = Records::new();
    mixed(&records);
    for name in ["r.hea", "r.dat", "r"] {
        let file = opened(&records, name);
        assert_eq!(
            (file.lead_count(), file.exam_ids()),
            (2, vec![Some("r".to_owned())])
        );
        let mut recording = Recording::default();
        file.read(0, &mut recording).unwrap();
        assert_eq!(
            (&*recording.leads, recording.sample_rate),
            (&["II".to_owned(), "V".to_owned()][..], 125.0)
        );
        assert_eq!(recording.unit, Unit::Millivolts);
        assert_eq!(
            recording.samples,
            Samples::Float64([1, 3, 2, 4, 7, 9, 8, 10].map(f64::from).to_vec())
        );
        let metadata = recording.metadata.unwrap();
        assert_eq!(
            (metadata.age.as_deref(), metadata.sex.as_deref()),
            (Some("61"), Some("F"))
        );
        assert_eq!(
            (metadata.patient_id.as_deref(), metadata.acquired_at.as_deref()),
            (Some("7"), Some("2003-02-01T09:00:00"))
        );
        assert_eq!(metadata.comments[2], (String::new(), "free text".to_owned()));
        let doubts = metadata.doubts.join("\n");
        for word in [
            "signal ABP is left out: its unit is mmHg",
            "signal slow is left out: its sample rate",
            "checksum",
        ] {
            assert!(doubts.contains(word), "{doubts}");
        }
        assert!(file.read(1, &mut Recording::default()).is_err());
        assert_eq!(file.facts()["samples"], 4);
    }
}

#[test]
fn the_values_of_a_recording_are_those_of_its_signals() {
    let records = Records::new();
    records.write(
        "r.hea",
        "r 4 250 4\na.dat 16x2:1 3/mV\nb.dat 212 1/mmHg\nb.dat 212x2 -7(9)/uV\nc.dat 8x2 2/mV 8 0 5\n",
    );
    records.write("a.dat", (1..9i16).flat_map(i16::to_le_bytes).collect::<Vec<u8>>());
    records.write("b.dat", (0..18).map(|byte| byte * 13).collect::<Vec<u8>>());
    records.write("c.dat", (0..8).collect::<Vec<u8>>());
    let record = records.read().unwrap();
    let mut recording = Recording::default();
    opened(&records, "r.hea").read(0, &mut recording).unwrap();
    let values = recording.samples.to_f64();
    assert_eq!(values.len(), 24);
    for (lead, signal) in [0, 2, 3].into_iter().enumerate() {
        let of_lead: Vec<f64> = values.iter().skip(lead).step_by(3).copied().collect();
        let same = of_lead.iter().zip(&record.signals[signal].samples);
        assert!(
            same.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()),
            "{signal}: {of_lead:?}"
        );
    }
    assert_eq!(recording.metadata.unwrap().doubts[0], record.warnings[0]);
}

#[test]
fn the_order_of_the_leads_is_that_of_their_names() {
    let records = Records::new();
    // MIMIC-IV-ECG has aVR, aVF, aVL.
    let order = [
        "V6", "II", "III", "AVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "I", "vx",
    ];
    let lines: String = order
        .iter()
        .map(|lead| format!("r.dat 16 1/mV 16 0 0 0 0 {lead}\n"))
        .collect();
    records.write("r.hea", format!("r 13 500 1\n{lines}"));
    records.write(
        "r.dat",
        (0..13i16).flat_map(i16::to_le_bytes).collect::<Vec<u8>>(),
    );
    let mut recording = Recording::default();
    opened(&records, "r.hea").read(0, &mut recording).unwrap();
    recording.use_standard_leads(MissingLeads::Refuse).unwrap();
    let expected = [11, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 0].map(f64::from);
    assert_eq!(recording.samples, Samples::Float64(expected.to_vec()));
}

#[test]
fn without_a_rate_a_unit_of_voltage_or_one_rate_a_record_is_no_recording() {
    let records = Records::new();
    records.write("r.dat", [0; 64]);
    let error = |text: &str| {
        records.write("r.hea", text);
        let opened = crate::open(&records.path("r.hea"), &Encoding::default()).unwrap();
        opened.err().unwrap().to_string()
    };
    let no_rate = error("r 1\nr.dat 16 1/mV 0 0 0 0 0 I\n");
    assert!(
        no_rate.contains("the header states no sample rate") && no_rate.contains("250"),
        "{no_rate}"
    );
    assert!(
        error("r 1 500\nr.dat 16 1/mmHg\n")
            .contains("no signal is in a unit of voltage; the first is in mmHg")
    );
    let rates = error("r 2 500\nr.dat 16x2 1/mV 0 0 0 0 0 I\nr.dat 16 1/mV 0 0 0 0 0 II\n");
    assert!(
        rates.contains("line 3: lead II has another sample rate"),
        "{rates}"
    );
    records.write("r.hea", "r 1\nr.dat 16 1/mV 0 0 0 0 0 I\n");
    let stated = Encoding {
        sample_rate: 400.0,
        ..Encoding::default()
    };
    let file = crate::open(&records.path("r.hea"), &stated).unwrap().unwrap();
    assert_eq!(file.facts()["sample_rate"], 400.0);
}

#[test]
fn files_of_other_formats_are_not_taken_for_records() {
    let records = Records::new();
    records.write("segment.mat", "MATLAB 5.0 MAT-file");
    records.write("list.tsv", "\t/data\necg_0.mat\t2500\n");
    records.write("table.csv", "idx,age\n1,2\n");
    records.write("numbers.txt", "1 2 3\n4 5 6\n");
    for name in ["segment.mat", "list.tsv", "table.csv", "numbers.txt", "nothing"] {
        assert!(
            crate::open(&records.path(name), &Encoding::default()).is_none(),
            "{name}"
        );
    }
    records.write("alone.dat", [0; 8]);
    let error = crate::open(&records.path("alone.dat"), &Encoding::default())
        .unwrap()
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("no header alone.hea beside it"),
        "{error}"
    );
    mixed(&records);
    std::fs::rename(records.path("r.hea"), records.path("header.txt")).unwrap();
    assert_eq!(opened(&records, "header.txt").lead_count(), 2);
}
