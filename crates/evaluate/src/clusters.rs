//! Which rows are resampled together.

use crate::error::{Error, Result};
use crate::joins::{last_of_each, left_join};
use crate::scored_rows::ScoredRows;
use ecgfm_artifacts::columns::{IDX, PATIENT_ID};
use ecgfm_artifacts::records::{self, normalize_key};
use ecgfm_artifacts::table::{self, ColumnKind};
use polars::prelude::*;
use std::path::{Path, PathBuf};

/// Clusters of rows: the number of each row's, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clusters {
    pub(crate) of_row: Vec<u32>,
    pub(crate) count: usize,
}

impl Clusters {
    /// Rows of one key are one cluster; a missing key is a key too. Clusters are numbered in the order of their first rows.
    pub(crate) fn by_key(keys: Vec<Column>) -> Result<Self> {
        let failed = || Error::table("grouping rows");
        let frame = DataFrame::new_infer_height(keys).map_err(failed())?;
        let grouped = frame
            .group_by_stable(frame.get_column_names_owned())
            .map_err(failed())?;
        let mut of_row = vec![0; frame.height()];
        let groups = grouped.get_groups();
        for (number, group) in (0u32..).zip(groups.iter()) {
            match group {
                GroupsIndicator::Idx((_, rows)) => rows.iter().for_each(|&row| of_row[row as usize] = number),
                GroupsIndicator::Slice([first, rows]) => {
                    of_row[first as usize..][..rows as usize].fill(number)
                }
            }
        }
        Ok(Self {
            of_row,
            count: groups.len(),
        })
    }

    /// The clusters of some of the rows, with their numbers: a resample draws all clusters, also those without such rows.
    pub(crate) fn part_of(&self, rows: &[usize]) -> Self {
        Self {
            of_row: rows.iter().map(|&row| self.of_row[row]).collect(),
            count: self.count,
        }
    }

    /// The clusters of some of the rows, numbered anew.
    pub(crate) fn part(&self, rows: &[usize]) -> Result<Self> {
        let of_rows: Vec<u32> = rows.iter().map(|&row| self.of_row[row]).collect();
        Self::by_key(vec![Column::new("cluster".into(), of_rows)])
    }
}

/// The patient of each ECG.
pub(crate) struct Patients {
    path: PathBuf,
    /// idx and patient_id of every exam; null where it names no patient.
    exams: DataFrame,
}

/// Column that tells ECGs with a record.
const HAS_RECORD: &str = "has record";

impl Patients {
    /// Reads them from a records table; none where it has no column of them.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        if !table::read_header(path)?.iter().any(|name| name == PATIENT_ID) {
            return Ok(None);
        }
        let frame = records::read(path, &[table::Column::new(PATIENT_ID, ColumnKind::Text)])?;
        let named = |text: Option<&str>| -> Option<String> {
            let patient = normalize_key(text.unwrap_or_default());
            (!patient.is_empty()).then(|| patient.to_owned())
        };
        let patients: StringChunked = table::str_column(path, &frame, PATIENT_ID)?
            .iter()
            .map(named)
            .collect();
        let exams = frame.select([IDX]).and_then(|mut exams| {
            exams.with_column(patients.with_name(PATIENT_ID.into()).into_column())?;
            last_of_each(exams.lazy(), IDX).collect()
        });
        Ok(Some(Self {
            path: path.to_owned(),
            exams: exams.map_err(Error::table("reading patients"))?,
        }))
    }

    /// idx and patient_id of each row.
    fn of(&self, rows: &ScoredRows) -> Result<DataFrame> {
        let failed = || Error::table("looking for the patients of ECGs");
        let exams = self.exams.clone().lazy().with_column(lit(true).alias(HAS_RECORD));
        let idx = rows.table.clone().lazy().select([col(IDX)]);
        let joined = left_join(idx, exams, &[col(IDX)]).collect().map_err(failed())?;
        let without = joined.clone().lazy().filter(col(HAS_RECORD).is_null()).first();
        let without = without.collect().map_err(failed())?;
        if without.height() > 0 {
            let idx = table::int_column(&self.path, &without, IDX)?
                .get(0)
                .unwrap_or_default();
            let what = format!(
                "idx {idx}, which is among the scored ECGs, has no row; give the records of all ECGs"
            );
            return Err(Error::keys(&self.path, what));
        }
        joined.select([IDX, PATIENT_ID]).map_err(failed())
    }

    /// Number of these ECGs that name no patient.
    pub(crate) fn count_without_patient(&self, ecgs: &ScoredRows) -> Result<u64> {
        let patients = self.of(ecgs)?;
        let count = patients.column(PATIENT_ID).map(Column::null_count);
        Ok(count.map_err(Error::table("counting ECGs without patient"))? as u64)
    }
}

