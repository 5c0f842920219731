//! Segments pooled into ECGs: by predict, for `ecg.csv`, and by evaluate, which has the segments at hand anyway.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENTS};
use ecgfm_artifacts::labelset::{LabelSet, Pool};
use ecgfm_artifacts::{key, table};
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The ECGs of a table of segments, numbered in the order of their first segments: twelve bytes an ECG and four a segment.
pub(crate) struct EcgGroups {
    /// The ECG of each segment.
    of_row: Vec<u32>,
    /// The first segment of each ECG.
    first: Vec<u32>,
    /// Number of segments of each ECG.
    segments: Vec<u32>,
}

impl EcgGroups {
    /// Groups segments by save_file: those of one recording's file are one ECG, which must agree with `idx`. `path` is for messages.
    pub(crate) fn of(path: &Path, keys: &DataFrame) -> Result<Self> {
        let files = table::str_column(path, keys, SAVE_FILE)?;
        let (of_row, first) = number_files(files);
        let mut segments = vec![0; first.len()];
        of_row.iter().for_each(|&ecg| segments[ecg as usize] += 1);
        let groups = Self {
            of_row,
            first,
            segments,
        };
        groups.check_idx(path, files, table::int_column(path, keys, IDX)?)?;
        Ok(groups)
    }

    /// Number of ECGs.
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }

    /// idx, save_file and number of segments of some of the ECGs; `keys` are those of the segments.
    pub(crate) fn keys(&self, keys: &DataFrame, ecgs: Range<usize>) -> Result<DataFrame> {
        let failed = || Error::table("pooling segments into ECGs");
        let first = IdxCa::from_slice(SEGMENTS.into(), &self.first[ecgs.clone()]);
        let keys = keys.select([IDX, SAVE_FILE]).and_then(|keys| keys.take(&first));
        let count: Vec<i64> = self.segments[ecgs].iter().map(|&n| i64::from(n)).collect();
        extend_keys(
            &keys.map_err(failed())?,
            std::iter::once(Column::new(SEGMENTS.into(), count)),
        )
    }

    /// Checks that idx and save_file name the same ECGs.
    fn check_idx(&self, path: &Path, files: &StringChunked, idx: &Int64Chunked) -> Result<()> {
        let file = |row: u32| files.get(row as usize).unwrap_or_default();
        let known = self
            .first
            .iter()
            .filter_map(|&row| Some((idx.get(row as usize)?, row)));
        let mut known: Vec<(i64, u32)> = known.collect();
        known.par_sort_unstable();
        if let Some([_, (idx, row)]) = known.array_windows().find(|[(a, _), (b, _)]| a == b) {
            let what = format!(
                "idx {idx} belongs to more than one save_file, one of them `{}`",
                file(*row)
            );
            return Err(Error::keys(path, what));
        }
        let of_ecg = |ecg: u32| idx.get(self.first[ecg as usize] as usize);
        let mut rows = idx.iter().zip(&self.of_row).zip(0..);
        match rows.find(|((idx, ecg), _)| *idx != of_ecg(**ecg)) {
            None => Ok(()),
            Some(((idx, ecg), row)) => {
                let what = format!("save_file `{}` has idx {:?} and {idx:?}", file(row), of_ecg(*ecg));
                Err(Error::keys(path, what))
            }
        }
    }
}

/// The number of each row's file in the order of first rows, and these rows.
fn number_files(files: &StringChunked) -> (Vec<u32>, Vec<u32>) {
    let (mut of_row, mut first) = (Vec::with_capacity(files.len()), Vec::new());
    let (mut last, mut ascending) = (None, true);
    for (file, row) in files.iter().map(Option::unwrap_or_default).zip(0..) {
        if last != Some(file) {
            ascending &= last.is_none_or(|last| precedes(last, file));
            last = Some(file);
            first.push(row);
        }
        of_row.push(first.len() as u32 - 1);
    }
    if !ascending {
        // The runs that were found are put together where they are of one file.
        let mut number = HashMap::new();
        let runs = std::mem::take(&mut first);
        let number_of_run = |row: u32| {
            *number.entry(files.get(row as usize)).or_insert_with(|| {
                first.push(row);
                first.len() as u32 - 1
            })
        };
        let of_run: Vec<u32> = runs.into_iter().map(number_of_run).collect();
        of_row.iter_mut().for_each(|run| *run = of_run[*run as usize]);
    }
    (of_row, first)
}

