//! Which rows are resampled together.

use crate::by_number::ByNumber;
use crate::error::{Error, Result};
use crate::scored_rows::{ScoredRows, take_rows};
use ecgfm_artifacts::columns::{IDX, PATIENT_ID};
use ecgfm_artifacts::records::{self, normalize_key};
use ecgfm_artifacts::table::{self, ColumnKind};
use hashbrown::HashMap;
use std::path::{Path, PathBuf};

/// Clusters of rows: the number of each row's, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clusters {
    pub(crate) of_row: Vec<u32>,
    pub(crate) count: usize,
}

impl Clusters {
    /// Rows of one key are one cluster. Clusters are numbered in the order of their first rows.
    pub(crate) fn by_key(keys: &[i64]) -> Self {
        // Of the rows of a key the last that is given stays: its first.
        let first_rows: ByNumber<u32> = keys.iter().copied().zip(0..keys.len() as u32).rev().collect();
        let mut clusters = Self {
            of_row: Vec::with_capacity(keys.len()),
            count: 0,
        };
        for key in keys {
            let before = first_rows
                .find(*key)
                .and_then(|first| clusters.of_row.get(first as usize));
            let number = before.copied().unwrap_or(clusters.count as u32);
            clusters.of_row.push(number);
            clusters.count += usize::from(number as usize == clusters.count);
        }
        clusters
    }

    /// The clusters of some of the rows, with their numbers: a resample draws all clusters, also those without such rows.
    pub(crate) fn part_of(&self, rows: &[usize]) -> Self {
        Self {
            of_row: take_rows(&self.of_row, rows),
            count: self.count,
        }
    }

    /// True if no two of these rows are of one cluster.
    pub(crate) fn are_apart(&self, rows: &[usize]) -> bool {
        let mut seen = vec![false; self.count];
        let mut is_new = |row: usize| !std::mem::replace(&mut seen[self.of_row[row] as usize], true);
        rows.iter().all(|&row| is_new(row))
    }
}

/// The patient of each ECG.
pub(crate) struct Patients {
    path: PathBuf,
    /// Number of patients that are named.
    named: u32,
    /// The patient of each exam: a number from 0, or one of its own, from `named` on, where the exam names none.
    of_exam: ByNumber<u32>,
}

impl Patients {
    /// Reads them from a records table; none where it has no column of them.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        if !table::read_header(path)?.iter().any(|name| name == PATIENT_ID) {
            return Ok(None);
        }
        let frame = records::read(path, &[table::Column::new(PATIENT_ID, ColumnKind::Text)])?;
        let patients = table::str_column(path, &frame, PATIENT_ID)?;
        let idx = table::int_column(path, &frame, IDX)?;
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut exams = Vec::with_capacity(idx.len());
        for (idx, patient) in idx.iter().zip(patients.iter()) {
            let next = numbers.len() as u32;
            let number = match normalize_key(patient.unwrap_or_default()) {
                "" => None,
                patient => Some(*numbers.entry(patient).or_insert(next)),
            };
            exams.extend(idx.map(|idx| (idx, number)));
        }
        let named = numbers.len() as u32;
        // Named patients and exams that name none are fewer than 2³² together, as the rows of polars are.
        let mut own = named..;
        let numbered = exams
            .into_iter()
            .filter_map(|(idx, number)| Some((idx, number.or_else(|| own.next())?)));
        Ok(Some(Self {
            path: path.to_owned(),
            named,
            of_exam: numbered.collect(),
        }))
    }

    /// The patient of each row, as a key of clusters.
    fn of(&self, rows: &ScoredRows) -> Result<Vec<i64>> {
        let patient = |idx: i64| {
            self.of_exam.find(idx).map(i64::from).ok_or_else(|| {
                let what = format!(
                    "idx {idx}, which is among the scored ECGs, has no row; give the records of all ECGs"
                );
                Error::keys(&self.path, what)
            })
        };
        rows.idx().map(patient).collect()
    }

    /// Number of these ECGs that name no patient.
    pub(crate) fn count_without_patient(&self, ecgs: &ScoredRows) -> Result<u64> {
        let without = (self.of(ecgs)?.into_iter()).filter(|patient| *patient >= i64::from(self.named));
        Ok(without.count() as u64)
    }
}

/// Clusters of segments and of ECGs, with the same numbers, so that one resample serves both: by patient where patients are known, else by
/// ECG. An ECG that names no patient is one cluster: it is never put together with others for that.
pub(crate) fn cluster_rows(
    segments: &ScoredRows,
    ecgs: &ScoredRows,
    patients: Option<&Patients>,
) -> Result<(Clusters, Clusters)> {
    let keys_of = |rows: &ScoredRows| match patients {
        Some(patients) => patients.of(rows),
        None => Ok(rows.idx().collect()),
    };
    let mut keys = keys_of(segments)?;
    keys.extend(keys_of(ecgs)?);
    let Clusters { of_row, count } = Clusters::by_key(&keys);
    let (of_segments, of_ecgs) = of_row.split_at(segments.len());
    let part = |of_row: &[u32]| Clusters {
        of_row: of_row.to_vec(),
        count,
    };
    Ok((part(of_segments), part(of_ecgs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> ScoredRows {
        let keys = polars::prelude::df!("idx" => [4i64, 4, 7, 9]).unwrap();
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
    fn clusters_are_numbered_as_they_come() {
        for keys in [
            [7, -1, 7, 3, -1, 9],
            [i64::MAX, i64::MIN, i64::MAX, 0, i64::MIN, 1],
        ] {
            let clusters = Clusters::by_key(&keys);
            assert_eq!(
                (&clusters.of_row[..], clusters.count),
                (&[0, 1, 0, 2, 1, 3][..], 4)
            );
            assert!(clusters.are_apart(&[0, 1, 3, 5]) && !clusters.are_apart(&[3, 4, 1]));
        }
    }

    #[test]
    fn ecgs_have_the_numbers_of_their_segments() {
        let mut ecgs = rows();
        ecgs.keys = polars::prelude::df!("idx" => [9i64, 4, 7]).unwrap();
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
