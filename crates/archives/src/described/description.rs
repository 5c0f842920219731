//! What a description of an archive may say.

use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_recordings::amplitude::millivolts_of;
use ecgfm_recordings::arrays::Axes;
use ecgfm_recordings::{Encoding, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Descriptions that the program has inside: name and text.
pub static BUILT_IN: [(&str, &str); 10] = [
    ("folder", include_str!("../../../../configs/datasets/folder.yaml")),
    ("files", include_str!("../../../../configs/datasets/files.yaml")),
    ("ptbxl", include_str!("../../../../configs/datasets/ptbxl.yaml")),
    (
        "ptbxl_100hz",
        include_str!("../../../../configs/datasets/ptbxl_100hz.yaml"),
    ),
    (
        "physionet2021",
        include_str!("../../../../configs/datasets/physionet2021.yaml"),
    ),
    (
        "challenge2025",
        include_str!("../../../../configs/datasets/challenge2025.yaml"),
    ),
    (
        "mimic_iv_ecg",
        include_str!("../../../../configs/datasets/mimic_iv_ecg.yaml"),
    ),
    (
        "sami_trop",
        include_str!("../../../../configs/datasets/sami_trop.yaml"),
    ),
    (
        "code_test",
        include_str!("../../../../configs/datasets/code_test.yaml"),
    ),
    ("ikem", include_str!("../../../../configs/datasets/ikem.yaml")),
];

/// Description of an archive: where its exams are listed, where their recordings are, and what the files do not state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetDescription {
    /// Name of the archive in parameters.
    pub name: String,
    /// Description, for people.
    #[serde(default)]
    pub title: String,
    /// Name of the archive in tables, and start of the file names made from its exams; `name` where it is not given.
    #[serde(default)]
    pub source: Option<String>,
    /// Table of exams, relative to the archive's directory; `.` where the archive is the table itself. Without one, every
    /// recording below the directory is an exam.
    #[serde(default)]
    pub table: Option<String>,
    /// Column of the table that identifies an exam. Without a table, an exam is known by the path of its file; without this column,
    /// which only `by_position` may lack, by its number in the table, from 0 on.
    #[serde(default)]
    pub exam_id: Option<String>,
    /// Column of the table with the path of the recording, relative to the archive's directory, with or without its ending.
    #[serde(default)]
    pub file: Option<String>,
    /// Files of all recordings, many each, relative to the archive's directory, where the table has no column of them; `*` stands
    /// for any text: `exams_part*.hdf5`.
    #[serde(default)]
    pub files: Option<String>,
    /// Dataset of HDF5 files that identifies their rows, by which the recording of an exam is found.
    #[serde(default)]
    pub row_ids: Option<String>,
    /// Column of the table with the number of the recording in its file, from 0 on.
    #[serde(default)]
    pub row: Option<String>,
    /// True where the exams of the table are the recordings of the files in their order. There must be as many.
    #[serde(default)]
    pub by_position: bool,
    /// Column, or comment of the file, that identifies the patient.
    #[serde(default)]
    pub patient: Option<String>,
    /// Column, or comment of the file, with the age in years.
    #[serde(default)]
    pub age: Option<String>,
    /// Column, or comment of the file, with the sex, and how it is written.
    #[serde(default)]
    pub sex: Option<SexRule>,
    /// Columns made from comments of the files: name of the column, name of the comment.
    #[serde(default)]
    pub comments: BTreeMap<String, String>,
    /// Further tables, joined by a key.
    #[serde(default)]
    pub joins: Vec<JoinedTable>,
    /// Start of paths that is left out of the names of exams and of the files made from them.
    #[serde(default)]
    pub strip: String,
    /// True where the first directory of a path names the dataset that the exam comes from.
    #[serde(default)]
    pub dataset_is_directory: bool,
    /// Samples a second, where the files do not state it.
    #[serde(default)]
    pub sample_rate: Option<f64>,
    /// Unit of the values, where the files do not state it: `mV`, `uV`, `V`, or a number of one: `4.88 uV`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Counts of the recorder that are a millivolt, where the values are counts.
    #[serde(default)]
    pub counts_per_millivolt: Option<f64>,
    /// Order of the dimensions of arrays and of the rows of HDF5 files.
    #[serde(default)]
    pub axes: Option<Axes>,
    /// Name of the array in `.npz` files of several; in HDF5 files that of the dataset, `tracings` where it is not given.
    #[serde(default)]
    pub array: Option<String>,
    /// Value that stands for a missing one in arrays, such as -32768.
    #[serde(default)]
    pub missing_value: Option<f64>,
    /// Names of the leads in the order of the files, where these do not state them.
    #[serde(default)]
    pub leads: Option<Vec<String>>,
    /// True where recordings are filled with zeros at both ends, which are to be cut off.
    #[serde(default)]
    pub zero_padded: bool,
}

/// How the sex of a patient is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SexRule {
    /// Column, or comment of the file.
    pub column: String,
    /// Texts for male, in any case.
    pub male: Vec<String>,
    /// Texts for female, in any case.
    pub female: Vec<String>,
}

/// Table that is joined to the table of exams by a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinedTable {
    /// The table, relative to the archive's directory.
    pub table: String,
    /// Column of both tables.
    #[serde(default)]
    pub key: String,
    /// True where the rows of both tables belong together by their position. There must be as many.
    #[serde(default)]
    pub by_position: bool,
    /// Columns to take over.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Columns made of the texts of several, those that are not empty, joined by `; `.
    #[serde(default)]
    pub texts: BTreeMap<String, Vec<String>>,
    /// True where an archive may lack the table.
    #[serde(default)]
    pub optional: bool,
}

