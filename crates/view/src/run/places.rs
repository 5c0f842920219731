//! Where a run's files are, and where a recording is.

use std::path::PathBuf;

/// Directories of a run's stages, and what is said of it.
#[derive(Debug, Clone, Default)]
pub struct RunPlaces {
    /// Directory of the run, where the reviews are.
    pub dir: PathBuf,
    /// Name of the run, for people.
    pub title: String,
    /// Notice to every reader of the run's results.
    pub notice: Option<String>,
    /// Directory of the stage signals.
    pub signals: PathBuf,
    /// Directory of the stage labels, where there is one; so the others.
    pub labels: Option<PathBuf>,
    /// That of splits.
    pub splits: Option<PathBuf>,
    /// That of manifests.
    pub manifests: Option<PathBuf>,
    /// That of infer.
    pub infer: Option<PathBuf>,
    /// That of predict.
    pub predict: Option<PathBuf>,
    /// That of evaluate.
    pub evaluate: Option<PathBuf>,
    /// Attributes that ECGs are grouped by: `sex`, `age`, columns of the records.
    pub attributes: Vec<String>,
    /// Ages at which bands begin.
    pub age_bands: Vec<u32>,
}

/// Where the recording of an exam is, as the run's tables say it.
#[derive(Debug, Clone, PartialEq)]
pub struct EcgPlace {
    /// Number of the exam.
    pub exam_id: String,
    /// File of the archive.
    pub trace_file: String,
    /// Name of the archive; empty where the run has one.
    pub source: String,
    /// What the run knows of an exam that it kept; none of one that was set aside.
    pub kept: Option<KeptPlace>,
}

/// What a run knows of a recording that it kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptPlace {
    /// File name of the recording in the run's tables.
    pub save_file: String,
    /// Row of the recording in its file.
    pub row: usize,
    /// Samples a second.
    pub rate: f64,
}
