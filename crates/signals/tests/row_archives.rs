//! Archives of many recordings a file, beside a table: HDF5 and arrays, by identifier, by position, by number.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{SAMPLES, contents, exams, lines, part, row, run, tracing};
use ecgfm_artifacts::formats::code15::{RowValues, WriteLayout, write_rows};
use ecgfm_artifacts::formats::tracings::description::RowIds;
use ecgfm_artifacts::recordings::MissingLeads;
use ecgfm_signals::{Params, Store};
use std::fs;
use std::path::Path;

/// Leads of these recordings that do not follow from others: I, II, V1 to V6.
const INDEPENDENT: [usize; 8] = [0, 1, 6, 7, 8, 9, 10, 11];

fn params(dataset: &str, raw: &Path) -> Params {
    Params {
        dataset: dataset.to_owned(),
        threads: Some(2),
        ..Params::new(raw)
    }
}

/// Recordings whose limb leads obey their laws.
fn recordings(count: usize) -> Vec<Vec<f32>> {
    let one = |seed: usize| {
        let mut values = tracing(2400, seed);
        for sample in values.as_chunks_mut::<12>().0 {
            let (i, ii) = (sample[0], sample[1]);
            sample[2..6].copy_from_slice(&[ii - i, -(i + ii) / 2.0, i - ii / 2.0, ii - i / 2.0]);
        }
        values
    };
    (1..=count).map(one).collect()
}

/// Runs the stage; returns the lines of meta.csv and the packed segments.
fn segments(params: &Params, out: &Path) -> (Vec<String>, Vec<u8>) {
    run(params, out).unwrap();
    let packed = contents(&out.join("segments"));
    let part = packed.get(Path::new("part-00000.npy")).cloned();
    (lines(&out.join("meta.csv")), part.unwrap_or_default())
}

/// The message of the stage, which must fail.
fn message(params: &Params) -> String {
    let out = tempfile::tempdir().unwrap();
    run(params, out.path()).unwrap_err().to_string()
}

/// Column of a table by its name.
fn column(table: &[String], name: &str) -> Vec<String> {
    let at = table[0].split(',').position(|known| known == name).unwrap();
    table[1..]
        .iter()
        .map(|line| line.split(',').nth(at).unwrap().to_owned())
        .collect()
}

#[test]
fn sami_trop_is_read_in_the_order_of_its_table_to_the_bits_of_code15() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let all = recordings(3);
    let code15 = dir.path().join("code15");
    fs::create_dir(&code15).unwrap();
    let rows: Vec<(i64, Vec<f32>)> = [7, 5, 9].into_iter().zip(all.clone()).collect();
    part(&code15, "exams_part0.hdf5", &rows, WriteLayout::Contiguous);
    exams(&code15, &["7", "5", "9"].map(|id| row(id, "exams_part0.hdf5")));

    let sami = dir.path().join("sami_trop");
    fs::create_dir(&sami).unwrap();
    let values: Vec<f64> = all.iter().flatten().map(|v| f64::from(*v)).collect();
    let shape = [3, SAMPLES, 12];
    write_rows(
        &sami.join("exams.hdf5"),
        ("tracings", shape, RowValues::Float64(&values)),
        None,
    )
    .unwrap();
    let table = "exam_id,age,is_male,normal_ecg,death,timey,nn_predicted_age\n\
                 7,60,True,False,False,2.1,61.5\n5,44,False,True,False,2.2,40\n9,71,True,False,True,0.4,70\n";
    fs::write(sami.join("exams.csv"), table).unwrap();

    let (_, wanted) = segments(&params("code15", &code15), &out.path().join("a"));
    let (meta, found) = segments(&params("sami_trop", &sami), &out.path().join("b"));
    assert!(found == wanted && !found.is_empty(), "the same segments");
    assert_eq!(column(&meta, "exam_id"), ["7", "5", "9"]);
    assert_eq!(column(&meta, "patient_id"), ["7", "5", "9"]);
    assert_eq!(column(&meta, "is_male"), ["True", "False", "True"]);
    assert_eq!(column(&meta, "save_file")[1], "sami_trop_5.mat");
    assert!(meta[1..].iter().all(|line| line.contains(",400,")));

    fs::write(sami.join("exams.csv"), table.rsplit_once("9,71").unwrap().0).unwrap();
    let refused = message(&params("sami_trop", &sami));
    assert!(
        refused.contains("exams.csv: 2 exams and 3 recordings in exams.hdf5"),
        "{refused}"
    );
}

