//! A store without samples over files of any format: the bits of `packed`, and errors that name what changed.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::records::{NAMES, lead, write_wfdb};
use common::{part, run, segments_in, tracing};
use ecgfm_artifacts::formats::code15::WriteLayout;
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::MissingLeads;
use ecgfm_recordings::muse::{CountedLead, MuseDocument, MuseFacts};
use ecgfm_signals::{Action, OnBad, Params, Store};
use std::fs;
use std::path::Path;

/// Samples of a segment.
const SEGMENT: usize = 1000;

fn write_muse(raw: &Path, name: &str, seed: usize) {
    let counted = |number: usize| CountedLead {
        id: NAMES[number].to_owned(),
        counts: lead(number, 2600, seed)
            .iter()
            .map(|v| (v * 200.0) as i16)
            .collect(),
    };
    let document = MuseDocument {
        leads: [0, 1, 6, 7, 8, 9, 10, 11].map(counted).to_vec(),
        sample_rate: 500,
        microvolts_per_count: 4.88,
        facts: MuseFacts::default(),
    };
    fs::write(raw.join(name), document.to_xml()).unwrap();
}

fn write_csv(raw: &Path, name: &str) {
    let leads: Vec<Vec<f64>> = (0..12).map(|number| lead(number, 900, 5)).collect();
    let names = NAMES.map(|name| format!("{name} (mV)"));
    let mut text = format!("time (s),{}\n", names.join(","));
    for t in 0..900 {
        let values: Vec<String> = leads.iter().map(|lead| lead[t].to_string()).collect();
        text += &format!("{},{}\n", t as f64 / 400.0, values.join(","));
    }
    fs::write(raw.join(name), text).unwrap();
}