/// True where the segments of one file come before those of the other in the order of their keys, which that of files is not: `_`
/// comes after digits. Files of which each precedes the next are all different.
fn precedes(file: &str, next: &str) -> bool {
    let key = |file| key::stem(file).bytes().chain([b'_']);
    key(file).lt(key(next))
}

/// Pools segments that come in parts into ECGs.
pub(crate) struct EcgPool<'a> {
    groups: &'a EcgGroups,
    /// The first ECG that is not complete yet.
    next: usize,
    /// Segments of each ECG from it on that have come.
    come: Vec<u32>,
    labels: Vec<PooledLabel>,
}

/// Pooled probabilities of ECGs, label by label.
pub(crate) struct PooledEcgs {
    pub(crate) ecgs: Range<usize>,
    pub(crate) columns: Vec<Column>,
}

impl<'a> EcgPool<'a> {
    /// Pools the labels `names`, which are of the label set.
    pub(crate) fn new(path: &Path, groups: &'a EcgGroups, labels: &LabelSet, names: &[&str]) -> Result<Self> {
        let label = |name: &&str| {
            Ok(PooledLabel {
                name: PlSmallStr::from(*name),
                pool: pool_of(path, labels, name)?,
                values: Vec::new(),
            })
        };
        Ok(Self {
            groups,
            next: 0,
            come: Vec::new(),
            labels: names.iter().map(label).collect::<Result<_>>()?,
        })
    }

    /// Adds the segments `rows`, the next of the table; returns the ECGs that are complete by that.
    pub(crate) fn add(&mut self, rows: Range<usize>, segments: &DataFrame) -> Result<PooledEcgs> {
        let (groups, next) = (self.groups, self.next);
        let open = groups.first.partition_point(|&row| (row as usize) < rows.end) - next;
        self.come.resize(open, 0);
        let ecgs = &groups.of_row[rows];
        ecgs.iter().for_each(|&ecg| self.come[ecg as usize - next] += 1);
        let counts = &groups.segments[next..];
        let complete = self.come.iter().zip(counts).take_while(|(come, all)| come == all);
        let complete = complete.count();
        self.come.drain(..complete);
        self.next += complete;
        let pool = |label: &mut PooledLabel| -> PolarsResult<Column> {
            let scores = segments.column(&label.name)?.f32()?.rechunk();
            label.add(scores.cont_slice()?, ecgs, next, open);
            Ok(label.take_pooled(&counts[..complete]))
        };
        let columns = self.labels.par_iter_mut().map(pool).collect::<PolarsResult<_>>();
        Ok(PooledEcgs {
            ecgs: next..self.next,
            columns: columns.map_err(Error::table("pooling segments into ECGs"))?,
        })
    }
}

/// One label of the ECGs that are not complete yet.
struct PooledLabel {
    name: PlSmallStr,
    pool: Pool,
    /// Sum, largest, or product of the complements of an ECG's probabilities: in float64, in the order of the rows, rounded once.
    values: Vec<f64>,
}

impl PooledLabel {
    /// Adds the probabilities of segments whose ECGs are `ecgs`, of which those from `next` on are `open`.
    fn add(&mut self, scores: &[f32], ecgs: &[u32], next: usize, open: usize) {
        let start = match self.pool {
            Pool::Mean => 0.0,
            Pool::Max => f64::NEG_INFINITY,
            Pool::NoisyOr => 1.0,
        };
        self.values.resize(open, start);
        for (&score, &ecg) in scores.iter().zip(ecgs) {
            let (value, score) = (&mut self.values[ecg as usize - next], f64::from(score));
            match self.pool {
                Pool::Mean => *value += score,
                Pool::Max => *value = value.max(score),
                Pool::NoisyOr => *value *= 1.0 - score,
            }
        }
    }

