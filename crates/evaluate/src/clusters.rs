//! Which rows are resampled together.

use crate::compare::Compared;
use crate::error::{Error, Result};
use crate::groups::Groups;
use crate::row_of::RowOf;
use ecgfm_artifacts::columns::{IDX, PATIENT_ID};
use ecgfm_artifacts::records::{self, one_text};
use ecgfm_artifacts::table::{self, Column, Kind};
use polars::prelude::StringChunked;
use std::path::{Path, PathBuf};

/// Clusters of rows: the number of each row's, and how many there are.
pub(crate) struct Clusters {
    pub(crate) of_row: Vec<u32>,
    pub(crate) count: usize,
}

impl Clusters {
    /// The clusters of some of the rows, with their numbers: a resample draws all clusters, also those without such rows.
    pub(crate) fn part_of(&self, rows: &[usize]) -> Self {
        Self {
            of_row: rows.iter().map(|&row| self.of_row[row]).collect(),
            count: self.count,
        }
    }

    /// The clusters of some of the rows, numbered anew.
    pub(crate) fn part(&self, rows: &[usize]) -> Self {
        let groups = Groups::by(rows.iter().map(|&row| self.of_row[row]));
        Self {
            count: groups.len(),
            of_row: groups.of_row,
        }
    }
}

/// The patient of each ECG.
pub(crate) struct Patients {
    path: PathBuf,
    row_of: RowOf,
    names: StringChunked,
}

/// What rows have in common that are resampled together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose<'a> {
    Patient(&'a str),
    /// Of a patient that nobody names: an ECG is never put together with others for that.
    Ecg(i64),
}

impl Patients {
    /// Reads them from a records table; none where it has no column of them.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        if !table::header(path)?.iter().any(|name| name == PATIENT_ID) {
            return Ok(None);
        }
        let frame = records::read(path, &[Column::new(PATIENT_ID, Kind::Text)])?;
        Ok(Some(Self {
            path: path.to_owned(),
            row_of: RowOf::of(table::int_column(path, &frame, IDX)?),
            names: table::str_column(path, &frame, PATIENT_ID)?.clone(),
        }))
    }

    fn of(&self, idx: i64) -> Result<Whose<'_>> {
        let Some(row) = self.row_of.get(idx) else {
            let what = format!(
                "idx {idx}, which is among the scored ECGs, has no row; give the records of all ECGs"
            );
            return Err(Error::keys(&self.path, what));
        };
        Ok(match one_text(self.names.get(row as usize).unwrap_or_default()) {
            "" => Whose::Ecg(idx),
            patient => Whose::Patient(patient),
        })
    }

    /// How many of these ECGs name no patient.
    pub(crate) fn nameless(&self, ecgs: &Compared) -> Result<u64> {
        let mut count = 0;
        for idx in ecgs.idx() {
            count += u64::from(matches!(self.of(idx)?, Whose::Ecg(_)));
        }
        Ok(count)
    }
}

/// Clusters by patient where patients are known, else by ECG.
pub(crate) fn clusters(rows: &Compared, patients: Option<&Patients>) -> Result<Clusters> {
    let whose = |idx| patients.map_or(Ok(Whose::Ecg(idx)), |patients| patients.of(idx));
    let groups = Groups::by(rows.idx().map(whose).collect::<Result<Vec<_>>>()?);
    Ok(Clusters {
        count: groups.len(),
        of_row: groups.of_row,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn rows() -> Compared {
        let keys = df!("idx" => [4i64, 4, 7, 9]).unwrap();
        Compared {
            keys,
            truth: vec![],
            unknown: vec![],
            scores: vec![],
            without_truth: 0,
        }
    }

    fn patients(text: &str) -> Patients {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meta.csv");
        std::fs::write(&path, text).unwrap();
        Patients::read(&path).unwrap().expect("patients")
    }

    #[test]
    fn segments_cluster_by_ecg_or_by_patient() {
        assert_eq!(clusters(&rows(), None).unwrap().of_row, [0, 0, 1, 2]);
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat,11\n9,c.mat,12\n");
        let by_patient = clusters(&rows(), Some(&known)).unwrap();
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 0, 1], 2));
    }

    #[test]
    fn ecgs_that_name_no_patient_are_not_one_patient() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,\n7,b.mat, \n9,c.mat,4\n");
        let by_patient = clusters(&rows(), Some(&known)).unwrap();
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 1, 2], 3));
        assert_eq!(
            known.nameless(&rows()).unwrap(),
            3,
            "two rows of one ECG, one of another"
        );
    }

    #[test]
    fn a_patient_written_in_several_ways_is_one() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat, 11\n9,c.mat,11.0\n");
        assert_eq!(clusters(&rows(), Some(&known)).unwrap().count, 1);
    }

    #[test]
    fn a_scored_ecg_that_is_not_among_the_records_is_an_error() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n9,c.mat,12\n");
        let message = clusters(&rows(), Some(&known)).err().unwrap().to_string();
        assert!(
            message.contains("meta.csv: idx 7, which is among the scored ECGs"),
            "{message}"
        );
    }
}