/// Three ECGs of eight leads of 1,500 samples, in microvolts as 16-bit integers.
fn write_npy(raw: &Path, name: &str) {
    let mut header = "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 8, 1500), }".to_owned();
    header += &" ".repeat(128 - 11 - header.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.push(b'\n');
    for exam in 0..3 {
        for number in [0, 1, 6, 7, 8, 9, 10, 11] {
            let values = lead(number, 1500, exam);
            bytes.extend(values.iter().flat_map(|v| ((v * 1000.0) as i16).to_le_bytes()));
        }
    }
    fs::write(raw.join(name), bytes).unwrap();
}

fn params(raw: &Path, dataset: &str, store: Store) -> Params {
    Params {
        dataset: dataset.to_owned(),
        store,
        segment_seconds: Some(2.0),
        missing_leads: MissingLeads::Derive,
        ..Params::new(raw)
    }
}

/// Checks that both stores of the archive hold the same `count` segments, whatever the number of threads.
fn assert_same_bits(raw: &Path, dataset: &str, count: usize) {
    let out = tempfile::tempdir().unwrap();
    let of = |store: Store, threads: usize| {
        let out = out.path().join(format!("{store:?}{threads}"));
        let params = Params {
            threads: Some(threads),
            ..params(raw, dataset, store)
        };
        run(&params, &out).unwrap();
        segments_in(&out, "segments", SEGMENT)
    };
    let packed = of(Store::Packed, 1);
    assert_eq!(packed.len(), count);
    assert_eq!(packed, of(Store::View, 1));
    assert_eq!(packed, of(Store::View, 2));
}

const ALL: [usize; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

#[test]
fn wfdb_records_of_any_rate_and_order_have_the_same_bits_in_a_view() {
    let raw = tempfile::tempdir().unwrap();
    write_wfdb(raw.path(), "a", (500.0, 2600), &ALL);
    write_wfdb(raw.path(), "bb", (250.0, 1100), &ALL);
    write_wfdb(
        raw.path(),
        "ccc",
        (500.0, 1200),
        &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    );
    write_wfdb(raw.path(), "dddd", (360.0, 1000), &[0, 1, 6, 7, 8, 9, 10, 11]);
    assert_same_bits(raw.path(), "folder", 2 + 2 + 1 + 1);
}

#[test]
fn muse_files_have_the_same_bits_in_a_view() {
    let raw = tempfile::tempdir().unwrap();
    for (seed, name) in ["a.xml", "b.xml", "c.xml"].into_iter().enumerate() {
        write_muse(raw.path(), name, seed);
    }
    assert_same_bits(raw.path(), "folder", 6);
}

#[test]
fn arrays_of_a_described_archive_have_the_same_bits_in_a_view() {
    let (raw, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_npy(raw.path(), "x.npy");
    write_npy(raw.path(), "y.npy");
    let dataset = place.path().join("arrays.yaml");
    let text = "name: arrays\nsample_rate: 250\ncounts_per_millivolt: 204.8\naxes: leads_samples\nleads: [I, II, V1, V2, V3, V4, V5, V6]\n";
    fs::write(&dataset, text).unwrap();
    assert_same_bits(raw.path(), dataset.to_str().unwrap(), 2 * 3 * 3);
}

#[test]
fn a_folder_of_every_format_has_the_same_bits_in_a_view() {
    let (raw, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_wfdb(raw.path(), "a", (500.0, 2600), &ALL);
    write_muse(raw.path(), "b.xml", 1);
    write_csv(raw.path(), "c.csv");
    let exams = [(7, tracing(2400, 1)), (9, tracing(2100, 2))];
    part(raw.path(), "d.hdf5", &exams, WriteLayout::Contiguous);
    let one = [(8, tracing(2200, 3))];
    part(raw.path(), "e.hdf5", &one, WriteLayout::Contiguous);
    let dataset = place.path().join("mixed.yaml");
    let mut text =
        "name: mixed\nsample_rate: 400\nunit: mV\nzero_padded: true\naxes: samples_leads\n".to_owned();
    text += "leads: [I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6]\n";
    fs::write(&dataset, text).unwrap();
    assert_same_bits(raw.path(), dataset.to_str().unwrap(), 2 + 2 + 1 + 3 + 2 + 2);
}

/// The error of reading the archive's view after `change` was made to the raw files.
fn error_after(change: impl Fn(&Path)) -> String {
    let (raw, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["a", "bb"] {
        write_wfdb(raw.path(), name, (500.0, 2600), &ALL);
    }
    run(&params(raw.path(), "folder", Store::View), out.path()).unwrap();
    change(raw.path());
    let read = |reader: ecgfm_artifacts::store::SegmentReader| {
        reader.read("folder_bb_0.mat", &mut vec![0.0; SEGMENT * 12])
    };
    let opened = ecgfm_artifacts::store::SegmentReader::open(&out.path().join("segments"));
    opened.and_then(read).unwrap_err().to_string()
}

#[test]
fn a_view_names_the_raw_file_that_changed_or_vanished() {
    let flip = |path: &Path, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let changed = "is not the file that the signals stage read";
    let error = error_after(|raw| flip(&raw.join("bb.dat"), 24_002));
    assert!(error.contains("bb.hea") && error.contains(changed), "{error}");
    let error = error_after(|raw| {
        let header = fs::read_to_string(raw.join("bb.hea")).unwrap();
        fs::write(raw.join("bb.hea"), header.replacen(" 500 ", " 501 ", 1)).unwrap();
    });
    assert!(error.contains("bb.hea") && error.contains(changed), "{error}");
    let error = error_after(|raw| {
        let header = fs::read_to_string(raw.join("bb.hea")).unwrap();
        fs::write(raw.join("bb.hea"), header + "# Age: 60\n").unwrap();
    });
    assert!(error.contains("bb.hea") && error.contains(changed), "{error}");
    let error = error_after(|raw| fs::remove_file(raw.join("bb.hea")).unwrap());
    assert!(error.contains("bb.hea: cannot open"), "{error}");
    let error = error_after(|raw| fs::remove_file(raw.join("bb.dat")).unwrap());
    assert!(
        error.contains("bb.dat") && error.contains("does not exist"),
        "{error}"
    );
}

/// Runs the stage over two WFDB records, of which the second has a changed bit.
fn run_on_damaged_records(on_bad: OnBad, out: &Path) {
    let raw = tempfile::tempdir().unwrap();
    write_wfdb(raw.path(), "a", (500.0, 2600), &ALL);
    write_wfdb(raw.path(), "bb", (500.0, 2600), &ALL);
    let samples = raw.path().join("bb.dat");
    let mut bytes = fs::read(&samples).unwrap();
    bytes[100] ^= 1;
    fs::write(&samples, bytes).unwrap();
    let params = Params {
        on_bad,
        ..params(raw.path(), "folder", Store::View)
    };
    run(&params, out).unwrap();
}

#[test]
fn a_checksum_that_does_not_fit() {
    let out = tempfile::tempdir().unwrap();
    run_on_damaged_records(OnBad::default(), &out.path().join("signals"));
    let table = fs::read_to_string(out.path().join("signals/quality.csv")).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|row| row.contains("doubtful_file"))
        .collect();
    assert_eq!(rows.len(), 1, "{table}");
    assert!(rows[0].starts_with("1,bb,doubtful_file,,,"), "{table}");
    assert!(rows[0].contains("bb.dat: signal III: its checksum is"), "{table}");
}

#[test]
fn a_checksum_that_does_not_fit_set_aside_on_request() {
    let out = tempfile::tempdir().unwrap();
    let on_bad = OnBad::Each([(Reason::DoubtfulFile, Action::Reject)].into());
    run_on_damaged_records(on_bad, &out.path().join("signals"));
    let rejected = fs::read_to_string(out.path().join("signals/rejected.csv")).unwrap();
    assert!(
        rejected.contains("doubtful_file: bb.dat: signal III"),
        "{rejected}"
    );
    assert_eq!(rejected.lines().count(), 2, "{rejected}");
}