    /// Takes the first ECGs, which have so many segments each.
    fn take_pooled(&mut self, segments: &[u32]) -> Column {
        let values = self.values.drain(..segments.len()).zip(segments);
        let pooled: Vec<f32> = match self.pool {
            Pool::Mean => values.map(|(sum, &n)| (sum / f64::from(n)) as f32).collect(),
            Pool::Max => values.map(|(largest, _)| largest as f32).collect(),
            Pool::NoisyOr => values.map(|(none, _)| (1.0 - none) as f32).collect(),
        };
        Column::new(self.name.clone(), pooled)
    }
}

/// The ECGs of a table of segments, in the order of their first segments: idx, save_file, number of segments, and the pooled
/// probabilities of `names`, which are of the label set. `path` is for messages.
pub(crate) fn pool_segments(
    path: &Path,
    segments: &DataFrame,
    labels: &LabelSet,
    names: &[&str],
) -> Result<DataFrame> {
    let groups = EcgGroups::of(path, segments)?;
    let pooled = EcgPool::new(path, &groups, labels, names)?.add(0..segments.height(), segments)?;
    extend_keys(&groups.keys(segments, pooled.ecgs)?, pooled.columns.into_iter())
}

fn pool_of(path: &Path, labels: &LabelSet, name: &str) -> Result<Pool> {
    let label = labels.labels.iter().find(|label| label.name == name);
    let unknown = || Error::keys(path, format!("label `{name}` is not in the label set"));
    Ok(label.ok_or_else(unknown)?.pool)
}