impl DatasetDescription {
    /// Names of the descriptions that the program has inside.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Text of the built-in description of that name.
    pub fn built_in_text(name: &str) -> Option<&'static str> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text)
    }

    /// Reads the built-in description of that name, or the file of that path; none where it is neither a name nor a path of a
    /// YAML file.
    ///
    /// # Errors
    /// The file cannot be read, or is no description.
    pub fn load(name: &str) -> Result<Option<Self>> {
        if let Some(text) = Self::built_in_text(name) {
            return Self::parse(Path::new(name), text).map(Some);
        }
        let path = Path::new(name);
        if !path
            .extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml")
        {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).map_err(ArtifactError::io("read", path))?;
        Self::parse(path, &text).map(Some)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let refused = |what: String| Error::BadInput {
            path: path.to_owned(),
            what,
            help: Some("`ecgfm show dataset ptbxl` prints a description to start from".to_owned()),
        };
        let parsed: Self = serde_yaml::from_str(text).map_err(|e| refused(e.to_string()))?;
        parsed.check().map_err(refused)?;
        Ok(parsed)
    }

    fn check(&self) -> std::result::Result<(), String> {
        self.check_rows()?;
        if let Some(join) = self
            .joins
            .iter()
            .find(|join| join.key.is_empty() != join.by_position)
        {
            return Err(format!(
                "joins: give either `key` or `by_position` of {}",
                join.table
            ));
        }
        if self.table.is_none() && (self.exam_id.is_some() || self.file.is_some() || !self.joins.is_empty()) {
            return Err("`exam_id`, `file` and `joins` are of a `table`, and none is given".to_owned());
        }
        if let Some(unit) = self.unit.as_deref().filter(|unit| millivolts_of(unit).is_none()) {
            return Err(format!(
                "unit: `{unit}` is no unit of voltage; give mV, uV, V or a number of one"
            ));
        }
        match self.counts_per_millivolt {
            Some(_) if self.unit.is_some() => {
                return Err("give `unit` or `counts_per_millivolt`, not both".to_owned());
            }
            Some(counts) if !(counts.is_finite() && counts > 0.0) => {
                return Err(format!("counts_per_millivolt: {counts} is not above 0"));
            }
            _ => {}
        }
        match self.sample_rate {
            Some(rate) if !(rate.is_finite() && rate >= 1.0) => {
                Err(format!("sample_rate: {rate} Hz is none of an ECG"))
            }
            _ => Ok(()),
        }
    }

    /// Name of the archive in tables.
    pub fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }

    /// What the files do not state.
    pub fn encoding(&self) -> Encoding {
        let of_unit = self.unit.as_deref().and_then(millivolts_of);
        Encoding {
            sample_rate: self.sample_rate.unwrap_or_default(),
            unit: match of_unit == Some(1.0) {
                true => Unit::Millivolts,
                false => Unit::NotStated,
            },
            leads: self.leads.clone().map(Into::into),
            millivolts: self
                .counts_per_millivolt
                .map(|counts| 1.0 / counts)
                .or(of_unit.filter(|millivolts| *millivolts != 1.0)),
            axes: self.axes,
            array: self.array.clone(),
            missing: self.missing_value,
            row_ids: self.row_ids.clone(),
            is_complete: true,
        }
    }

    /// True where columns are made of what the files themselves state.
    pub(crate) fn reads_comments(&self) -> bool {
        self.table.is_none() || !self.comments.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_description_is_read_and_has_its_name() {
        for name in DatasetDescription::built_in_names() {
            let description = DatasetDescription::load(name).unwrap().unwrap();
            assert_eq!(description.name, name);
            assert!(!description.title.is_empty());
        }
        assert_eq!(DatasetDescription::load("code15").unwrap(), None);
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        for (text, words) in [
            (
                "name: x\ntable: t.csv",
                "give `file`, its column of files, or `files`",
            ),
            (
                "name: x\ntable: t.csv\nfile: f",
                "`exam_id` names its column of exams",
            ),
            (
                "name: x\ntable: t.csv\nexam_id: e\nfiles: a.h5",
                "with `files`, give one of",
            ),
            (
                "name: x\nby_position: true",
                "are of a `table`, and none is given",
            ),
            (
                "name: x\ntable: t.csv\nfiles: a.h5\nby_position: true\nrow: r",
                "give one of `row_ids`, `row` and `by_position`",
            ),
            (
                "name: x\ntable: t.csv\nfiles: a.h5\nby_position: true\nsample_rate: 400\nunit: 4 uV\naxes: samples_leads",
                "give `leads`: files of many recordings do not state it",
            ),
            (
                "name: x\ntable: t.csv\nexam_id: e\nfile: f\njoins: [{ table: u.csv }]",
                "either `key` or",
            ),
            ("name: x\nunit: 0 mV", "`0 mV` is no unit of voltage"),
            ("name: x\nexam_id: id", "none is given"),
            ("name: x\nunit: mmHg", "`mmHg` is no unit of voltage"),
            ("name: x\nunit: mV\ncounts_per_millivolt: 200", "not both"),
            ("name: x\nsample_rate: 0", "0 Hz is none of an ECG"),
            ("name: x\nrate: 500", "unknown field `rate`"),
        ] {
            let error = DatasetDescription::parse(Path::new("x.yaml"), text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