/// Clusters of segments and of ECGs, with the same numbers, so that one resample serves both: by patient where patients are known, else by
/// ECG. An ECG that names no patient is one cluster: it is never put together with others for that.
pub(crate) fn cluster_rows(
    segments: &ScoredRows,
    ecgs: &ScoredRows,
    patients: Option<&Patients>,
) -> Result<(Clusters, Clusters)> {
    let keys = cluster_keys(segments, patients)?;
    let all = keys.vstack(&cluster_keys(ecgs, patients)?);
    let all = Clusters::by_key(
        all.map_err(Error::table("grouping ECGs by patient"))?
            .into_columns(),
    )?;
    let (of_segments, of_ecgs) = all.of_row.split_at(segments.len());
    let part = |of_row: &[u32]| Clusters {
        of_row: of_row.to_vec(),
        count: all.count,
    };
    Ok((part(of_segments), part(of_ecgs)))
}

/// The key of each row's cluster.
fn cluster_keys(rows: &ScoredRows, patients: Option<&Patients>) -> Result<DataFrame> {
    let failed = || Error::table("grouping ECGs by patient");
    let Some(patients) = patients else {
        return rows.table.select([IDX]).map_err(failed());
    };
    let without_patient = when(col(PATIENT_ID).is_null())
        .then(col(IDX))
        .otherwise(lit(NULL));
    let keys = patients
        .of(rows)?
        .lazy()
        .select([col(PATIENT_ID), without_patient.alias(IDX)]);
    keys.collect().map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> ScoredRows {
        let keys = df!("idx" => [4i64, 4, 7, 9]).unwrap();
        ScoredRows {
            table: keys,
            truth: vec![],
            unknown: vec![],
            scores: vec![],
            without_truth: 0,
        }
    }

    fn of_segments(patients: Option<&Patients>) -> Clusters {
        cluster_rows(&rows(), &rows(), patients).unwrap().0
    }

    #[test]
    fn ecgs_have_the_numbers_of_their_segments() {
        let mut ecgs = rows();
        ecgs.table = df!("idx" => [9i64, 4, 7]).unwrap();
        let (segments, ecgs) = cluster_rows(&rows(), &ecgs, None).unwrap();
        assert_eq!((segments.of_row, segments.count), (vec![0, 0, 1, 2], 3));
        assert_eq!((ecgs.of_row, ecgs.count), (vec![2, 0, 1], 3));
    }

    fn patients(text: &str) -> Patients {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meta.csv");
        std::fs::write(&path, text).unwrap();
        Patients::read(&path).unwrap().expect("patients")
    }

    #[test]
    fn segments_cluster_by_ecg_or_by_patient() {
        assert_eq!(of_segments(None).of_row, [0, 0, 1, 2]);
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat,11\n9,c.mat,12\n");
        let by_patient = of_segments(Some(&known));
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 0, 1], 2));
    }

    #[test]
    fn ecgs_that_name_no_patient_are_not_one_patient() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,\n7,b.mat, \n9,c.mat,4\n");
        let by_patient = of_segments(Some(&known));
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 1, 2], 3));
        assert_eq!(
            known.count_without_patient(&rows()).unwrap(),
            3,
            "two rows of one ECG, one of another"
        );
    }

    #[test]
    fn a_patient_written_in_several_ways_is_one() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat, 11\n9,c.mat,11.0\n");
        assert_eq!(of_segments(Some(&known)).count, 1);
    }

    #[test]
    fn a_patient_may_have_a_name_instead_of_a_number() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,P1\n7,b.mat,\"Müller, A\"\n9,c.mat,P1\n");
        let by_patient = of_segments(Some(&known));
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 1, 0], 2));
    }

    #[test]
    fn a_scored_ecg_that_is_not_among_the_records_is_an_error() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n9,c.mat,12\n");
        let message = cluster_rows(&rows(), &rows(), Some(&known))
            .err()
            .unwrap()
            .to_string();
        assert!(
            message.contains("meta.csv: idx 7, which is among the scored ECGs"),
            "{message}"
        );
    }
}
