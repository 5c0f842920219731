//! Archives of other layouts than CODE-15's.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ecgfm_recordings::{Encoding, MissingLeads, Recording};
use ecgfm_synth::{
    LEAD_NAMES, LEADS, Mix, ReleaseLayout, SynthOptions, UNITS_PER_MILLIVOLT, generate_release, make_exam,
};

fn options(layout: ReleaseLayout, exams: u64) -> SynthOptions {
    SynthOptions {
        layout,
        exams,
        mix: Mix::Balanced,
        noise: 0.0,
        ..SynthOptions::default()
    }
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn written(options: &SynthOptions, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let summary = pool.install(|| generate_release(options, dir.path(), &|_| {}, &|| false).unwrap());
    assert_eq!((summary.exams, summary.rows), (options.exams, options.exams));
    files(dir.path())
}

#[test]
fn every_layout_is_the_same_bytes_with_any_number_of_threads_and_says_that_it_is_synthetic() {
    for layout in ReleaseLayout::ALL {
        let options = options(layout, 70);
        let one = written(&options, 1);
        assert!(one == written(&options, 3), "{layout:?}");
        assert!(one.contains_key("SYNTHETIC.md") && one.contains_key("synth_truth.csv"));
    }
}

/// Every file of every layout is read as the noiseless exam: at 400 Hz each fourth of its samples falls on each fifth of 500 Hz.
#[test]
fn recordings_are_the_exams_of_code15_at_500_hz_in_millivolts() {
    for (layout, file, index, tolerance) in [
        (ReleaseLayout::Ptbxl, "records500/00000/00003_hr.hea", 2, 6e-4),
        (
            ReleaseLayout::Physionet2021,
            "training/cpsc_2018/g1/A0001.hea",
            0,
            6e-4,
        ),
        (
            ReleaseLayout::Physionet2021,
            "training/georgia/g1/E00001.hea",
            1,
            6e-4,
        ),
        (ReleaseLayout::MimicIvEcg, "", 3, 6e-4),
        (ReleaseLayout::Folder, "wfdb/", 0, 6e-4),
        (ReleaseLayout::Folder, "csv/", 1, 6e-4),
        (ReleaseLayout::Folder, "muse/", 2, 6e-3),
        (ReleaseLayout::Muse, "muse/", 2, 6e-3),
    ] {
        let of_layout = options(layout, 4);
        let dir = tempfile::tempdir().unwrap();
        generate_release(&of_layout, dir.path(), &|_| {}, &|| false).unwrap();
        let exam = make_exam(
            &SynthOptions {
                long_share: 1.0,
                ..options(ReleaseLayout::Code15, 4)
            },
            index,
        )
        .unwrap();
        let names = files(dir.path());
        let is_wanted = |name: &&String| {
            let (id, study) = (
                format!("E{:07}", exam.exam_id),
                (40_000_000 + exam.exam_id).to_string(),
            );
            let ends = name.ends_with(".hea") || name.ends_with(".csv") || name.ends_with(".xml");
            name.starts_with(file)
                && ends
                && (!file.ends_with('/') || name.contains(&id))
                && (!file.is_empty() || name.contains(&study))
        };
        let name = names.keys().find(is_wanted).unwrap();
        let opened = ecgfm_recordings::open(&dir.path().join(name), &Encoding::default())
            .unwrap()
            .unwrap();
        let mut recording = Recording::default();
        opened.read(0, &mut recording).unwrap();
        recording.use_standard_leads(MissingLeads::Derive).unwrap();
        let samples = recording.samples.to_f64();
        assert_eq!(recording.sample_rate, 500.0, "{name}");
        for (lead, name_of_lead) in LEAD_NAMES.iter().enumerate() {
            for at in (0..4000).step_by(4) {
                let wanted = f64::from(exam.samples[[at, lead]]) / UNITS_PER_MILLIVOLT;
                let found = samples[at / 4 * 5 * LEADS + lead];
                assert!(
                    (wanted - found).abs() < tolerance,
                    "{name} {name_of_lead} {at}: {found} for {wanted}"
                );
            }
        }
    }
}

#[test]
fn tables_say_of_every_exam_what_is_true_of_it() {
    let ptbxl = written(&options(ReleaseLayout::Ptbxl, 30), 2);
    let table = String::from_utf8(ptbxl["ptbxl_database.csv"].clone()).unwrap();
    let truth = String::from_utf8(ptbxl["synth_truth.csv"].clone()).unwrap();
    for (row, truth) in table.lines().zip(truth.lines()).skip(1) {
        assert_eq!(row.split(',').next(), truth.split(',').next());
        assert_eq!(row.contains("'AFIB'"), truth.contains(",atrial_fibrillation,"));
        let fold: u32 = row.rsplit(',').nth(2).unwrap().parse().unwrap();
        assert!((1..=10).contains(&fold));
        for file in row.rsplit(',').take(2) {
            assert!(ptbxl.contains_key(&format!("{file}.hea")) && ptbxl.contains_key(&format!("{file}.dat")));
        }
    }
    let mimic = written(&options(ReleaseLayout::MimicIvEcg, 30), 2);
    let studies = |table: &str| -> Vec<String> {
        let text = String::from_utf8(mimic[table].clone()).unwrap();
        text.lines()
            .skip(1)
            .map(|row| row.split(',').nth(1).unwrap().to_owned())
            .collect()
    };
    let (listed, mut measured) = (studies("record_list.csv"), studies("machine_measurements.csv"));
    assert_ne!(listed, measured);
    measured.reverse();
    assert_eq!(listed, measured);
    let challenge = written(&options(ReleaseLayout::Physionet2021, 30), 2);
    let names = String::from_utf8(challenge["training/cpsc_2018/g1/RECORDS"].clone()).unwrap();
    assert!(names.starts_with("A0001\nA0002\n"));
    assert!(challenge["RECORDS"].starts_with(b"training/chapman_shaoxing/g1/\n"));
}

#[test]
fn options_of_code15_are_refused_in_other_layouts() {
    let wrong = SynthOptions {
        parts: Some(2),
        ..options(ReleaseLayout::Muse, 4)
    };
    let error = wrong.validate().unwrap_err().to_string();
    assert!(
        error.contains("`layout` is muse: `parts` is an option of the layout code15"),
        "{error}"
    );
}
