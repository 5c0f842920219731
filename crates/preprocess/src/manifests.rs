//! Stage `manifests`: one fairseq manifest a split, and the keys of their lines.
//!
//! Reads `segmented_split.csv`; writes `<split>.tsv` for every split that has segments, and `index.csv` (see
//! [`ecgfm_artifacts::manifests`]). The root is the directory that all paths share. Absolute paths, of a `mat` store,
//! give an absolute root, which fairseq-signals reads from anywhere. Relative ones, of a packed store, are relative to
//! the run directory, and the root is relative to the manifest.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{IDX, PATH, SAMPLE_SIZE, SAVE_FILE, SPLIT};
use ecgfm_artifacts::formats::manifest::{Entry, Manifest};
use ecgfm_artifacts::manifests::{self, Key};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{key, splits, table};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `segmented_split.csv` of the splits stage.
    pub splits: PathBuf,
}

/// One segment as the split table has it.
struct Segment<'a> {
    key: Key,
    split: &'a str,
    path: &'a str,
    samples: usize,
}

/// Runs the stage.
///
/// # Errors
/// The split table cannot be read, is empty, or mixes absolute and relative paths.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let path = &params.splits;
    let frame = splits::read_segmented(path)?;
    let columns = (
        table::int_column(path, &frame, IDX)?,
        table::str_column(path, &frame, SAVE_FILE)?,
        table::str_column(path, &frame, SPLIT)?,
        table::str_column(path, &frame, PATH)?,
        table::int_column(path, &frame, SAMPLE_SIZE)?,
    );
    let mut segments = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let segment_path = row_text(columns.3, row);
        let key = Key {
            segment: key::of_path(segment_path).to_owned(),
            idx: columns.0.get(row),
            save_file: row_text(columns.1, row).to_owned(),
        };
        let samples = usize::try_from(columns.4.get(row).unwrap_or(-1))
            .map_err(|_| Error::bad_input(path, format!("line {}: sample_size is negative", row + 2)))?;
        segments.push(Segment {
            key,
            split: row_text(columns.2, row),
            path: segment_path,
            samples,
        });
    }
    if segments.is_empty() {
        return Err(Error::bad_input(
            path,
            "no segment is in any split, so there is nothing to list",
        ));
    }
    write(ctx, &segments)
}

fn row_text(column: &polars::prelude::StringChunked, row: usize) -> &str {
    column.get(row).unwrap_or_default()
}

fn write(ctx: &Context<'_>, segments: &[Segment<'_>]) -> Result<Outcome> {
    let prefix = common_directory(segments.iter().map(|s| s.path));
    let root = if prefix.starts_with('/') {
        PathBuf::from(prefix)
    } else {
        PathBuf::from(format!("../{prefix}"))
    };
    let mut names: Vec<&str> = Vec::new();
    for segment in segments {
        if !names.contains(&segment.split) {
            names.push(segment.split);
        }
    }
    let mut outcome = Outcome::default().count("segments", segments.len());
    for name in names {
        let of_split = segments.iter().filter(|s| s.split == name);
        let entry = |s: &Segment<'_>| Entry {
            path: s.path[prefix.len()..].to_owned(),
            samples: s.samples,
        };
        let entries: Vec<Entry> = of_split.map(entry).collect();
        outcome = outcome.count(&format!("segments_{name}"), entries.len());
        Manifest {
            root: root.clone(),
            entries,
        }
        .write(&ctx.out.join(manifests::file(name)))?;
    }
    manifests::write_index(
        &ctx.out.join(manifests::INDEX_FILE),
        segments.iter().map(|s| (&s.key, s.split)),
    )?;
    Ok(outcome)
}

/// The longest directory that all paths start with, with its final `/`; empty if there is none.
fn common_directory<'a>(mut paths: impl Iterator<Item = &'a str>) -> &'a str {
    let first = paths.next().unwrap_or_default();
    let mut prefix = &first[..first.rfind('/').map_or(0, |i| i + 1)];
    for path in paths {
        while !path.starts_with(prefix) {
            let shorter = prefix.trim_end_matches('/');
            prefix = &prefix[..shorter.rfind('/').map_or(0, |i| i + 1)];
        }
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::stage::{Cancel, NoProgress};

    #[test]
    fn the_root_is_the_directory_that_all_paths_share() {
        assert_eq!(
            common_directory(["/d/s/a.mat", "/d/s/b.mat"].into_iter()),
            "/d/s/"
        );
        assert_eq!(
            common_directory(["/d/s1/a.mat", "/d/s2/b.mat"].into_iter()),
            "/d/"
        );
        assert_eq!(common_directory(["a.mat", "/b.mat"].into_iter()), "");
        assert_eq!(common_directory(["s/segments/a"].into_iter()), "s/segments/");
    }

    #[test]
    fn every_line_of_a_manifest_can_be_keyed_again() {
        let dir = tempfile::tempdir().unwrap();
        let table = "idx,save_file,split,path,sample_size\n5,x_7.mat,test,signals/segments/x_7_0,2500\n\
                     5,x_7.mat,test,signals/segments/x_7_1,2500\n2,x_9.mat,train,signals/segments/x_9_0,2500\n";
        std::fs::write(dir.path().join("s.csv"), table).unwrap();
        let cancel = Cancel::default();
        let ctx = Context {
            out: dir.path(),
            home: dir.path(),
            progress: &NoProgress,
            cancel: &cancel,
        };
        let outcome = run(
            &Params {
                splits: dir.path().join("s.csv"),
            },
            &ctx,
        )
        .unwrap();
        assert_eq!(outcome.counts["segments_test"], 2);
        let test = manifests::read(dir.path(), "test").unwrap();
        assert!(test.root.ends_with("../signals/segments"), "{:?}", test.root);
        assert_eq!(
            test.rows[1].key,
            Key {
                segment: "x_7_1".into(),
                idx: Some(5),
                save_file: "x_7.mat".into()
            }
        );
        assert_eq!(manifests::read(dir.path(), "train").unwrap().rows.len(), 1);
    }
}
