use crate::judge::{files, reference};
use ecgfm_formats::manifest::Manifest;

#[test]
fn the_references_manifests_are_read_and_written_back_byte_for_byte() {
    for dir in ["preprocess/manifests_60", "preprocess/manifests_98"] {
        let Some(dir) = reference(dir) else { return };
        for path in files(&dir) {
            let manifest = Manifest::read(&path).unwrap();
            assert!(
                manifest.entries.iter().all(|e| e.samples == 2500),
                "{}",
                path.display()
            );
            assert_eq!(
                manifest.to_text().unwrap(),
                std::fs::read_to_string(&path).unwrap()
            );
        }
    }
}