#[test]
fn the_test_set_of_code_has_no_names_and_a_truth_of_its_own() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let raw = dir.path();
    let values: Vec<f32> = recordings(2).concat();
    let shape = [2, SAMPLES, 12];
    write_rows(
        &raw.join("ecg_tracings.hdf5"),
        ("tracings", shape, RowValues::Float32(&values)),
        None,
    )
    .unwrap();
    fs::write(raw.join("attributes.csv"), "age,sex\n40,M\n51,F\n").unwrap();
    let (meta, packed) = segments(&params("code_test", raw), &out.path().join("a"));
    assert_eq!(column(&meta, "exam_id"), ["0", "1"]);
    assert_eq!(column(&meta, "is_male"), ["True", "False"]);
    assert_eq!(column(&meta, "age"), ["40", "51"]);
    assert!(!meta[0].contains("1dAVb"), "{}", meta[0]);

    fs::create_dir(raw.join("annotations")).unwrap();
    let truth = raw.join("annotations/gold_standard.csv");
    fs::write(&truth, "1dAVb,RBBB,LBBB,SB,AF,ST\n0,1,0,0,0,0\n0,0,0,0,1,0\n").unwrap();
    let view = Params {
        store: Store::View,
        ..params("code_test", raw)
    };
    run(&view, &out.path().join("b")).unwrap();
    let meta = lines(&out.path().join("b/meta.csv"));
    assert_eq!(
        (column(&meta, "RBBB"), column(&meta, "AF")),
        (vec!["1".into(), "0".into()], vec!["0".into(), "1".into()])
    );
    assert!(out.path().join("b/segments/view.json").exists() && !packed.is_empty());

    fs::write(&truth, "1dAVb,RBBB,LBBB,SB,AF,ST\n0,1,0,0,0,0\n").unwrap();
    let refused = message(&params("code_test", raw));
    assert!(
        refused.contains("gold_standard.csv: 1 rows, and the table of exams has 2"),
        "{refused}"
    );
    fs::write(&truth, "").unwrap();
    fs::write(raw.join("attributes.csv"), "age,sex\n40,M\n51,F\n9,F\n").unwrap();
    let refused = message(&params("code_test", raw));
    assert!(
        refused.contains("attributes.csv: 3 exams and 2 recordings in ecg_tracings.hdf5"),
        "{refused}"
    );
}

/// IKEM's shape: two files of eight leads as integers of 4.88 µV.
fn ikem(raw: &Path, all: &[Vec<f32>]) {
    for (name, at, ids) in [("a.hdf5", 0..2, [12, 11]), ("b.h5", 2..4, [14, 13])] {
        let values = all[at].iter().flat_map(|one| one.as_chunks::<12>().0);
        let values =
            values.flat_map(|sample| INDEPENDENT.map(|lead| (sample[lead] / 0.00488).round() as i16));
        let values: Vec<i16> = values.collect();
        let ids = RowIds::Numbers(ids.to_vec());
        let of_file = ("tracings", [2, SAMPLES, 8], RowValues::Int16(&values));
        write_rows(&raw.join(name), of_file, Some(("exam_id", &ids))).unwrap();
    }
}

#[test]
fn ikem_is_found_by_its_numbers_and_its_leads_are_derived() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (raw, all) = (dir.path(), recordings(4));
    ikem(raw, &all);
    fs::write(
        raw.join("exams.csv"),
        "exam_id,patient_id\n11,P1\n12,P1\n13,P2\n15,P2\n",
    )
    .unwrap();
    let refused = message(&params("ikem", raw));
    assert!(refused.contains("lead III is missing"), "{refused}");
    let derived = Params {
        missing_leads: MissingLeads::Derive,
        segment_seconds: Some(4.0),
        ..params("ikem", raw)
    };
    let (meta, packed) = segments(&derived, &out.path().join("a"));
    assert_eq!(column(&meta, "exam_id"), ["11", "12", "13"]);
    assert_eq!(column(&meta, "patient_id"), ["P1", "P1", "P2"]);
    assert_eq!(column(&meta, "trace_file"), ["a.hdf5", "a.hdf5", "b.h5"]);
    assert!(meta[1..].iter().all(|line| line.contains(",500,")));
    let rejected = lines(&out.path().join("a/rejected.csv"));
    assert_eq!(rejected[1..], ["15,,missing_tracing,no file holds exam 15"]);
    assert_eq!(packed.len() / (12 * 2000 * 4), 3);
}