/// A table of keys with further columns.
pub(crate) fn extend_keys(keys: &DataFrame, columns: impl Iterator<Item = Column>) -> Result<DataFrame> {
    let all = keys.columns().iter().cloned().chain(columns).collect();
    DataFrame::new_infer_height(all).map_err(Error::table("a label may not be named as a key column is"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labelset::Label;
    use proptest::prelude::*;

    const NAME: &str = "AF";

    fn labels(pool: Pool) -> LabelSet {
        LabelSet {
            labels: vec![Label {
                name: NAME.to_owned(),
                pool,
                ..LabelSet::load("physionet2021").unwrap().labels[0].clone()
            }],
            ..LabelSet::load("physionet2021").unwrap()
        }
    }

    fn pooled_scores(files: &[String], scores: &[f32], pool: Pool) -> Vec<f32> {
        let idx: Vec<Option<i64>> = vec![None; files.len()];
        let segments = df!(SAVE_FILE => files, IDX => idx, NAME => scores).unwrap();
        let ecgs = pool_segments(Path::new(""), &segments, &labels(pool), &[NAME]).unwrap();
        ecgs.column(NAME)
            .unwrap()
            .f32()
            .unwrap()
            .into_no_null_iter()
            .collect()
    }

    #[test]
    fn segments_of_one_ecg_are_pooled_wherever_they_stand() {
        let files = ["b", "a", "b", "c"].map(str::to_owned);
        let scores = [0.25, 0.5, 0.75, 0.1];
        assert_eq!(pooled_scores(&files, &scores, Pool::Mean), [0.5, 0.5, 0.1]);
        assert_eq!(pooled_scores(&files, &scores, Pool::Max), [0.75, 0.5, 0.1]);
        assert_eq!(pooled_scores(&files, &scores, Pool::NoisyOr), [0.8125, 0.5, 0.1]);
    }

    #[test]
    fn files_are_numbered_in_the_order_of_their_first_rows() {
        let numbered = |files: &[&str]| number_files(&StringChunked::from_slice("".into(), files));
        // As segments are in order: `a_10_0` before `a_1_0`.
        let ascending = numbered(&["a_10.mat", "a_10.mat", "a_1.mat", "b.mat"]);
        assert_eq!(ascending, (vec![0, 0, 1, 2], vec![0, 2, 3]));
        let mixed = numbered(&["b.mat", "a.mat", "a.mat", "b.mat", "c.mat"]);
        assert_eq!(mixed, (vec![0, 1, 1, 0, 2], vec![0, 1, 4]));
        assert!(
            precedes("a_10.mat", "a_1.mat") && !precedes("a_1.mat", "a_10.mat") && !precedes("a", "a.mat")
        );
    }

    #[test]
    fn idx_and_save_file_must_name_the_same_ecgs() {
        let told = |files: [&str; 4], idx: [Option<i64>; 4]| {
            let keys = df!(SAVE_FILE => files, IDX => idx).unwrap();
            EcgGroups::of(Path::new("d"), &keys).err().map(|e| e.to_string())
        };
        let files = ["b", "a", "b", "c"];
        assert_eq!(told(files, [Some(1), Some(2), Some(1), None]), None);
        let twice = told(files, [Some(1), Some(2), Some(1), Some(1)]).unwrap();
        assert!(
            twice.ends_with("idx 1 belongs to more than one save_file, one of them `c`"),
            "{twice}"
        );
        for other in [Some(9), None] {
            let mixed = told(files, [Some(1), Some(2), other, None]).unwrap();
            assert!(
                mixed.ends_with(&format!("save_file `b` has idx Some(1) and {other:?}")),
                "{mixed}"
            );
        }
    }

    #[test]
    fn an_ecg_is_told_once_all_of_its_segments_have_come() {
        let files = ["b", "a", "b", "c", "c"];
        let segments =
            df!(SAVE_FILE => files, IDX => [1i64, 2, 1, 3, 3], NAME => [0.25f32, 0.5, 0.75, 0.1, 0.1])
                .unwrap();
        let groups = EcgGroups::of(Path::new(""), &segments).unwrap();
        let mut pool = EcgPool::new(Path::new(""), &groups, &labels(Pool::Mean), &[NAME]).unwrap();
        let mut told = Vec::new();
        for rows in [0..2, 2..4, 4..5] {
            let part = segments.slice(rows.start as i64, rows.len());
            let pooled = pool.add(rows, &part).unwrap();
            let scores: Vec<f32> = pooled.columns[0].f32().unwrap().into_no_null_iter().collect();
            told.push((pooled.ecgs, scores));
        }
        assert_eq!(told, [(0..0, vec![]), (0..2, vec![0.5, 0.5]), (2..3, vec![0.1])]);
    }

    proptest! {
        /// By definition: one ECG after the other, its segments in their order.
        #[test]
        fn pooled_scores_are_those_of_one_ecg_after_the_other(
            rows in prop::collection::vec((0u8..6, 0.0f32..=1.0), 1..200),
        ) {
            let files: Vec<String> = rows.iter().map(|r| r.0.to_string()).collect();
            let scores: Vec<f32> = rows.iter().map(|r| r.1).collect();
            let mut order: Vec<u8> = Vec::new();
            rows.iter().for_each(|r| if !order.contains(&r.0) { order.push(r.0) });
            let of = |file: u8| rows.iter().filter(move |r| r.0 == file).map(|r| r.1);
            let by_hand = |pool: Pool| -> Vec<u32> {
                let one = |file: &u8| match pool {
                    Pool::Mean => (of(*file).map(f64::from).fold(0.0, |a, b| a + b) / of(*file).count() as f64) as f32,
                    Pool::Max => of(*file).fold(f32::NEG_INFINITY, f32::max),
                    Pool::NoisyOr => (1.0 - of(*file).fold(1.0, |none, p| none * (1.0 - f64::from(p)))) as f32,
                };
                order.iter().map(|file| one(file).to_bits()).collect()
            };
            for pool in [Pool::Mean, Pool::Max, Pool::NoisyOr] {
                let got: Vec<u32> = pooled_scores(&files, &scores, pool).into_iter().map(f32::to_bits).collect();
                prop_assert_eq!(got, by_hand(pool), "{:?}", pool);
            }
        }
    }
}
