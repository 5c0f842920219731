//! `ecgfm convert`, read back by the library.

use crate::common::ok;
use crate::files::{LEADS, failed, program, shared, wave, write_csv, write_muse, write_wfdb};
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

#[test]
fn with_a_recipe_the_tensor_is_what_the_authors_code_makes() {
    let Some(shared) = shared("recipes") else { return };
    let shared = shared.parent().unwrap();
    let dir = tempfile::tempdir().unwrap();
    for record in ["cinc2021-ptbxl/HR06000.hea", "cinc2021-ningbo/JS20000.hea"] {
        let mut command = program(["convert", "--json", "--to", "npy", "--recipe", "ecgfounder"]);
        let text = ok(command
            .arg(shared.join("wfdb").join(record))
            .arg("-o")
            .arg(dir.path()));
        let said: Value = serde_json::from_str(&text).unwrap();
        let name = record.split(['/', '.']).nth(1).unwrap();
        let array = NpyReader::open(&dir.path().join(format!("{name}.npy"))).unwrap();
        assert_eq!(array.header().shape, [1, 12, 5000]);
        let ours: Vec<f32> = array.read_all().unwrap();
        let golden = NpyReader::open(&shared.join(format!("recipes/ecgfounder/{name}.npy"))).unwrap();
        let golden: Vec<f32> = golden.read_all().unwrap();
        let squares: f64 = golden.iter().map(|v| f64::from(*v).powi(2)).sum();
        let rms = (squares / golden.len() as f64).sqrt();
        assert_eq!(ours.len(), golden.len());
        for (ours, golden) in ours.iter().zip(&golden) {
            assert!(
                f64::from((ours - golden).abs()) <= 1e-5 * rms,
                "{name}: {ours} is not {golden}"
            );
        }
        let beside: Value =
            serde_json::from_slice(&std::fs::read(dir.path().join(format!("{name}.json"))).unwrap()).unwrap();
        assert_eq!(beside, said["converted"][0]);
        assert_eq!(
            (&beside["rows"], &beside["samples"], &beside["segments"]),
            (&12.into(), &5000.into(), &1.into())
        );
        assert_eq!(beside["recipe"][1]["step"], "notch");
        assert_eq!(beside["leads"][3], "aVR");
    }
}

#[test]
fn a_recipe_derives_leads_names_what_it_does_not_take_and_makes_arrays_only() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_muse(&at("m.xml"));
    write_wfdb(&at("in"), "short", &["I", "II"], str::to_owned, 250.0);
    let with = |recipe: &str, to: &str| program(["convert", "--json", "--to", to, "--recipe", recipe]);
    let text = ok(with("merl", "npy").arg(at("m.xml")).arg("-o").arg(at("out")));
    let said: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        said["converted"][0]["derived_leads"].as_array().unwrap().len(),
        4,
        "{said}"
    );
    assert_eq!(said["converted"][0]["sample_rate"], 500.0);
    let (code, message) = failed(
        with("ecg_jepa", "npy")
            .arg(at("in/short.hea"))
            .arg("-o")
            .arg(at("out")),
    );
    assert!(code == Some(3) && message.contains("no lead V1"), "{message}");
    let (code, message) = failed(with("merl", "wfdb").arg(at("m.xml")).arg("-o").arg(at("out")));
    assert!(code == Some(2) && message.contains("--to npy"), "{message}");
    let (code, message) = failed(with("bert", "npy").arg(at("m.xml")).arg("-o").arg(at("out")));
    assert!(
        code == Some(2) && message.contains("--recipe is `bert`, and there is no such file"),
        "{message}"
    );
}
