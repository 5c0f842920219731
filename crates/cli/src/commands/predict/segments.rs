//! Prepared segments, laid out for inference.

use super::inputs::{InputFiles, SegmentFiles};
use super::model_input::ExpectedInput;
use super::segment_file::{SegmentFile, copy_store_info};
use super::user_paths::{absolute_path, bad_input};
use crate::errors::file_error;
use ecgfm_artifacts::manifests;
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Directory of the manifest of `.mat` files, below the links to them.
const MANIFESTS: &str = "manifests";

/// Links the segments into the directory `root`, with a manifest and their keys.
pub(super) fn link_segments(
    paths: &[PathBuf],
    model: &ExpectedInput,
    root: &Path,
) -> Result<InputFiles, Error> {
    let io = |e: std::io::Error| file_error("write", root, &e);
    fs::create_dir(root).map_err(io)?;
    let (mut files, mut manifest) = (SegmentFiles::new(), format!("{}\n", root.display()));
    for path in paths {
        let segment = SegmentFile::read(path, model)?;
        let link = root.join(format!("{}.mat", segment.name));
        symlink(absolute_path(path)?, link).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => bad_input(format!(
                "{}: another of the files has the same name",
                path.display()
            )),
            _ => io(error),
        })?;
        manifest += &format!("{}.mat\t{}\n", segment.name, segment.samples);
        let same = |(recording, _, exam): &&(String, PathBuf, Option<i64>)| {
            *recording == segment.recording && *exam != segment.exam
        };
        if let Some((_, other, _)) = files.values().find(same) {
            let (path, other) = (path.display(), other.display());
            return Err(
                bad_input(format!("{path}: of another exam than {other}, by the same name"))
                    .help("predict them one after the other"),
            );
        }
        files.insert(segment.name, (segment.recording, path.clone(), segment.exam));
    }
    copy_store_info(paths, root)?;
    let lists = root.join(MANIFESTS);
    fs::create_dir(&lists).map_err(io)?;
    fs::write(lists.join(manifests::file_name("test")), manifest).map_err(io)?;
    write_keys(&lists, &files)?;
    Ok(InputFiles::Segments {
        root: root.to_owned(),
        files,
    })
}

/// Writes the keys of the segments, with a number for each recording.
fn write_keys(dir: &Path, files: &SegmentFiles) -> Result<(), Error> {
    // The `idx` in the files cannot be the number: files of two runs may share it.
    let mut numbers: BTreeMap<&str, i64> = BTreeMap::new();
    let mut keys = Vec::with_capacity(files.len());
    for (segment, (recording, ..)) in files {
        let next = numbers.len() as i64;
        keys.push(manifests::SegmentKey {
            segment: segment.clone(),
            idx: Some(*numbers.entry(recording).or_insert(next)),
            save_file: format!("{recording}.mat"),
        });
    }
    let rows = keys.iter().map(|key| (key, "test"));
    manifests::write_index(&dir.join(manifests::INDEX_FILE), rows)
        .map_err(|error| Error::new(ErrorKind::StageFailed, error.to_string()))
}
