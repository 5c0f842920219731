//! Whole files: the reference's own checkpoint, small ones made here, and everything that is not one.

use super::super::{Checkpoint, Error};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn reference() -> Option<PathBuf> {
    let shared = std::env::var_os("ECGFM_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = shared.join("reference/model/tiny.pt");
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: no reference data at {}", shared.display());
    None
}

/// `{"w": <tensor of storage 0>}` with the given number of elements, shape, strides and offset.
fn pickle_of(class: &str, numel: u8, shape: [u8; 2], stride: [u8; 2], offset: u8) -> Vec<u8> {
    let mut pickle =
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
            .to_vec();
    pickle.extend_from_slice(class.as_bytes());
    pickle.extend_from_slice(&[
        b'\n', b'X', 1, 0, 0, 0, b'0', b'X', 3, 0, 0, 0, b'c', b'p', b'u', b'K', numel, b't', b'Q',
    ]);
    pickle.extend_from_slice(&[
        b'K', offset, b'K', shape[0], b'K', shape[1], 0x86, b'K', stride[0], b'K', stride[1], 0x86,
    ]);
    pickle.extend_from_slice(b"\x89ccollections\nOrderedDict\n)RtRs.");
    pickle
}

fn archive(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default().compression_method(method))
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn open(bytes: &[u8]) -> Result<Checkpoint, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Checkpoint::open(file.path())
}

fn read(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let checkpoint = open(bytes)?;
    checkpoint.read_f32(checkpoint.tensor(&["w"])?)
}

