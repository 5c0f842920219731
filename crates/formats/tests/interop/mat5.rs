use crate::judge::{files, python, reference};
use ecgfm_formats::mat5::{ArrayClass, MatData, MatFile, MatWriter};
use proptest::prelude::*;
use std::path::Path;

/// A file like a segment's, with every path through the writer: short and long data, names and paddings.
fn segment() -> Vec<u8> {
    let feats: Vec<f64> = (0..36).map(|i| f64::from(i) * 0.1).collect();
    let single: Vec<f32> = (0..3).map(|i| i as f32 * 0.1).collect();
    let mut writer = MatWriter::new(Vec::new()).unwrap();
    writer
        .put("org_sample_rate", [1, 1], MatData::I64(&[400]))
        .unwrap();
    writer
        .put("curr_sample_rate", [1, 1], MatData::I64(&[500]))
        .unwrap();
    writer.put("feats", [12, 3], MatData::F64(&feats)).unwrap();
    writer.put("idx", [1, 1], MatData::I32(&[-7])).unwrap();
    writer.put("single", [1, 3], MatData::F32(&single)).unwrap();
    writer.put("one", [1, 1], MatData::F32(&[2.5])).unwrap();
    writer.put("abcd", [3, 1], MatData::I32(&[1, 2, 3])).unwrap();
    writer.put("none", [0, 3], MatData::F64(&[])).unwrap();
    writer.finish().unwrap()
}

const SAME_IN_SCIPY: &str = "
arrays = {
    'org_sample_rate': np.int64(400), 'curr_sample_rate': np.int64(500),
    'feats': (np.arange(36) * 0.1).reshape(3, 12).T, 'idx': np.int32(-7),
    'single': np.arange(3, dtype=np.float32) * np.float32(0.1), 'one': np.float32(2.5),
    'abcd': np.array([[1], [2], [3]], dtype=np.int32), 'none': np.zeros((0, 3)),
}
";

#[test]
fn what_follows_the_header_equals_scipys_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ours.mat"), segment()).unwrap();
    let script = format!(
        "{SAME_IN_SCIPY}
scipy.io.savemat('scipy.mat', arrays)
ours, theirs = open('ours.mat', 'rb').read(), open('scipy.mat', 'rb').read()
assert ours[124:] == theirs[124:], (ours[124:].hex(), theirs[124:].hex())
loaded = scipy.io.loadmat('ours.mat')
for name, array in arrays.items(): assert np.array_equal(np.atleast_2d(array), loaded[name]), name
"
    );
    python(dir.path(), &script);
}

fn check_segment(mat: &MatFile) {
    let ((leads, samples), feats) = mat.f64_matrix("feats").unwrap();
    assert_eq!((leads, samples, feats[13]), (12, 3, 1.3));
    assert_eq!(mat.f32_matrix("feats").unwrap().1[13], 1.3f32);
    assert_eq!(mat.i64_scalar("idx").unwrap(), -7);
    assert_eq!(mat.f64_scalar("curr_sample_rate").unwrap(), 500.0);
    assert_eq!(mat.f32_matrix("single").unwrap(), ((1, 3), vec![0.0, 0.1, 0.2]));
    assert_eq!(mat.i64_matrix("abcd").unwrap(), ((3, 1), vec![1, 2, 3]));
    assert_eq!(mat.f64_matrix("none").unwrap(), ((0, 3), vec![]));
    assert_eq!(mat.array("idx").unwrap().class, ArrayClass::Int32);
}

