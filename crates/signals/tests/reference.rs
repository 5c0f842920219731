//! The ten real recordings, against what the Python scripts wrote for them: to the bit.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{contents, lines, reference, run};
use ecgfm_artifacts::formats::mat5::MatFile;
use ecgfm_artifacts::store::SegmentReader;
use ecgfm_signals::{Params, Store};
use std::path::Path;

/// Bytes of a `.mat` file's header: a description with a date, unlike in every file.
const HEADER: usize = 128;

#[test]
fn every_mat_file_has_the_bytes_of_the_scripts_after_its_header() {
    let Some(reference) = reference() else { return };
    let out = tempfile::tempdir().unwrap();
    let params = Params {
        store: Store::Mat,
        ..Params::new(reference.join("code15_mini"))
    };
    run(&params, out.path()).unwrap();
    for (folder, files) in [("org", 10), ("preprocessed", 10), ("segmented", 14)] {
        let theirs = contents(&reference.join("preprocess").join(folder));
        let ours = contents(&out.path().join(folder));
        assert_eq!(ours.len(), files);
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
        for (name, bytes) in &theirs {
            assert!(
                ours[name][HEADER..] == bytes[HEADER..],
                "{folder}/{}",
                name.display()
            );
        }
    }
}

#[test]
fn packed_segments_are_the_scripts_rounded_to_float32() {
    let Some(reference) = reference() else { return };
    let out = tempfile::tempdir().unwrap();
    run(&Params::new(reference.join("code15_mini")), out.path()).unwrap();
    let reader = SegmentReader::open(&out.path().join("segments")).unwrap();
    let names = lines(&out.path().join("segmented.csv"));
    assert_eq!(names.len(), 1 + 14);
    for line in &names[1..] {
        let name = line
            .split(',')
            .next()
            .unwrap()
            .strip_prefix("signals/segments/")
            .unwrap();
        let mut ours = vec![0f32; 12 * 2500];
        reader.read(name, &mut ours).unwrap();
        let path = reference.join("preprocess/segmented").join(format!("{name}.mat"));
        let ((leads, samples), theirs) = MatFile::read(&path).unwrap().f64_matrix("feats").unwrap();
        for (i, value) in ours.iter().enumerate() {
            let wanted = theirs[i % samples * leads + i / samples] as f32;
            assert_eq!(value.to_bits(), wanted.to_bits(), "{name}: value {i}");
        }
    }
}

/// A table without the directories in its paths.
fn without_directories(path: &Path) -> Vec<String> {
    let strip = |cell: &str| {
        cell.rsplit('/')
            .next()
            .unwrap()
            .trim_end_matches(".mat")
            .to_owned()
    };
    lines(path)
        .iter()
        .map(|l| l.split(',').map(strip).collect::<Vec<_>>().join(","))
        .collect()
}

#[test]
fn tables_are_the_scripts_but_for_directories() {
    let Some(reference) = reference() else { return };
    let out = tempfile::tempdir().unwrap();
    run(&Params::new(reference.join("code15_mini")), out.path()).unwrap();
    for table in ["meta.csv", "segmented.csv"] {
        let theirs = without_directories(&reference.join("preprocess").join(table));
        assert_eq!(without_directories(&out.path().join(table)), theirs);
    }
    assert_eq!(
        lines(&out.path().join("rejected.csv")),
        ["exam_id,trace_file,reason,detail"]
    );
}