fn numbers(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn the_reference_checkpoint_is_read() {
    let Some(file) = reference() else { return };
    let checkpoint = Checkpoint::open(&file).unwrap();
    let cfg = checkpoint.value(&["cfg", "model"]).unwrap();
    assert_eq!(
        cfg.get("_name").unwrap().as_str(),
        Some("ecg_transformer_classifier")
    );
    assert_eq!(cfg.get("encoder_layers").unwrap().as_i64(), Some(2));
    let model = checkpoint.value(&["model"]).unwrap();
    assert_eq!(model.tensors().count(), 49);
    let total: u64 = model.tensors().map(|(_, tensor)| tensor.numel().unwrap()).sum();
    assert_eq!(total, 110_874);
    for (name, tensor) in model.tensors() {
        let values = checkpoint.read_f32(tensor).unwrap();
        assert!(values.iter().all(|value| value.is_finite()), "{name}");
    }
    assert!(!checkpoint.is_torchscript());
}

#[test]
fn stored_and_deflated_archives_under_any_folder_are_read() {
    let pickle = pickle_of("FloatStorage", 6, [2, 3], [3, 1], 0);
    let data = numbers(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        for folder in ["", "archive/", "any name/"] {
            let (p, d) = (format!("{folder}data.pkl"), format!("{folder}data/0"));
            let file = archive(
                &[(p.as_str(), pickle.as_slice()), (d.as_str(), data.as_slice())],
                method,
            );
            assert_eq!(read(&file).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        }
    }
}

#[test]
fn views_read_only_their_part_in_row_major_order() {
    let data = numbers(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let transposed = pickle_of("FloatStorage", 7, [3, 2], [1, 3], 1);
    let file = archive(
        &[("a/data.pkl", &transposed), ("a/data/0", &data)],
        CompressionMethod::Stored,
    );
    assert_eq!(read(&file).unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}

#[test]
fn a_tensor_that_claims_more_than_the_file_holds_is_refused() {
    let data = numbers(&[0.0; 6]);
    let cases = [
        (
            pickle_of("FloatStorage", 200, [2, 3], [3, 1], 0),
            "claims 200 float32",
        ),
        (
            pickle_of("FloatStorage", 6, [2, 4], [4, 1], 0),
            "beyond the storage",
        ),
        (
            pickle_of("FloatStorage", 6, [2, 3], [3, 1], 1),
            "beyond the storage",
        ),
        (
            pickle_of("FloatStorage", 6, [255, 255], [0, 0], 0),
            "repeats elements",
        ),
        (
            pickle_of("ComplexFloatStorage", 3, [1, 3], [3, 1], 0),
            "no float32 equivalent",
        ),
        (
            pickle_of("QInt8Storage", 6, [2, 3], [3, 1], 0),
            "opaque object of torch._utils._rebuild_tensor_v2",
        ),
    ];
    for (pickle, expected) in cases {
        let file = archive(
            &[("a/data.pkl", &pickle), ("a/data/0", &data)],
            CompressionMethod::Stored,
        );
        let message = read(&file).expect_err(expected).to_string();
        assert!(message.contains(expected), "{message}");
    }
    let pickle = pickle_of("FloatStorage", 6, [2, 3], [3, 1], 0);
    let message = read(&archive(&[("a/data.pkl", &pickle)], CompressionMethod::Stored))
        .unwrap_err()
        .to_string();
    assert!(message.contains("data/0"), "{message}");
}

#[test]
fn files_that_are_not_checkpoints_are_named_for_what_they_are() {
    let mut tar = vec![0u8; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let cases: &[(&[u8], &str)] = &[
        (b"", "empty"),
        (
            b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
            "before 1.6",
        ),
        (&tar, "tar archive"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x80\x02N.", "bare pickle"),
        (b"hello", "not a zip archive"),
    ];
    for (bytes, expected) in cases {
        let message = open(bytes).expect_err(expected).to_string();
        assert!(
            message.contains("not a torch>=1.6 zip checkpoint") && message.contains(expected),
            "{message}"
        );
    }
    let other = archive(&[("readme.txt", b"hi")], CompressionMethod::Stored);
    assert!(
        open(&other)
            .unwrap_err()
            .to_string()
            .contains("without a data.pkl")
    );
    assert!(
        open(&other[..other.len() / 2])
            .unwrap_err()
            .to_string()
            .contains("cut short")
    );
    assert!(matches!(
        Checkpoint::open("/nowhere/model.pt"),
        Err(Error::Io { .. })
    ));
}

#[test]
fn damaged_numbers_are_noticed_by_their_checksum() {
    let pickle = pickle_of("FloatStorage", 6, [2, 3], [3, 1], 0);
    let data = numbers(&[0.25, 1.25, 2.25, 3.25, 4.25, 5.25]);
    let mut file = archive(
        &[("a/data.pkl", &pickle), ("a/data/0", &data)],
        CompressionMethod::Stored,
    );
    let at = file
        .windows(data.len())
        .position(|window| window == data)
        .unwrap();
    file[at] ^= 1;
    assert!(read(&file).unwrap_err().to_string().contains("damaged"));
}

#[test]
fn missing_keys_name_what_is_there() {
    let pickle = pickle_of("FloatStorage", 6, [2, 3], [3, 1], 0);
    let checkpoint = open(&archive(&[("a/data.pkl", &pickle)], CompressionMethod::Stored)).unwrap();
    let message = checkpoint.value(&["cfg", "model"]).unwrap_err().to_string();
    assert!(
        message.contains("no \"cfg\"") && message.contains("\"w\""),
        "{message}"
    );
    let message = checkpoint.value(&["w", "model"]).unwrap_err().to_string();
    assert!(message.contains("a tensor"), "{message}");
}

/// Opens and reads everything, for its errors.
fn exercise(bytes: &[u8]) {
    if let Ok(checkpoint) = open(bytes) {
        let _ = format!("{checkpoint:?}");
        if let Ok(model) = checkpoint.value(&["model"]) {
            for (_, tensor) in model.tensors() {
                let _ = checkpoint.read_f32(tensor);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mutated_checkpoints_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let Some(file) = reference() else { return Ok(()) };
        let mut bytes = std::fs::read(file).unwrap();
        // Half of the edits in the pickle and its headers, half in the archive's table of contents.
        let (head, tail) = (26_500.min(bytes.len()), bytes.len().saturating_sub(12_000));
        for (index, (at, value)) in edits.into_iter().enumerate() {
            let position = if index % 2 == 0 { at.index(head) } else { tail + at.index(bytes.len() - tail) };
            bytes[position] = value;
        }
        exercise(&bytes);
    }

    #[test]
    fn truncated_checkpoints_never_panic(keep in any::<prop::sample::Index>()) {
        let Some(file) = reference() else { return Ok(()) };
        let bytes = std::fs::read(file).unwrap();
        exercise(&bytes[..keep.index(bytes.len())]);
    }

    #[test]
    fn arbitrary_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), zipped in any::<bool>()) {
        let prefix: &[u8] = if zipped { b"PK\x03\x04" } else { b"" };
        exercise(&[prefix, &bytes].concat());
    }
}
