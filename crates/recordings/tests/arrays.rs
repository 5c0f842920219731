//! NumPy's arrays of every type, order and shape, and what is not said of them.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_recordings::Result;
use ecgfm_recordings::arrays::{ArrayDescription, ArrayFile, ArrayUnit, Axes};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TYPES: [&str; 10] = [
    "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "<f4", ">f4", "<f8", ">f8",
];

/// Content of an `.npy` file. `values` are in the order of the file.
fn npy(descr: &str, fortran: bool, shape: &str, values: &[i16]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    for value in values {
        let mut bytes = match &descr[1..] {
            "i2" => value.to_le_bytes().to_vec(),
            "i4" => i32::from(*value).to_le_bytes().to_vec(),
            "i8" => i64::from(*value).to_le_bytes().to_vec(),
            "f4" => f32::from(*value).to_le_bytes().to_vec(),
            _ => f64::from(*value).to_le_bytes().to_vec(),
        };
        if descr.starts_with('>') {
            bytes.reverse();
        }
        file.extend(bytes);
    }
    file
}

fn npz(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        writer
            .start_file(*name, SimpleFileOptions::default().compression_method(method))
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn description(axes: Axes, leads: usize) -> ArrayDescription {
    ArrayDescription {
        axes: Some(axes),
        sample_rate: Some(500.0),
        unit: ArrayUnit::named("uV"),
        leads: Some((1..=leads).map(|lead| format!("V{lead}")).collect()),
        ..ArrayDescription::default()
    }
}

/// All ECGs of a file of this content.
fn read(content: &[u8], description: &ArrayDescription) -> Result<Vec<Vec<f64>>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    read_at(file.path(), content, description)
}

/// All ECGs of a file of this content, which is written to `path`.
fn read_at(path: &Path, content: &[u8], description: &ArrayDescription) -> Result<Vec<Vec<f64>>> {
    // Not emptied first: some file systems write to the disk then.
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all(content).unwrap();
    file.set_len(content.len() as u64).unwrap();
    let array = ArrayFile::open(path, description)?;
    (0..array.rows())
        .map(|row| {
            let mut ecg = Vec::new();
            array.read(row, &mut ecg).map(|()| ecg)
        })
        .collect()
}

fn error(content: &[u8], description: &ArrayDescription) -> String {
    read(content, description).unwrap_err().to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_type_order_and_shape_gives_the_same_ecgs(
        (rows, samples, leads) in (1usize..4, 1usize..30, 1usize..5),
        descr in prop::sample::select(TYPES.to_vec()),
        fortran: bool,
        by_lead: bool,
        packed in 0usize..3,
        seed: u64,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let ecgs: Vec<Vec<i16>> = (0..rows).map(|_| (0..samples * leads).map(|_| random.random()).collect()).collect();
        let (first, second) = if by_lead { (leads, samples) } else { (samples, leads) };
        let value = |row: usize, a: usize, b: usize| {
            let (sample, lead) = if by_lead { (b, a) } else { (a, b) };
            ecgs[row][sample * leads + lead]
        };
        let mut values = Vec::new();
        if fortran {
            (0..second).for_each(|b| (0..first).for_each(|a| (0..rows).for_each(|row| values.push(value(row, a, b)))));
        } else {
            (0..rows).for_each(|row| (0..first).for_each(|a| (0..second).for_each(|b| values.push(value(row, a, b)))));
        }
        let shape = format!("({rows}, {first}, {second})");
        let content = npy(descr, fortran, &shape, &values);
        let content = match packed {
            0 => content,
            1 => npz(&[("ecgs.npy", content)], CompressionMethod::Stored),
            _ => npz(&[("ecgs.npy", content)], CompressionMethod::Deflated),
        };
        let axes = if by_lead { Axes::LeadsSamples } else { Axes::SamplesLeads };
        let read = read(&content, &description(axes, leads)).unwrap();
        let wanted: Vec<Vec<f64>> = ecgs.iter().map(|ecg| ecg.iter().map(|v| f64::from(*v) * 1e-3).collect()).collect();
        prop_assert_eq!(read, wanted);
    }
}

