//! Context that the steps of writing a release share, and what they count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Error;
use crate::exam::Generator;
use crate::labels::Labels;
use crate::options::SynthOptions;

/// Numbers of exams, patients and files of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseSummary {
    /// Exams, without dummy rows.
    pub exams: u64,
    /// Patients.
    pub patients: u64,
    /// HDF5 parts.
    pub parts: u64,
    /// Rows of all parts, dummy rows included.
    pub tracings: u64,
    /// Rows of exams.csv.
    pub rows: u64,
    /// Exams with each label, by CODE-15's names.
    pub labels: BTreeMap<&'static str, u64>,
    /// Exams with each planted fault.
    pub faults: BTreeMap<&'static str, u64>,
}

impl ReleaseSummary {
    pub(super) fn count(&mut self, labels: Labels) {
        for (name, holds) in Labels::NAMES.into_iter().zip(labels.values()) {
            *self.labels.entry(name).or_default() += u64::from(holds);
        }
    }
}

/// Planted fault, a row of faults.csv.
#[derive(Debug, Clone)]
pub(super) struct PlantedFault {
    pub(super) index: u64,
    pub(super) exam_id: i64,
    pub(super) fault: &'static str,
    pub(super) detail: String,
}

/// Context of all steps of writing a release.
pub(super) struct ReleaseContext<'a> {
    pub(super) generator: &'a Generator,
    pub(super) out: &'a Path,
    pub(super) progress: &'a dyn Fn(u64),
    pub(super) cancelled: &'a dyn Fn() -> bool,
}

impl ReleaseContext<'_> {
    pub(super) fn options(&self) -> &SynthOptions {
        self.generator.options()
    }

    pub(super) fn stop_if_cancelled(&self, exams: u64) -> Result<(), Error> {
        if (self.cancelled)() {
            return Err(Error::Cancelled {
                path: self.out.to_owned(),
                exams,
            });
        }
        Ok(())
    }
}

/// Name of part number `part`.
pub(super) fn part_name(part: u64) -> String {
    format!("exams_part{part}.hdf5")
}

/// Returns a function for `map_err` that names `path`.
pub(super) fn io_error(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    move |source| Error::Io {
        path: path.clone(),
        source,
    }
}