#[test]
fn the_same_ecgs_as_integers_of_eight_leads_and_as_millivolts_of_twelve_agree() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (raw, all) = (dir.path(), recordings(4));
    ikem(raw, &all);
    fs::write(raw.join("exams.csv"), "exam_id\n11\n12\n13\n14\n").unwrap();
    // Of 400 Hz, so that the recordings make segments.
    let described = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/datasets/ikem.yaml"
    ))
    .unwrap();
    let ours = dir.path().join("ours.yaml");
    fs::write(&ours, described.replace("sample_rate: 500", "sample_rate: 400")).unwrap();
    let settings = |dataset: &Path, raw: &Path| Params {
        missing_leads: MissingLeads::Derive,
        standardize: Some(false),
        sample_rate: Some(400),
        ..params(dataset.to_str().unwrap(), raw)
    };
    let (_, integers) = segments(&settings(&ours, raw), &out.path().join("a"));
    let twelve = dir.path().join("twelve");
    fs::create_dir(&twelve).unwrap();
    let values: Vec<f32> = all.concat();
    let of_file = ("tracings", [4, SAMPLES, 12], RowValues::Float32(&values));
    write_rows(&twelve.join("exams.hdf5"), of_file, None).unwrap();
    fs::write(
        twelve.join("exams.csv"),
        "exam_id,age,is_male\n12,1,1\n11,1,1\n14,1,1\n13,1,1\n",
    )
    .unwrap();
    let (_, millivolts) = segments(&settings(Path::new("sami_trop"), &twelve), &out.path().join("b"));
    assert_eq!(integers.len(), millivolts.len());
    let floats = |bytes: &[u8]| {
        let values = &bytes[bytes.len() - 4 * 12 * 2000 * 4..];
        values
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect::<Vec<f32>>()
    };
    let far = floats(&integers)
        .into_iter()
        .zip(floats(&millivolts))
        .find(|(a, b)| (a - b).abs() > 0.0075);
    assert_eq!(
        far, None,
        "an integer is at most half of 4.88 µV off, a derived lead one and a half times that"
    );
}

/// A description of one's own, with these lines.
fn describe(dir: &Path, further: &str) -> std::path::PathBuf {
    let path = dir.join("ours.yaml");
    let text = format!(
        "name: ours\ntable: exams.csv\nexam_id: id\nsample_rate: 400\nunit: mV\nzero_padded: true\n\
         leads: [I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6]\n{further}\n"
    );
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn texts_groups_and_files_of_a_column_in_an_archive_of_ones_own() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (raw, all) = (dir.path().join("raw"), recordings(4));
    fs::create_dir_all(raw.join("h5")).unwrap();
    let transposed = |one: &Vec<f32>| {
        let by_lead =
            (0..12).flat_map(|lead| one.iter().skip(lead).step_by(12).copied().collect::<Vec<f32>>());
        by_lead.collect::<Vec<f32>>()
    };
    for (name, at, ids) in [("h5/a.h5", 0..2, ["x-1", "é"]), ("h5/b.h5", 2..4, ["x-2", "x-3"])] {
        let values: Vec<f32> = all[at].iter().flat_map(transposed).collect();
        let ids = RowIds::Texts(ids.map(str::to_owned).to_vec());
        let of_file = ("ecg/rhythm", [2, 12, SAMPLES], RowValues::Float32(&values));
        write_rows(&raw.join(name), of_file, Some(("names", &ids))).unwrap();
    }
    let rows = "id,file\nx-3,h5/b.h5\nx-1,h5/a.h5\né,h5/a.h5\nx-2,h5/a.h5\nx-4,h5/a.h5\nx-1,h5/a.h5\nx-9,h5/c.h5\nx-8,../a.h5\n";
    fs::write(raw.join("exams.csv"), rows).unwrap();
    let dataset = describe(
        dir.path(),
        "file: file\narray: ecg/rhythm\nrow_ids: names\naxes: leads_samples",
    );
    let (meta, packed) = segments(&params(dataset.to_str().unwrap(), &raw), &out.path().join("a"));
    assert_eq!(column(&meta, "exam_id"), ["x-3", "x-1", "é"]);
    assert!(!packed.is_empty());
    let rejected = lines(&out.path().join("a/rejected.csv"));
    assert_eq!(
        rejected[1..],
        [
            "x-2,h5/a.h5,wrong_trace_file,\"exam x-2 is in h5/b.h5, row 0\"",
            "x-4,h5/a.h5,missing_tracing,no file holds exam x-4",
            "x-1,h5/a.h5,duplicate_exam,exam x-1 is in row 2 of the table already",
            "x-9,h5/c.h5,unknown_trace_file,there is no file `h5/c.h5` in the archive",
            "x-8,../a.h5,unknown_trace_file,there is no file `../a.h5` in the archive",
        ]
    );
}

