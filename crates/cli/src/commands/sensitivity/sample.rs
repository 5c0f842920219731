//! A sample of an archive: the archive with some rows of its table.

use crate::args::SensitivityArgs;
use crate::errors::{file_error, unusable_file};
use ecgfm_archives::datasets::{dataset_names, find_dataset};
use ecgfm_archives::{Archive, DatasetDescription};
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Lays the archive out in the directory `place` with a table of `args.exams` of the exams whose recordings are there, spread evenly; the
/// archive itself where it has no more, or no table whose rows can be left out.
pub(super) fn lay_out_sample(args: &SensitivityArgs, place: &Path) -> Result<PathBuf, Error> {
    let raw = std::path::absolute(&args.raw).unwrap_or_else(|_| args.raw.clone());
    let dataset = find_dataset(&args.dataset)
        .map_err(unusable_file)?
        .ok_or_else(|| {
            let message = format!("no dataset is called `{}`", args.dataset);
            Error::new(ErrorKind::Config, message).help(format!(
                "there are {}, and YAML files that describe others",
                dataset_names().join(", ")
            ))
        })?;
    let archive = dataset.open(&raw).map_err(unusable_file)?;
    let found = archive.locate().found;
    let wanted = args.exams as usize;
    let described = DatasetDescription::load(&args.dataset).map_err(unusable_file)?;
    let by_position = described.is_some_and(|description| description.by_position);
    match table_of(archive.as_ref(), &raw).filter(|_| found.len() > wanted && !by_position) {
        Some((root, table)) => {
            let mut rows: Vec<usize> = found.iter().map(|exam| exam.idx).collect();
            rows.sort_unstable();
            let chosen = (0..wanted).map(|i| rows[i * rows.len() / wanted]).collect();
            write_sample(&root, &table, &chosen, place)?;
            let sample = if raw == table {
                place.join(table.file_name().unwrap_or_default())
            } else {
                place.to_owned()
            };
            Ok(sample)
        }
        None => Ok(raw),
    }
}

/// Directory of the archive, and its table of exams in it; none where the table is elsewhere, or there is none.
fn table_of(archive: &dyn Archive, raw: &Path) -> Option<(PathBuf, PathBuf)> {
    let table = archive.exams().path().to_owned();
    let root = table.parent()?.to_owned();
    (table.is_file() && (raw == root || raw == table)).then_some((root, table))
}

/// Links everything in `root` into `place`, and writes the chosen rows of the table there.
fn write_sample(root: &Path, table: &Path, chosen: &HashSet<usize>, place: &Path) -> Result<(), Error> {
    let io = |e: std::io::Error| file_error("write", place, &e);
    fs::create_dir(place).map_err(io)?;
    for entry in fs::read_dir(root).map_err(|e| file_error("read", root, &e))? {
        let entry = entry.map_err(|e| file_error("read", root, &e))?;
        if entry.path() != table {
            symlink(entry.path(), place.join(entry.file_name())).map_err(io)?;
        }
    }
    let text = fs::read_to_string(table).map_err(|e| file_error("read", table, &e))?;
    let mut records = records(&text);
    let header = records.next().unwrap_or_default();
    let kept = records.enumerate().filter(|(row, _)| chosen.contains(row));
    let sample: String = std::iter::once(header)
        .chain(kept.map(|(_, record)| record))
        .collect();
    fs::write(place.join(table.file_name().unwrap_or_default()), sample).map_err(io)
}

/// Records of a CSV with their line ends; a line end between quotes ends none, and an empty line is none.
fn records(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let ends = move |c: char| {
        quoted ^= c == '"';
        c == '\n' && !quoted
    };
    text.split_inclusive(ends)
        .filter(|record| !record.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_have_line_ends_between_quotes() {
        let text = "id,text\n1,\"a\n\"\"b\"\"\"\n\n2,c";
        let found: Vec<&str> = records(text).collect();
        assert_eq!(found, ["id,text\n", "1,\"a\n\"\"b\"\"\"\n", "2,c"]);
    }
}
