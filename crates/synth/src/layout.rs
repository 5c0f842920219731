//! Layouts of archives that synthetic ECGs can be written in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Samples a second of the recordings of all layouts but CODE-15's.
pub(crate) const RATE_OF_FILES: f64 = 500.0;

/// Layout of a synthetic archive: which files, in which format, and which tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseLayout {
    /// CODE-15: HDF5 parts of tracings of 400 Hz, and exams.csv.
    #[default]
    Code15,
    /// PTB-XL: WFDB records of 500 and of 100 Hz, and ptbxl_database.csv.
    Ptbxl,
    /// PhysioNet/CinC Challenge 2021: WFDB records of MATLAB files, diagnoses as comments.
    Physionet2021,
    /// MIMIC-IV-ECG: WFDB records, record_list.csv and machine_measurements.csv.
    MimicIvEcg,
    /// WFDB, CSV and MUSE files in one directory, and exams.csv.
    Folder,
    /// MUSE's XML files of eight leads, and exams.csv.
    Muse,
}

impl ReleaseLayout {
    /// All layouts.
    pub const ALL: [Self; 6] = [
        Self::Code15,
        Self::Ptbxl,
        Self::Physionet2021,
        Self::MimicIvEcg,
        Self::Folder,
        Self::Muse,
    ];

    /// Name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code15 => "code15",
            Self::Ptbxl => "ptbxl",
            Self::Physionet2021 => "physionet2021",
            Self::MimicIvEcg => "mimic_iv_ecg",
            Self::Folder => "folder",
            Self::Muse => "muse",
        }
    }

    /// Name of the archive that is imitated, for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Code15 => "CODE-15%",
            Self::Ptbxl => "PTB-XL",
            Self::Physionet2021 => "PhysioNet/CinC Challenge 2021",
            Self::MimicIvEcg => "MIMIC-IV-ECG",
            Self::Folder => "a directory of several formats",
            Self::Muse => "a directory of GE MUSE exports",
        }
    }

    /// True for the default, which is not recorded.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) fn is_code15(&self) -> bool {
        *self == Self::Code15
    }
}