#[test]
fn one_ecg_has_two_dimensions_and_a_long_one_in_column_major_order_is_read_in_windows() {
    let values: Vec<i16> = (0..12).collect();
    let file = npy("<i2", false, "(4, 3)", &values);
    let read_as = |axes, leads| read(&file, &description(axes, leads)).unwrap().remove(0);
    assert_eq!(
        read_as(Axes::SamplesLeads, 3)[..4],
        [0.0, 1.0, 2.0, 3.0].map(|count| count * 1e-3)
    );
    assert_eq!(
        read_as(Axes::LeadsSamples, 4)[..4],
        [0.0, 3.0, 6.0, 9.0].map(|count| count * 1e-3)
    );
    // More values between those of an ECG than a window has bytes, and fewer.
    for rows in [40_000, 7_000] {
        let values: Vec<i16> = (0..rows * 4)
            .map(|at| (at % rows % 1000 + at / rows * 1000) as i16)
            .collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), npy("<i2", true, &format!("({rows}, 1, 4)"), &values)).unwrap();
        let mut ecg = Vec::new();
        let array = ArrayFile::open(file.path(), &description(Axes::LeadsSamples, 1)).unwrap();
        array.read(999, &mut ecg).unwrap();
        assert_eq!(ecg, [999.0, 1999.0, 2999.0, 3999.0].map(|count| count * 1e-3));
    }
}

#[test]
fn what_an_array_does_not_say_is_asked_for_and_never_guessed() {
    let file = npy("<f4", false, "(12, 12)", &[0; 144]);
    let whole = description(Axes::LeadsSamples, 12);
    assert!(read(&file, &whole).is_ok());
    let without = |change: fn(&mut ArrayDescription)| {
        let mut described = whole.clone();
        change(&mut described);
        error(&file, &described)
    };
    assert!(without(|d| d.axes = None).contains("the order of the dimensions is not stated"));
    assert!(without(|d| d.sample_rate = None).contains("the sample rate is not stated"));
    assert!(without(|d| d.unit = None).contains("the unit is not stated"));
    assert!(without(|d| d.leads = None).contains("the names of the leads, in their order, are not stated"));
    assert!(without(|d| d.sample_rate = Some(0.0)).contains("a sample rate of 0"));
    assert!(without(|d| d.unit = Some(ArrayUnit::counts_per_millivolt(0.0))).contains("a unit of inf mV"));
    assert!(without(|d| d.leads.as_mut().unwrap()[3] = "v1".to_owned()).contains("lead v1 is named twice"));
    assert!(
        without(|d| d.leads.as_mut().unwrap().truncate(8))
            .contains("12 leads in shape [1, 12, 12] as its dimensions are stated, and 8 names")
    );
}

#[test]
fn other_content_is_refused_with_the_reason() {
    let described = description(Axes::LeadsSamples, 2);
    let refused = |content: &[u8], what: &str| {
        let message = error(content, &described);
        assert!(message.contains(what), "{message}");
    };
    let sound = npy("<i2", false, "(2, 3)", &[0; 6]);
    refused(&npy("|O", false, "(2, 3)", &[0; 6]), "Python objects");
    refused(&npy("<c8", false, "(2, 3)", &[0; 6]), "values of type \"<c8\"");
    refused(&npy("<i2", false, "(6,)", &[0; 6]), "shape [6]");
    refused(
        &npy("<i2", false, "(1, 1, 2, 3)", &[0; 6]),
        "an array of two dimensions is one ECG",
    );
    refused(
        &npy("<i2", false, "(2, 0)", &[]),
        "an ECG of 2 leads by 0 samples",
    );
    refused(
        &npy("<i2", false, "(2, 18446744073709551615)", &[0; 6]),
        "an ECG of 2 leads",
    );
    refused(
        &npy("<i2", false, "(4611686018427387904, 2, 3)", &[0; 6]),
        "more than any file can hold",
    );
    refused(&sound[..sound.len() - 1], "takes");
    refused(b"time,I,II\n", "header");
    refused(b"PK\x03\x04", "table of contents");
    let two = npz(
        &[("a.npy", sound.clone()), ("b.npy", sound.clone())],
        CompressionMethod::Stored,
    );
    refused(&two, "it holds 2 arrays: a, b");
    let named = |member: &str| ArrayDescription {
        member: Some(member.to_owned()),
        ..described.clone()
    };
    assert!(read(&two, &named("b")).is_ok() && read(&two, &named("a.npy")).is_ok());
    assert!(error(&two, &named("c")).contains("no array \"c\""));
    refused(
        &npz(&[("a.txt", sound)], CompressionMethod::Stored),
        "without an .npy file",
    );
}

