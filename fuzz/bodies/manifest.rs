//! A fairseq manifest: no entry leads out of its root, and what can be written reads the same.

use ecgfm_formats::manifest::Manifest;
use std::path::{Component, Path};

/// `data` is the whole file.
pub(crate) fn run(data: &[u8]) {
    let name = Path::new("m.tsv");
    let manifest = match Manifest::parse(name, data) {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    for entry in &manifest.entries {
        let mut depth = 0;
        for part in Path::new(&entry.path).components() {
            match part {
                Component::Normal(_) => depth += 1,
                Component::ParentDir => depth -= 1,
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => panic!("{:?} is absolute", entry.path),
            }
            assert!(depth >= 0, "{:?} leads out of the root", entry.path);
        }
    }
    if let Ok(text) = manifest.to_text() {
        let again = Manifest::parse(name, text.as_bytes()).expect("what is written can be read");
        assert_eq!(again, manifest);
    }
}