/// An array of float32 as NumPy writes it.
fn npy(path: &Path, shape: &str, values: &[f32]) {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

#[test]
fn arrays_beside_a_table_are_found_by_position_and_by_number() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (raw, all) = (dir.path().join("raw"), recordings(3));
    fs::create_dir(&raw).unwrap();
    npy(
        &raw.join("ecgs.npy"),
        &format!("(3, {SAMPLES}, 12)"),
        &all.concat(),
    );
    fs::write(raw.join("exams.csv"), "id,place\na,2\nb,0\nc,1\n").unwrap();
    let by = |rule: &str| {
        let dataset = describe(
            dir.path(),
            &format!("files: ecgs.npy\naxes: samples_leads\n{rule}"),
        );
        segments(&params(dataset.to_str().unwrap(), &raw), &out.path().join(rule))
    };
    let ((_, by_position), (meta, by_number)) = (by("by_position: true"), by("row: place"));
    assert!(by_position == by_number, "both are in the order of the file");
    assert_eq!(column(&meta, "exam_id"), ["a", "b", "c"]);
    let index = lines(&out.path().join("row: place/segments/index.csv"));
    let order: Vec<&str> = index[1..]
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(order, ["ours_b_0", "ours_c_0", "ours_a_0"]);

    fs::write(raw.join("exams.csv"), "id,place\na,2\nb,3\nc,x\n").unwrap();
    let dataset = describe(dir.path(), "files: ecgs.npy\naxes: samples_leads\nrow: place");
    let settings = params(dataset.to_str().unwrap(), &raw);
    segments(&settings, &out.path().join("c"));
    let rejected = lines(&out.path().join("c/rejected.csv"));
    assert_eq!(
        rejected[1..],
        [
            "b,,missing_tracing,\"ecgs.npy has 3 recordings, and none of number 3\"",
            "c,,bad_row,`x` is no number of a recording",
        ]
    );
    // Identifiers are asked for where a format has none.
    let dataset = describe(dir.path(), "files: ecgs.npy\naxes: samples_leads\nrow_ids: names");
    let refused = message(&params(dataset.to_str().unwrap(), &raw));
    assert!(refused.contains("identifiers of rows are asked for"), "{refused}");
    // A file of several where each exam names a file of its own: none is taken for the exam's.
    fs::write(raw.join("exams.csv"), "id,place\na,ecgs.npy\n").unwrap();
    let dataset = describe(dir.path(), "file: place\naxes: samples_leads");
    let refused = message(&params(dataset.to_str().unwrap(), &raw));
    assert!(
        refused.contains("3 recordings, and nothing says which is this exam's"),
        "{refused}"
    );
}

#[test]
fn hdf5_that_nobody_describes_is_refused_in_a_folder_and_never_read_at_400_hz() {
    let dir = tempfile::tempdir().unwrap();
    let values: Vec<f32> = recordings(1).concat();
    let of_file = ("tracings", [1, SAMPLES, 12], RowValues::Float32(&values));
    let ids = RowIds::Numbers(vec![1]);
    write_rows(&dir.path().join("a.hdf5"), of_file, Some(("exam_id", &ids))).unwrap();
    let refused = message(&params("folder", dir.path()));
    assert!(refused.contains("the sample rate is not stated"), "{refused}");
}

#[test]
fn the_small_archives_after_bug_reports_are_read() {
    let Some(cases) = common::reference().map(|reference| reference.join("../cases")) else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    for (dataset, raw, exams) in [
        ("ikem", "ikem_int16_8_leads/raw", 3),
        ("code_test", "code_test_without_exam_id/raw", 3),
    ] {
        let settings = Params {
            missing_leads: MissingLeads::Derive,
            ..params(dataset, &cases.join(raw))
        };
        let (meta, packed) = segments(&settings, &out.path().join(dataset));
        assert_eq!(meta.len(), 1 + exams, "{dataset}");
        assert!(!packed.is_empty());
    }
}
