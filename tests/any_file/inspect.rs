//! `ecgfm inspect` of recordings and of directories of them.

use crate::common::ok;
use crate::files::{LEADS, failed, program, shared, write_csv, write_muse, write_wfdb};
use serde_json::Value;

fn inspected(arguments: &[&std::ffi::OsStr]) -> Value {
    let mut command = program(["inspect", "--json"]);
    serde_json::from_str(&ok(command.args(arguments))).unwrap()
}

#[test]
fn a_record_is_shown_with_its_leads_by_both_names_its_rate_and_its_doubts() {
    let dir = tempfile::tempdir().unwrap();
    write_wfdb(dir.path(), "r", &LEADS, |name| format!("Lead {name}"), 500.0);
    let signal = dir.path().join("r.dat");
    let found = inspected(&[dir.path().join("r").as_os_str()]);
    assert_eq!(
        (
            found["sample_rate"].as_f64(),
            found["samples"].as_u64(),
            found["seconds"].as_f64()
        ),
        (Some(500.0), Some(5000), Some(10.0))
    );
    assert_eq!(
        (&found["unit"], &found["patient_id"], &found["age"]),
        (&"mV".into(), &"4711".into(), &"61".into())
    );
    assert_eq!(
        (&found["lead_names"][3], &found["standard_leads"][3]),
        (&"Lead aVR".into(), &"aVR".into())
    );
    assert_eq!(found["doubts"], Value::Array(Vec::new()));
    let mut bytes = std::fs::read(&signal).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&signal, bytes).unwrap();
    let text = ok(program(["inspect"]).arg(&signal));
    for words in [
        "aVR (Lead aVR)",
        "  sample rate      500 Hz\n",
        "5000 samples, 10 s",
        "filters          none stated",
        "checksum",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn several_files_are_shown_and_a_directory_is_summarised() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_wfdb(&at("a"), "one", &LEADS, str::to_owned, 500.0);
    write_wfdb(&at("a"), "two", &LEADS[..8], str::to_owned, 250.0);
    write_muse(&at("three.xml"));
    std::fs::write(at("bad.xml"), "<RestingECG/>").unwrap();
    std::fs::write(at("notes.txt"), "nothing").unwrap();
    let found = inspected(&[dir.path().as_os_str()]);
    assert_eq!(
        (found["files"].as_u64(), found["recordings"].as_u64()),
        (Some(4), Some(3))
    );
    assert_eq!(
        (&found["formats"][0]["value"], &found["formats"][0]["recordings"]),
        (&"WFDB".into(), &2.into())
    );
    assert_eq!(
        (
            &found["sample_rates"][0]["value"],
            &found["sample_rates"][1]["value"]
        ),
        (&"500 Hz".into(), &"250 Hz".into())
    );
    assert_eq!(found["not_read"][0]["file"], "bad.xml");
    let text = ok(program(["inspect"]).arg(dir.path()));
    assert!(
        text.contains("3 recordings in 4 files") && text.contains("2 × 500 Hz"),
        "{text}"
    );
    let both = inspected(&[at("a/one.hea").as_os_str(), at("three.xml").as_os_str()]);
    assert_eq!(
        (&both[0]["format"], &both[1]["format"]),
        (&"WFDB".into(), &"GE MUSE XML".into())
    );
    assert_eq!(both[1]["derived_leads"].as_array().unwrap().len(), 4);
    let two = ok(program(["inspect"]).arg(at("a/two.hea")));
    assert!(two.contains("not in the file  V3, V4, V5, V6"), "{two}");
}

#[test]
fn what_a_file_does_not_state_is_stated_by_options_and_never_assumed() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("x.csv");
    write_csv(&csv);
    let (code, message) = failed(program(["inspect", "--unit", "mV"]).arg(&csv));
    assert!(code == Some(3) && message.contains("rate"), "{message}");
    let rate = ["--rate", "400", "--unit", "mV"].map(std::ffi::OsStr::new);
    let found = inspected(&[&[csv.as_os_str()], &rate[..]].concat());
    assert_eq!(
        (found["seconds"].as_f64(), &found["unit"]),
        (Some(10.0), &"mV".into())
    );
    write_wfdb(dir.path(), "r", &LEADS, str::to_owned, 500.0);
    let (code, message) = failed(program(["inspect", "--rate", "400"]).arg(dir.path().join("r.hea")));
    assert!(
        code == Some(3) && message.contains("states 500 Hz, and --rate says 400"),
        "{message}"
    );
    let (code, message) = failed(program(["inspect", "--unit", "mmHg"]).arg(&csv));
    assert!(
        code == Some(2) && message.contains("unit of voltage"),
        "{message}"
    );
}

#[test]
fn formats_that_are_not_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut dicom = vec![0; 400];
    dicom[128..132].copy_from_slice(b"DICM");
    let path = dir.path().join("ecg");
    std::fs::write(&path, dicom).unwrap();
    for command in ["inspect", "plot"] {
        let (code, message) = failed(program([command]).arg(&path));
        assert!(
            code == Some(3) && message.contains("this is DICOM, which is not read yet; convert it to WFDB"),
            "{message}"
        );
    }
    for (name, words) in [
        ("formats/dicom/pydicom_waveform_ecg.dcm", "DICOM"),
        ("formats/scp/scpinfo_example.scp", "SCP-ECG"),
        ("formats/edf-bdf/pyedflib_utf8.edf", "EDF"),
        ("formats/edf-bdf/pyedflib_datarec_2s.bdf", "BDF"),
        ("formats/aecg/fda_minimum.xml", "aECG"),
        ("formats/philips-1.04/ad4d3d80-d165_1-04_orig.xml", "Philips"),
    ] {
        let Some(path) = shared(name) else { return };
        let (code, message) = failed(program(["inspect"]).arg(&path));
        assert!(code == Some(3) && message.contains(words), "{name}: {message}");
    }
}