#[test]
fn a_stated_value_stands_for_a_missing_one_and_rows_past_the_end_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), npy("<i2", false, "(1, 1, 2)", &[i16::MIN, 5])).unwrap();
    let described = ArrayDescription {
        missing: Some(-32768.0),
        ..description(Axes::LeadsSamples, 1)
    };
    let array = ArrayFile::open(file.path(), &described).unwrap();
    let mut ecg = Vec::new();
    array.read(0, &mut ecg).unwrap();
    assert!(ecg[0].is_nan() && ecg[1] == 5e-3);
    assert!(
        array
            .read(1, &mut ecg)
            .unwrap_err()
            .to_string()
            .contains("ECG 1 was asked for; there are 1")
    );
}

#[test]
fn a_thousand_flipped_bits_give_an_error_or_other_numbers() {
    let values: Vec<i16> = (0..60).collect();
    let sound = npy("<i2", false, "(2, 3, 10)", &values);
    let contents = [
        sound.clone(),
        npz(&[("a.npy", sound.clone())], CompressionMethod::Stored),
        npz(&[("a.npy", sound)], CompressionMethod::Deflated),
    ];
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let described = description(Axes::LeadsSamples, 3);
    for content in contents {
        let refused = (0..1000).filter(|_| {
            let mut bytes = content.clone();
            let at = random.random_range(0..bytes.len());
            bytes[at] ^= 1 << random.random_range(0..8);
            read_at(file.path(), &bytes, &described).is_err()
        });
        assert!(refused.count() > 100);
    }
}

/// Writes arrays as NumPy does, for this to read.
const NUMPY: &str = r#"
import sys, numpy as np
a = np.arange(2 * 3 * 50, dtype=np.int16).reshape(2, 3, 50)
np.save(sys.argv[1] + "/c.npy", a.astype(">f4"))
np.save(sys.argv[1] + "/f.npy", np.asfortranarray(a))
np.savez(sys.argv[1] + "/stored.npz", ecgs=a)
np.savez_compressed(sys.argv[1] + "/packed.npz", ecgs=a.astype(np.float64))
"#;

#[test]
fn files_that_numpy_writes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let tools = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/pytest");
    let packages = std::env::var_os("ECGFM_PYTHONPATH").map_or_else(tools, PathBuf::from);
    let python = std::env::var("ECGFM_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python)
        .args(["-c", NUMPY])
        .arg(folder.path())
        .env("PYTHONPATH", packages)
        .output();
    if !output.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no python3 with numpy, whose files would be read; run tools/setup test");
        return;
    }
    for name in ["c.npy", "f.npy", "stored.npz", "packed.npz"] {
        let ecgs = read(
            &std::fs::read(folder.path().join(name)).unwrap(),
            &description(Axes::LeadsSamples, 3),
        )
        .unwrap();
        let near = |value: f64, count: f64| (value - count * 1e-3).abs() < 1e-12;
        assert!(
            near(ecgs[1][0], 150.0) && near(ecgs[1][1], 200.0) && near(ecgs[1][3], 151.0),
            "{name}"
        );
    }
}
