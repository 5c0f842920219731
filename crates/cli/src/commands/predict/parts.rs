//! Parts of an archive in CODE-15's shape.

use super::inputs::InputFiles;
use super::user_paths::{absolute_text, bad_input};
use crate::errors::{file_error, unusable_file};
use ecgfm_archives::code15::EXAMS_FILE;
use ecgfm_archives::listed;
use ecgfm_pipeline::Error;
use ecgfm_recordings::BoxedFile;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A part of an archive, and the exams of it that are wanted.
pub(super) struct ArchivePart {
    file: PathBuf,
    exams: Vec<i64>,
    direct: bool,
}

/// Groups the exams `wanted` of each part, or all where none is named, and lays each group out below the directory `place`.
pub(super) fn part_groups(
    parts: Vec<(PathBuf, BoxedFile)>,
    wanted: &[i64],
    place: &Path,
) -> Result<Vec<InputFiles>, Error> {
    let groups = group_without_shared_exams(choose_exams(parts, wanted)?);
    let groups = groups.iter().enumerate();
    groups
        .map(|(number, parts)| list_parts(parts, &place.join(format!("parts{number}"))))
        .collect()
}

/// Writes the table of exams of a group into the directory `root`.
fn list_parts(parts: &[ArchivePart], root: &Path) -> Result<InputFiles, Error> {
    fs::create_dir(root).map_err(|e| file_error("write", root, &e))?;
    let (mut exams, mut rows) = (Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        let path = absolute_text(&part.file)?;
        for id in &part.exams {
            exams.push((at, *id));
            rows.push((*id, path.clone()));
        }
    }
    listed::write(&root.join(EXAMS_FILE), &rows).map_err(unusable_file)?;
    Ok(InputFiles::Parts {
        root: root.to_owned(),
        files: parts.iter().map(|part| part.file.clone()).collect(),
        exams,
        direct: parts.iter().all(|part| part.direct),
    })
}

/// The exams `wanted` of each part, or all exams where none is named.
fn choose_exams(parts: Vec<(PathBuf, BoxedFile)>, wanted: &[i64]) -> Result<Vec<ArchivePart>, Error> {
    let of_part = |(file, part): (PathBuf, BoxedFile)| {
        let ids = part.exam_ids().into_iter().flatten();
        let ids = ids.filter_map(|id| id.parse().ok());
        ArchivePart {
            file,
            exams: ids
                .filter(|id| wanted.is_empty() || wanted.contains(id))
                .collect(),
            direct: part.direct_rows().is_some(),
        }
    };
    let mut parts: Vec<ArchivePart> = parts.into_iter().map(of_part).collect();
    match wanted
        .iter()
        .find(|id| !parts.iter().any(|part| part.exams.contains(id)))
    {
        Some(missing) => Err(bad_input(format!("no exam {missing} in the files given"))
            .help("`ecgfm inspect FILE` names some that are there")),
        None => {
            parts.retain(|part| !part.exams.is_empty() || wanted.is_empty());
            Ok(parts)
        }
    }
}

/// Groups the parts so that no two of a group share an exam's number: two archives may both have it.
fn group_without_shared_exams(parts: Vec<ArchivePart>) -> Vec<Vec<ArchivePart>> {
    let mut groups: Vec<(HashSet<i64>, Vec<ArchivePart>)> = Vec::new();
    for part in parts {
        let free = |(known, _): &&mut (HashSet<i64>, Vec<ArchivePart>)| {
            !part.exams.iter().any(|id| known.contains(id))
        };
        match groups.iter_mut().find(free) {
            Some((known, group)) => {
                known.extend(&part.exams);
                group.push(part);
            }
            None => groups.push((part.exams.iter().copied().collect(), vec![part])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
