//! Which rows are resampled together.

use crate::error::{Error, Result};
use crate::exam_rows::ExamRows;
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
    /// The row of each exam.
    exams: ExamRows,
    /// The patient of each row; null where it names none.
    patients: StringChunked,
}

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
        Ok(Some(Self {
            path: path.to_owned(),
            exams: ExamRows::of(table::int_column(path, &frame, IDX)?),
            patients: patients.with_name(PATIENT_ID.into()),
        }))
    }

    /// The patient of each row; null where its exam names none.
    fn of(&self, rows: &ScoredRows) -> Result<StringChunked> {
        let row_of = |idx: i64| match self.exams.find(idx) {
            Some(row) => Ok(row as IdxSize),
            None => {
                let what = format!(
                    "idx {idx}, which is among the scored ECGs, has no row; give the records of all ECGs"
                );
                Err(Error::keys(&self.path, what))
            }
        };
        let found = rows.idx().map(row_of).collect::<Result<Vec<_>>>()?;
        let patients = self.patients.take(&IdxCa::from_vec(PATIENT_ID.into(), found));
        patients.map_err(Error::table("looking for the patients of ECGs"))
    }

    /// Number of these ECGs that name no patient.
    pub(crate) fn count_without_patient(&self, ecgs: &ScoredRows) -> Result<u64> {
        Ok(self.of(ecgs)?.null_count() as u64)
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
        return rows.keys.select([IDX]).map_err(failed());
    };
    let patients = patients.of(rows)?;
    let without_patient = |(patient, idx): (Option<&str>, i64)| patient.is_none().then_some(idx);
    let without_patient = patients.iter().zip(rows.idx()).map(without_patient);
    let without_patient: Int64Chunked = without_patient.collect_ca(IDX.into());
    DataFrame::new_infer_height(vec![patients.into_column(), without_patient.into_column()]).map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> ScoredRows {
        let keys = df!("idx" => [4i64, 4, 7, 9]).unwrap();
        ScoredRows {
            keys,
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
        ecgs.keys = df!("idx" => [9i64, 4, 7]).unwrap();
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
