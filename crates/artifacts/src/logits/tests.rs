//! Logits as the reference's inference writes them: no header, no keys.

use super::*;
use crate::formats::manifest::{Manifest, ManifestEntry};
use crate::formats::mat5::{MatData, MatWriter};
use crate::stage::StageFailure;
use std::fs;

/// Three rows of two logits without a header, a header in the reference's pickle, and a manifest of `.mat` files in
/// another order than their numbers.
struct Reference {
    dir: tempfile::TempDir,
}

const VALUES: [f32; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

/// `{'shape': (3, 2), 'dtype': 'float32'}` in protocol 4, as Python 3.9 writes it.
const HEADER: &[u8] = b"\x80\x04\x95\x25\0\0\0\0\0\0\0}\x94(\x8c\x05shape\x94K\x03K\x02\x86\x94\x8c\x05dtype\x94\x8c\x07float32\x94u.";

impl Reference {
    fn new(idx: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let bytes: Vec<u8> = VALUES.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(path("outputs_test.npy"), bytes).unwrap();
        fs::write(path("outputs_test_header.pkl"), HEADER).unwrap();
        for place in ["manifests", "segmented"] {
            fs::create_dir(path(place)).unwrap();
        }
        let mut entries = Vec::new();
        for (segment, number) in [("b_0", 7), ("a_0", 9), ("a_1", 9)] {
            let name = format!("{segment}.mat");
            let mut mat = MatWriter::new(fs::File::create(path("segmented").join(&name)).unwrap()).unwrap();
            // More than 4 KiB: what looks for numbers passes over it.
            mat.put("feats", [12, 100], MatData::F64(&[0.5; 1200])).unwrap();
            if idx {
                mat.put("idx", [1, 1], MatData::I64(&[number])).unwrap();
            }
            mat.finish().unwrap();
            entries.push(ManifestEntry {
                path: name,
                samples: 100,
            });
        }
        let manifest = Manifest {
            root: path("gone"),
            entries,
        };
        manifest.write(&path("manifests").join("test.tsv")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, segments: &str) -> Result<Logits> {
        let (dir, segments) = (self.path("manifests"), self.path(segments));
        let manifest = ManifestRows {
            dir: &dir,
            segments: Some(&segments),
        };
        LogitsFile::open(self.dir.path(), "test", Some(manifest))?.read_all()
    }
}

#[test]
fn rows_get_their_keys_from_the_manifest_and_idx_from_the_files() {
    let reference = Reference::new(true);
    let logits = reference.read("segmented").unwrap();
    assert_eq!((logits.labels, logits.values.as_slice()), (2, &VALUES[..]));
    let text = |name| -> Vec<String> {
        let column = logits.index.column(name).unwrap().str().unwrap();
        column.iter().map(|value| value.unwrap().to_owned()).collect()
    };
    assert_eq!(text(SEGMENT), ["b_0", "a_0", "a_1"]);
    assert_eq!(text(SAVE_FILE), ["b.mat", "a.mat", "a.mat"]);
    let idx = logits.index.column(IDX).unwrap().i64().unwrap();
    assert_eq!(idx.iter().collect::<Vec<_>>(), [Some(7), Some(9), Some(9)]);
}

#[test]
fn an_index_beside_the_manifest_says_idx_and_no_file_is_looked_at() {
    let reference = Reference::new(false);
    assert!(
        reference
            .read("segmented")
            .unwrap()
            .index
            .column(IDX)
            .unwrap()
            .null_count()
            == 3
    );
    let index = "segment,idx,save_file,split\na_0,1,a.mat,test\na_1,1,a.mat,test\nb_0,2,b.mat,test\n";
    fs::write(reference.path("manifests/index.csv"), index).unwrap();
    let logits = reference.read("nowhere").unwrap();
    let idx = logits.index.column(IDX).unwrap().i64().unwrap();
    assert_eq!(idx.iter().collect::<Vec<_>>(), [Some(2), Some(1), Some(1)]);
}

#[test]
fn what_is_missing_or_does_not_fit_is_said_with_what_to_do() {
    let told = |error: Error| format!("{error}; {}", error.help().unwrap_or_default());
    let reference = Reference::new(true);
    let message = told(Logits::read(reference.dir.path(), "test").unwrap_err());
    assert!(
        message.contains("outputs_test_index.csv") && message.contains("set `manifest`"),
        "{message}"
    );
    let message = told(reference.read("nowhere").unwrap_err());
    assert!(
        message.contains("nowhere") && message.contains("set `segments`"),
        "{message}"
    );
    let file = reference.path("manifests/test.tsv");
    let message = told(crate::manifests::read(&file, "test").unwrap_err());
    assert!(message.contains("manifests` and `subset: test`"), "{message}");
    // One line less than rows.
    let list = fs::read_to_string(&file).unwrap();
    fs::write(&file, list.lines().take(3).collect::<Vec<_>>().join("\n")).unwrap();
    let message = reference.read("segmented").unwrap_err().to_string();
    assert!(message.contains("test.tsv: 2 keys for 3 rows"), "{message}");
    fs::write(&file, list).unwrap();
    // Keys twice.
    fs::write(
        reference.path("outputs_test_index.csv"),
        "row,segment,idx,save_file\n",
    )
    .unwrap();
    let message = told(reference.read("segmented").unwrap_err());
    assert!(message.contains("leave `manifest` out"), "{message}");
    fs::remove_file(reference.path("outputs_test_index.csv")).unwrap();
    // A row less than the header says, and no header at all.
    fs::write(reference.path("outputs_test.npy"), [0; 16]).unwrap();
    let message = reference.read("segmented").unwrap_err().to_string();
    assert!(message.contains("takes 24 bytes, the file has 16"), "{message}");
    fs::remove_file(reference.path("outputs_test_header.pkl")).unwrap();
    let message = told(reference.read("segmented").unwrap_err());
    assert!(
        message.contains("copy `outputs_test_header.pkl` too"),
        "{message}"
    );
}