#[test]
fn scipys_files_are_read_compressed_or_not() {
    check_segment(&MatFile::from_bytes(Path::new("ours.mat"), segment()).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "{SAME_IN_SCIPY}
for compress in [False, True]: scipy.io.savemat(f'{{int(compress)}}.mat', arrays, do_compression=compress)
rare = {{'text': 'ECG', 'cell': np.array([1, 'a'], dtype=object), 'struct': {{'a': 1}}, 'z': np.array([1 + 2j]),
        'flag': np.array([True, False]), 'cube': np.zeros((2, 3, 4)), 'u8': np.arange(3, dtype=np.uint8),
        'u64': np.array([2**63], dtype=np.uint64), 'feats': np.ones((2, 2))}}
scipy.io.savemat('rare.mat', rare)
scipy.io.savemat('zeros.mat', {{'feats': np.zeros((12, 100000))}}, do_compression=True)
"
    );
    if python(dir.path(), &script).is_none() {
        return;
    }
    let read = |name: &str| MatFile::read(&dir.path().join(name)).unwrap();
    check_segment(&read("0.mat"));
    check_segment(&read("1.mat"));
    assert_eq!(
        read("zeros.mat").f64_matrix("feats").unwrap(),
        ((12, 100_000), vec![0.0; 1_200_000])
    );
    let rare = read("rare.mat");
    assert_eq!(rare.f64_matrix("feats").unwrap().1, [1.0; 4]);
    assert_eq!(rare.f64_matrix("flag").unwrap().1, [1.0, 0.0]);
    assert_eq!(rare.i64_matrix("u8").unwrap().1, [0, 1, 2]);
    for (name, reason) in [
        ("text", "char"),
        ("cell", "cell"),
        ("struct", "struct"),
        ("z", "complex"),
        ("cube", "3 dim"),
        ("u64", "large"),
    ] {
        let error = rare.i64_matrix(name).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let error = rare.f64_matrix("feat").unwrap_err().to_string();
    assert!(error.contains("feats"), "what there is instead: {error}");
}

#[test]
fn the_references_files_are_read_and_written_back_byte_for_byte() {
    for dir in ["org", "preprocessed", "segmented"] {
        let Some(dir) = reference(&format!("preprocess/{dir}")) else {
            return;
        };
        for path in files(&dir) {
            let mat = MatFile::read(&path).unwrap();
            let mut writer = MatWriter::new(Vec::new()).unwrap();
            for array in mat.arrays() {
                let (name, dims) = (array.name.as_str(), [array.dims[0], array.dims[1]]);
                match array.class {
                    ArrayClass::Double => {
                        writer.put(name, dims, MatData::F64(&mat.f64_matrix(name).unwrap().1))
                    }
                    ArrayClass::Single => {
                        writer.put(name, dims, MatData::F32(&mat.f32_matrix(name).unwrap().1))
                    }
                    ArrayClass::Int64 => {
                        writer.put(name, dims, MatData::I64(&mat.i64_matrix(name).unwrap().1))
                    }
                    other => panic!("{name}: {other}"),
                }
                .unwrap();
            }
            let ours = writer.finish().unwrap();
            assert!(
                ours[128..] == std::fs::read(&path).unwrap()[128..],
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn a_matrix_that_contradicts_itself_is_not_written() {
    let mut writer = MatWriter::new(Vec::new()).unwrap();
    assert!(writer.put("x", [2, 2], MatData::F64(&[1.0])).is_err());
    assert!(writer.put("", [1, 1], MatData::F64(&[1.0])).is_err());
    assert!(writer.put("é", [1, 1], MatData::F64(&[1.0])).is_err());
    assert!(writer.put("x", [usize::MAX, 2], MatData::F64(&[1.0])).is_err());
}

#[test]
fn every_shorter_file_is_an_error_or_lacks_its_last_variables() {
    let whole = segment();
    let names: Vec<String> = arrays(&whole).unwrap();
    for length in 0..whole.len() {
        match arrays(&whole[..length]) {
            Ok(found) => assert!(
                found.len() < names.len() && names.starts_with(&found),
                "{length} bytes: {found:?}"
            ),
            Err(error) => assert!(error.starts_with("x.mat: "), "{error}"),
        }
    }
}

fn arrays(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mat = MatFile::from_bytes(Path::new("x.mat"), bytes.to_vec()).map_err(|e| e.to_string())?;
    Ok(mat.arrays().iter().map(|a| a.name.clone()).collect())
}

#[test]
fn what_is_not_a_level_5_file_is_named() {
    for (bytes, reason) in [
        (Vec::new(), "0 bytes"),
        (b"\x89HDF\r\n\x1a\n".repeat(40), "not a level-5"),
        (
            segment()[..124].iter().copied().chain(*b"\x01\x00MI").collect(),
            "big-endian",
        ),
        (
            segment()[..124].iter().copied().chain(*b"\x00\x02IM").collect(),
            "7.3",
        ),
    ] {
        let error = arrays(&bytes).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

proptest! {
    #[test]
    fn no_damage_makes_the_reader_panic(
        flips in prop::collection::vec((0usize..900, any::<u8>()), 1..6),
        compressed in prop::collection::vec(any::<u8>(), 0..60),
        length in any::<u32>(),
    ) {
        let mut bytes = segment();
        let size = bytes.len();
        for (at, byte) in flips {
            bytes[128 + at % (size - 128)] = byte;
        }
        // A compressed variable of arbitrary bytes, of the right length or another.
        let length = if length % 2 == 0 { compressed.len() as u32 } else { length };
        let mut packed = bytes[..128].to_vec();
        packed.extend_from_slice(&15u32.to_le_bytes());
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&compressed);
        for bytes in [bytes, packed] {
            if let Ok(mat) = MatFile::from_bytes(Path::new("x.mat"), bytes) {
                for array in mat.arrays() {
                    let _ = (mat.f64_matrix(&array.name), mat.i64_matrix(&array.name), mat.f32_matrix(&array.name));
                }
            }
        }
    }
}
