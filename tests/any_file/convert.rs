//! `ecgfm convert`, read back by the library.

use crate::common::ok;
use crate::files::{LEADS, failed, program, wave, write_csv, write_muse, write_wfdb};
use ecgfm_formats::npy::NpyReader;
use ecgfm_recordings::{Encoding, Recording};
use serde_json::Value;

#[test]
fn values_come_back_exactly_from_npy_and_within_the_stated_rounding_from_wfdb() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_csv(&at("x.csv"));
    for to in ["npy", "wfdb"] {
        let mut command = program(["convert", "--json", "--rate", "400", "--unit", "mV", "--to", to]);
        let text = ok(command.arg(at("x.csv")).arg("-o").arg(at("out")));
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said["converted"][0]["samples"], 4000);
        let error = said["converted"][0]["largest_error_mv"]
            .as_f64()
            .unwrap_or_default();
        assert!(error <= 1e-4, "{said}");
    }
    let array = NpyReader::open(&at("out/x.npy")).unwrap();
    assert_eq!(array.header().shape, [12, 4000]);
    let values: Vec<f64> = array.read_all().unwrap();
    assert_eq!(values[4000..8000], wave("II", 4000));
    let beside: Value = serde_json::from_slice(&std::fs::read(at("out/x.json")).unwrap()).unwrap();
    assert_eq!(
        (&beside["leads"][3], &beside["sample_rate"], &beside["unit"]),
        (&"aVR".into(), &400.0.into(), &"mV".into())
    );
    let file = ecgfm_recordings::open(&at("out/x.hea"), &Encoding::default())
        .unwrap()
        .unwrap();
    let mut recording = Recording::default();
    file.read(0, &mut recording).unwrap();
    for (sample, wanted) in recording.samples.to_f64().chunks_exact(12).zip(wave("II", 4000)) {
        assert!((sample[1] - wanted).abs() <= 1e-4);
    }
    let mut again = program(["convert", "--rate", "400", "--unit", "mV", "--to", "npy"]);
    let (code, message) = failed(again.arg(at("x.csv")).arg("-o").arg(at("out")));
    assert!(
        code == Some(2) && message.contains("nothing is overwritten"),
        "{message}"
    );
}

#[test]
fn a_directory_of_many_formats_becomes_records_without_the_patient() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_wfdb(&at("in/a"), "r", &LEADS, str::to_lowercase, 500.0);
    write_wfdb(&at("in/b"), "r", &LEADS, str::to_owned, 250.0);
    write_muse(&at("in/m.xml"));
    std::fs::write(at("in/bad.xml"), "<RestingECG/>").unwrap();
    let mut command = program(["convert", "--to", "wfdb"]);
    let output = command.arg(at("in")).arg("-o").arg(at("out")).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("set aside") && said.contains("bad.xml"), "{said}");
    let header = std::fs::read_to_string(at("out/r.hea")).unwrap();
    assert!(
        header.contains("aVR") && header.contains("# Age: 61") && !header.contains("4711"),
        "{header}"
    );
    assert!(
        std::fs::read_to_string(at("out/r_2.hea"))
            .unwrap()
            .starts_with("r_2 12 250 2500")
    );
    let muse = std::fs::read_to_string(at("out/m.hea")).unwrap();
    assert!(muse.contains("# Derived lead: aVF"), "{muse}");
}
