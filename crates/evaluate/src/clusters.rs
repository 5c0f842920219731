//! Which rows are resampled together.

use crate::compare::Compared;
use crate::error::{Error, Result};
use crate::groups::Groups;
use crate::row_of::RowOf;
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::records;
use ecgfm_artifacts::table::{self, Column, Kind};
use polars::prelude::StringChunked;
use std::path::{Path, PathBuf};

/// Column of the records table that tells patients apart.
const PATIENT: &str = "patient_id";

/// Clusters of rows: the number of each row's, and how many there are.
pub(crate) struct Clusters {
    pub(crate) of_row: Vec<u32>,
    pub(crate) count: usize,
}

impl Clusters {
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

impl Patients {
    /// Reads them from a records table.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let frame = records::read(path, &[Column::new(PATIENT, Kind::Text)])?;
        Ok(Self {
            path: path.to_owned(),
            row_of: RowOf::of(table::int_column(path, &frame, IDX)?),
            names: table::str_column(path, &frame, PATIENT)?.clone(),
        })
    }

    fn of(&self, idx: i64) -> Result<&str> {
        match self.row_of.get(idx).and_then(|row| self.names.get(row as usize)) {
            None | Some("") => Err(Error::keys(
                &self.path,
                format!("no {PATIENT} for idx {idx}, which is among the scored ECGs"),
            )),
            Some(patient) => Ok(patient),
        }
    }
}

/// Clusters by patient where patients are known, else by ECG.
pub(crate) fn clusters(rows: &Compared, patients: Option<&Patients>) -> Result<Clusters> {
    let groups = match patients {
        None => Groups::by(rows.idx()),
        Some(patients) => Groups::by(
            rows.idx()
                .map(|idx| patients.of(idx))
                .collect::<Result<Vec<_>>>()?,
        ),
    };
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
            scores: vec![],
            without_truth: 0,
        }
    }

    fn patients(text: &str) -> Patients {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meta.csv");
        std::fs::write(&path, text).unwrap();
        Patients::read(&path).unwrap()
    }

    #[test]
    fn segments_cluster_by_ecg_or_by_patient() {
        assert_eq!(clusters(&rows(), None).unwrap().of_row, [0, 0, 1, 2]);
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat,11\n9,c.mat,12\n");
        let by_patient = clusters(&rows(), Some(&known)).unwrap();
        assert_eq!((by_patient.of_row, by_patient.count), (vec![0, 0, 0, 1], 2));
    }

    #[test]
    fn an_ecg_whose_patient_is_unknown_is_an_error() {
        let known = patients("idx,save_file,patient_id\n4,a.mat,11\n7,b.mat,\n");
        let message = clusters(&rows(), Some(&known)).err().unwrap().to_string();
        assert!(
            message.ends_with("no patient_id for idx 7, which is among the scored ECGs"),
            "{message}"
        );
    }
}
