//! Raw files of a view that are opened by their content, whatever their format.
//!
//! `view.json` has a list of rules: what the formats do not state, and how recordings are completed. `files.csv` holds path and size
//! of every file, and the place of its rules in that list, in the order of their numbers in the index.

use crate::columns::{PATH, RULES, SIZE};
use crate::error::{Error, Result};
use crate::pandas::Cell;
use crate::recordings::arrays::Axes;
use crate::recordings::{BoxedFile, Encoding, FileOnDemand, MissingLeads, Unit, open_recognized};
use crate::table::{self, Column, ColumnKind, OtherColumns};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Table of the files.
const FILE: &str = "files.csv";
/// What is said of a file that is another one.
pub(super) const CHANGED: &str =
    "is not the file that the signals stage read: run that again, or put the file back";

/// How recordings are read: what the format of their file does not state, and how they are completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingRules {
    /// Samples a second, where the files do not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample_rate: Option<f64>,
    /// True where values are millivolts unless the files state something else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_millivolts: bool,
    /// Millivolts of a value of 1, where that is not 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    millivolts: Option<f64>,
    /// Names of the leads, in the order of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leads: Option<Vec<String>>,
    /// Order of the dimensions of arrays and rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    axes: Option<Axes>,
    /// Name of the array in files of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    array: Option<String>,
    /// Value that stands for a missing one in arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_value: Option<f64>,
    /// Name of the dataset of identifiers in HDF5 files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row_ids: Option<String>,
    /// True where nothing is assumed of HDF5 files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_complete: bool,
    /// What becomes of a recording without one of the twelve leads.
    pub(super) missing_leads: MissingLeads,
    /// True where zeros at both ends are cut off.
    pub(super) zero_padded: bool,
}

impl RecordingRules {
    /// Rules for files of which `encoding` is what their format does not state. `zero_padded` recordings lose the zeros at both ends.
    pub fn new(encoding: Encoding, missing_leads: MissingLeads, zero_padded: bool) -> Self {
        Self {
            sample_rate: (encoding.sample_rate != 0.0).then_some(encoding.sample_rate),
            in_millivolts: encoding.unit == Unit::Millivolts,
            millivolts: encoding.millivolts,
            leads: encoding.leads.map(|leads| leads.to_vec()),
            axes: encoding.axes,
            array: encoding.array,
            missing_value: encoding.missing,
            row_ids: encoding.row_ids,
            is_complete: encoding.is_complete,
            missing_leads,
            zero_padded,
        }
    }

    fn encoding(&self) -> Encoding {
        Encoding {
            sample_rate: self.sample_rate.unwrap_or_default(),
            unit: match self.in_millivolts {
                true => Unit::Millivolts,
                false => Unit::NotStated,
            },
            millivolts: self.millivolts,
            leads: self.leads.clone().map(Into::into),
            axes: self.axes,
            array: self.array.clone(),
            missing: self.missing_value,
            row_ids: self.row_ids.clone(),
            is_complete: self.is_complete,
        }
    }
}

/// Raw file of a view, open.
pub(super) struct OpenedFile {
    pub(super) recordings: BoxedFile,
    /// How leads are completed; none where recordings have the standard ones.
    pub(super) missing_leads: Option<MissingLeads>,
    /// True where zeros at both ends are cut off.
    pub(super) zero_padded: bool,
}

/// Opens the files of the table in the directory `root` by their rules, those whose numbers are in `of_several` at once and others when
/// they are read.
pub(super) fn open_files(
    root: &Path,
    rules: &[RecordingRules],
    of_several: &HashSet<usize>,
) -> Result<Vec<OpenedFile>> {
    let table = root.join(FILE);
    let encodings: Vec<Arc<Encoding>> = rules.iter().map(|rules| Arc::new(rules.encoding())).collect();
    let open = |(number, file): (usize, ReopenedFile)| -> Result<OpenedFile> {
        file.check()?;
        let (Some(rules), Some(encoding)) = (rules.get(file.rules), encodings.get(file.rules)) else {
            let what = format!(
                "{}: there are no rules number {}",
                file.path.display(),
                file.rules
            );
            return Err(Error::invalid(&table, what));
        };
        Ok(OpenedFile {
            recordings: match of_several.contains(&number) {
                true => open_recognized(&file.path, encoding)?,
                false => Box::new(FileOnDemand::new(file.path, encoding.clone())),
            },
            missing_leads: Some(rules.missing_leads),
            zero_padded: rules.zero_padded,
        })
    };
    let files = read_files(&table)?.into_par_iter().enumerate();
    files.map(open).collect()
}

/// Raw file of an archive that is opened by its content.
#[derive(Debug, Clone, PartialEq)]
pub struct ReopenedFile {
    /// Absolute path.
    path: PathBuf,
    /// Size, in bytes.
    size: u64,
    /// Place of its rules in the list.
    rules: usize,
}

impl ReopenedFile {
    /// The file at `path`, which is read by number `rules` of the rules of its view.
    ///
    /// # Errors
    /// There is none, or it may not be looked at.
    pub fn new(path: &Path, rules: usize) -> Result<Self> {
        let path = std::path::absolute(path).map_err(Error::io("resolve", path))?;
        let size = size_of(&path)?;
        Ok(Self { path, size, rules })
    }

    /// Checks that the file is there in its size. Its content is compared when it is read.
    fn check(&self) -> Result<()> {
        match size_of(&self.path)? == self.size {
            true => Ok(()),
            false => Err(Error::invalid(&self.path, CHANGED)),
        }
    }
}

fn size_of(path: &Path) -> Result<u64> {
    let metadata = std::fs::metadata(path).map_err(Error::io("open", path))?;
    Ok(metadata.len())
}

/// Writes the table of the files into the directory `dir`.
pub(super) fn write_files(dir: &Path, files: impl IntoIterator<Item = Result<ReopenedFile>>) -> Result<()> {
    let mut missing = None;
    let present = files
        .into_iter()
        .map_while(|file| file.map_err(|error| missing = Some(error)).ok());
    let written = table::write_rows(&dir.join(FILE), [PATH, SIZE, RULES], |w| {
        for file in present {
            let numbers = [file.size as i64, file.rules as i64].map(Cell::Int);
            let path = file.path.to_string_lossy();
            w.row(std::iter::once(Cell::Text(&path)).chain(numbers))?;
        }
        Ok(())
    });
    missing.map_or(written, Err)
}

fn read_files(path: &Path) -> Result<Vec<ReopenedFile>> {
    let columns = [
        Column::new(PATH, ColumnKind::Text),
        Column::new(SIZE, ColumnKind::Int),
        Column::new(RULES, ColumnKind::Int),
    ];
    let frame = table::read(path, &columns, OtherColumns::Ignore)?;
    let paths = table::str_column(path, &frame, PATH)?;
    let [sizes, rules] = [SIZE, RULES].map(|name| table::int_column(path, &frame, name));
    let files = paths.iter().zip(sizes?.iter()).zip(rules?.iter());
    let file = |((path, size), rules): ((Option<&str>, Option<i64>), Option<i64>)| ReopenedFile {
        path: path.unwrap_or_default().into(),
        size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        rules: rules
            .and_then(|rules| usize::try_from(rules).ok())
            .unwrap_or(usize::MAX),
    };
    Ok(files.map(file).collect())
}
