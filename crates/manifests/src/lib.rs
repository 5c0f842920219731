//! Stage `manifests`: one fairseq manifest a split, and the keys of their lines.
//!
//! Reads `segmented_split.csv`; writes `<split>.tsv` for every split that has segments, and `index.csv` (see
//! [`ecgfm_artifacts::manifests`]). The root is the directory that all paths share. Absolute paths, of a `mat` store,
//! give an absolute root, which fairseq-signals reads from anywhere. Relative ones, of a packed store, are relative to
//! the run directory, and the root is relative to the manifest.

mod error;

use ecgfm_artifacts::columns::{IDX, PATH, SAMPLE_SIZE, SAVE_FILE, SEGMENT, SPLIT};
use ecgfm_artifacts::formats::manifest::ManifestText;
use ecgfm_artifacts::manifests::{self, INDEX_COLUMNS};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{key, parallel, splits, table};
use polars::prelude::{ChunkApply, DataFrame, IntoColumn, PolarsError, StringChunked};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub use error::{Error, Result};

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `segmented_split.csv` of the splits stage.
    pub splits: PathBuf,
}

/// Runs the stage.
///
/// # Errors
/// The split table cannot be read, is empty, or mixes absolute and relative paths.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let path = &params.splits;
    let frame = splits::read_segmented(path)?;
    if frame.height() == 0 {
        return Err(Error::bad_input(
            path,
            "no segment is in any split, so there is nothing to list",
        ));
    }
    let paths = table::str_column(path, &frame, PATH)?;
    let (manifests, index) = rayon::join(
        || build_manifests(path, &frame),
        || build_index(path, &frame, key_column(paths)),
    );
    let (manifests, index) = (manifests?, index?);
    let mut outcome = Outcome::default().count("segments", frame.height());
    let mut tasks: Vec<parallel::ParallelTask<'_, Error>> = vec![Box::new(|| {
        Ok(manifests::write_index_table(
            &ctx.out.join(manifests::INDEX_FILE),
            &index,
        )?)
    })];
    for subset in &manifests {
        outcome = outcome.count(&format!("segments_{}", subset.name), subset.segments);
        tasks.push(Box::new(|| {
            Ok(subset
                .text
                .write(&ctx.out.join(manifests::file_name(subset.name)))?)
        }));
    }
    parallel::run_parallel(tasks)?;
    Ok(outcome)
}

/// The manifest of a split.
struct SplitManifest<'a> {
    name: &'a str,
    text: ManifestText,
    /// Number of segments.
    segments: usize,
}

impl<'a> SplitManifest<'a> {
    fn new(name: &'a str, root: &Path) -> Result<Self> {
        Ok(Self {
            name,
            text: ManifestText::new(root)?,
            segments: 0,
        })
    }
}

/// The manifest of every split, in the order of their first segments.
fn build_manifests<'a>(path: &Path, frame: &'a DataFrame) -> Result<Vec<SplitManifest<'a>>> {
    let paths = table::str_column(path, frame, PATH)?;
    let prefix = common_directory(paths.iter().flatten());
    let root = if prefix.starts_with('/') {
        PathBuf::from(prefix)
    } else {
        PathBuf::from(format!("../{prefix}"))
    };
    let mut subsets: Vec<SplitManifest<'a>> = Vec::new();
    let names = table::str_column(path, frame, SPLIT)?.iter();
    let samples = table::int_column(path, frame, SAMPLE_SIZE)?.iter();
    for (row, ((name, segment), samples)) in names.zip(paths.iter()).zip(samples).enumerate() {
        let (name, segment) = (name.unwrap_or_default(), segment.unwrap_or_default());
        let refused = |what: &str| {
            let line = table::line_of_record(path, row);
            Error::bad_input(path, format!("line {line}: {what}"))
        };
        let samples = usize::try_from(samples.unwrap_or(-1));
        let samples = samples.map_err(|_| refused("sample_size is negative"))?;
        let at = match subsets.iter().position(|known| known.name == name) {
            Some(at) => at,
            // It becomes a file's name.
            None if !manifests::is_plain(name) => {
                let (name, plain) = (name.escape_debug(), manifests::PLAIN);
                return Err(refused(&format!("`{name}` is no name of a split: {plain}")));
            }
            None => {
                subsets.push(SplitManifest::new(name, &root)?);
                subsets.len() - 1
            }
        };
        let subset = &mut subsets[at];
        let added = subset.text.push(&segment[prefix.len()..], samples);
        added.map_err(|error| refused(&error.to_string()))?;
        subset.segments += 1;
    }
    Ok(subsets)
}

/// The key of the segment at each path.
fn key_column(paths: &StringChunked) -> StringChunked {
    paths.apply_values(|path| key::of_path(path).into())
}

/// The table of keys.
fn build_index(path: &Path, frame: &DataFrame, segments: StringChunked) -> Result<DataFrame> {
    let bad = |e: PolarsError| Error::bad_input(path, e.to_string());
    let mut index = frame.select([IDX, SAVE_FILE, SPLIT]).map_err(bad)?;
    index
        .with_column(segments.with_name(SEGMENT.into()).into_column())
        .map_err(bad)?;
    index.select(INDEX_COLUMNS).map_err(bad)
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
    use ecgfm_artifacts::manifests::SegmentKey;
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
            chunks: None,
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
            SegmentKey {
                segment: "x_7_1".into(),
                idx: Some(5),
                save_file: "x_7.mat".into()
            }
        );
        assert_eq!(manifests::read(dir.path(), "train").unwrap().rows.len(), 1);
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = Cancel::default();
        let ctx = Context {
            out: dir.path(),
            home: dir.path(),
            progress: &NoProgress,
            cancel: &cancel,
            chunks: None,
        };
        let splits = dir.path().join("s.csv");
        for (row, reason) in [
            ("7,y.mat,test,s/y_0,-1", "line 5: sample_size is negative"),
            ("7,y.mat,a/b,s/y_0,1", "line 5: `a/b` is no name of a split"),
            (
                "7,y.mat,test,s/../../y_0,1",
                "line 5: manifest: \"../../y_0\" leads out of the root",
            ),
        ] {
            let table =
                format!("idx,save_file,split,path,sample_size\n5,\"x\n.mat\",test,s/x_0,2500\n\n{row}\n");
            std::fs::write(&splits, table).unwrap();
            let params = Params {
                splits: splits.clone(),
            };
            let error = run(&params, &ctx).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
