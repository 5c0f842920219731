//! `segmented.csv`: one row a segment, sorted by path as text.
//!
//! In a `mat` store `path` is the absolute path of the file, as other tools expect. In a `packed` store there is no
//! file of one segment: `path` is `<stage directory>/segments/<segment>`, relative to the directory that holds the
//! stage's directory, so that a run can be moved and two runs can be compared byte for byte.

use crate::columns::{PATH, SAMPLE_SIZE, SAVE_FILE};
use crate::error::{Error, Result};
use crate::key;
use crate::pandas::Cell;
use crate::table::{self, Column, ColumnKind, OtherColumns, TextColumn};
use polars::prelude::{BooleanChunked, DataFrame};
use std::cmp::Ordering;
use std::io;
use std::path::Path;

/// File name inside the signals directory.
pub const FILE: &str = "segmented.csv";

/// Recordings and the number of segments of each: some bytes beside their names, as there may be millions.
#[derive(Debug, Default)]
pub struct SegmentedRecordings {
    save_files: TextColumn,
    counts: Vec<u32>,
}

impl SegmentedRecordings {
    /// Adds a recording, by its file name in tables.
    pub fn push(&mut self, save_file: &str, segments: usize) {
        self.save_files.push(save_file);
        // A recording of so many would fill a disk by itself.
        self.counts.push(u32::try_from(segments).unwrap_or(u32::MAX));
    }

    fn save_file(&self, recording: usize) -> &str {
        self.save_files.get(recording).unwrap_or_default()
    }

    fn stem(&self, recording: usize) -> &str {
        key::stem(self.save_file(recording))
    }

    /// Keys of all segments of a recording.
    fn keys(&self, recording: usize) -> impl Iterator<Item = (String, usize)> {
        let segments = 0..self.counts[recording] as usize;
        segments.map(move |i| (key::segment_key(self.save_file(recording), i), recording))
    }

    /// Gives the path of every segment, with its recording, to `put`, sorted by path as text. `path_of` makes it of a segment's key: all
    /// paths begin and end alike.
    fn each_sorted(
        &self,
        path_of: impl Fn(&str) -> String,
        mut put: impl FnMut(&str, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut order: Vec<usize> = (0..self.counts.len()).collect();
        order.sort_unstable_by(|a, b| compare_starts(self.stem(*a), self.stem(*b)));
        let mut rest = &order[..];
        while let [first, others @ ..] = rest {
            // Whose keys begin as those of the first do, as `a_1` beside `a`: their segments may lie between its.
            let start = self.stem(*first);
            let begins = |other: &&usize| {
                let after = self.stem(**other).strip_prefix(start);
                after.is_some_and(|after| after.starts_with(SEPARATOR))
            };
            let group = 1 + others.iter().take_while(begins).count();
            // By path and not by key: the end of a path counts where one key begins as another.
            let mut paths: Vec<(String, usize)> = rest[..group]
                .iter()
                .flat_map(|recording| self.keys(*recording))
                .map(|(key, recording)| (path_of(&key), recording))
                .collect();
            paths.sort_unstable();
            for (path, recording) in &paths {
                put(path, *recording)?;
            }
            rest = &rest[group..];
        }
        Ok(())
    }
}

/// What stands between a recording's name and the number of a segment.
const SEPARATOR: char = '_';

/// The order of two names with the separator after each.
fn compare_starts(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.len().min(b.len());
    let after = |name: &[u8]| {
        name[same..]
            .iter()
            .copied()
            .chain([SEPARATOR as u8])
            .collect::<Vec<u8>>()
    };
    a[..same].cmp(&b[..same]).then_with(|| match a.len() == b.len() {
        true => Ordering::Equal,
        false => after(a).cmp(&after(b)),
    })
}

/// Writes the table, sorted by path as text. `path_of` makes a path of a segment's key: all paths begin and end alike.
///
/// # Errors
/// I/O.
pub fn write(
    path: &Path,
    recordings: &SegmentedRecordings,
    path_of: impl Fn(&str) -> String,
    sample_size: usize,
) -> Result<()> {
    table::write_rows(path, [PATH, SAVE_FILE, SAMPLE_SIZE], |w| {
        recordings.each_sorted(path_of, |path, recording| {
            w.row([
                Cell::Text(path),
                Cell::Text(recordings.save_file(recording)),
                Cell::Int(sample_size as i64),
            ])
        })
    })
}

/// Reads the table: path, save_file (text), sample_size (integer). Rows without a path are left out: the Python scripts write one,
/// which names nothing, for every recording that is shorter than a segment.
///
/// # Errors
/// As [`table::read`].
pub fn read(path: &Path) -> Result<DataFrame> {
    let columns = [
        Column::new(PATH, ColumnKind::Text),
        Column::new(SAVE_FILE, ColumnKind::Text),
        Column::new(SAMPLE_SIZE, ColumnKind::Int),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let paths = table::str_column(path, &frame, PATH)?;
    let named: BooleanChunked = paths
        .iter()
        .map(|path| path.is_some_and(|path| !path.is_empty()))
        .collect();
    match named.all() {
        true => Ok(frame),
        false => frame
            .filter(&named)
            .map_err(|e| Error::invalid(path, e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn rows_are_sorted_by_path_as_text(
            recordings in proptest::collection::btree_map("[ab.0-2_]{0,4}", 0usize..13, 0..12),
            extension in "(\\.mat)?",
        ) {
            let mut all = SegmentedRecordings::default();
            recordings.iter().for_each(|(name, count)| all.push(&format!("{name}.mat"), *count));
            let path_of = |key: &str| format!("s/{key}{extension}");
            let mut expected: Vec<String> = recordings
                .iter()
                .flat_map(|(name, count)| (0..*count).map(move |i| format!("{name}_{i}")))
                .map(|key| path_of(&key))
                .collect();
            expected.sort();
            let mut found = Vec::new();
            all.each_sorted(path_of, |path, _| {
                found.push(path.to_owned());
                Ok(())
            })?;
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
