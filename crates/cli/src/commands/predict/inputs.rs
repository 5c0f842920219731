//! The files to predict, laid out as the stages read them.

use super::user_paths::{absolute_text, hide_paths_below};
use crate::commands::recording_files::SuppliedLeads;
use ecgfm_archives::code15::EXAMS_FILE;
use ecgfm_artifacts::key;
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The recording's name, the file and the exam's number in it, by the segment's name.
pub(super) type SegmentFiles = BTreeMap<String, (String, PathBuf, Option<i64>)>;

/// A file that cannot be predicted, and why.
pub(super) type RefusedFile = (PathBuf, Error);

/// A recording to predict.
pub(super) struct GivenRecording {
    /// Path as the user gave it.
    pub(super) path: PathBuf,
    /// Name for people: that of the file.
    pub(super) name: String,
    /// Name in tables, which no other has.
    pub(super) exam: String,
    /// Path in tables.
    pub(super) trace_file: String,
    pub(super) facts: RecordingFacts,
}

/// Facts about a recording that are shown beside its prediction.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct RecordingFacts {
    pub(super) doubts: Vec<String>,
    pub(super) leads: SuppliedLeads,
}

/// Files of one kind, which are predicted together.
pub(super) enum InputFiles {
    /// Parts of an archive: recordings, which are prepared first.
    Parts {
        /// Directory of the table that lists their exams.
        root: PathBuf,
        files: Vec<PathBuf>,
        /// Part and exam by row of that table.
        exams: Vec<(usize, i64)>,
        /// True where segments can be computed from the parts when they are read.
        direct: bool,
    },
    /// `.mat` files: segments, as they are.
    Segments {
        /// Directory with links to them and a manifest.
        root: PathBuf,
        /// The recording's name, the file and the exam's number in it, by the segment's name.
        files: SegmentFiles,
    },
    /// Recordings in files of any other format, which are prepared first.
    Recordings {
        /// Directory of the table that lists them, and of its description.
        root: PathBuf,
        /// By row of that table.
        recordings: Vec<GivenRecording>,
    },
}

/// Stages before inference, for recordings of the dataset `DATASET` that the table `TABLE` lists.
const STAGES_OF_RECORDINGS: &str = "
  signals:
    uses: signals
    with: { dataset: DATASET, raw: 'TABLE', store: '${vars.store}', RECIPE, missing_leads: '${vars.missing_leads}' }
  splits:
    uses: splits
    with: { records: '${signals.records}', segments: '${signals.segments}', strategy: random, fractions: [1],
            names: [test], seed: 0 }
  manifests:
    uses: manifests
    with: { splits: '${splits.segmented}' }
";

/// Recipe of the stage signals: a file's.
const RECIPE: &str = "recipe: '${vars.recipe}'";
/// Recipe of the stage signals: ECG-FM's, at the rate and length that the model takes.
const ECG_FM_SETTINGS: &str =
    "sample_rate: '${vars.sample_rate}', segment_seconds: '${vars.segment_seconds}'";

/// Table of the recordings of any format, in the directory of its group.
pub(super) const TABLE_FILE: &str = "files.csv";
/// Description of that table, with what the files do not state.
pub(super) const DATASET_FILE: &str = "files.yaml";

impl InputFiles {
    /// Directory that holds the links.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Parts { root, .. } | Self::Segments { root, .. } | Self::Recordings { root, .. } => root,
        }
    }

    /// Value of `store` for the signals stage.
    pub(super) fn store(&self) -> &'static str {
        match self {
            Self::Parts { direct: true, .. } => "view",
            _ => "packed",
        }
    }

    /// Stages before inference as YAML, the manifests that inference reads, and the stages that it also needs. Recordings are
    /// prepared by the recipe in the file of the variable `recipe`, or by ECG-FM's.
    pub(super) fn stages(&self, by_recipe: bool) -> (String, &'static str, &'static str) {
        let (dataset, table) = match self {
            Self::Segments { .. } => return (String::new(), "${vars.root}/manifests", "[]"),
            Self::Parts { .. } => ("listed".to_owned(), EXAMS_FILE),
            Self::Recordings { .. } => (format!("'${{vars.root}}/{DATASET_FILE}'"), TABLE_FILE),
        };
        let before = STAGES_OF_RECORDINGS.replace("DATASET", &dataset);
        let before = before.replace("TABLE", &format!("${{vars.root}}/{table}"));
        let before = before.replace("RECIPE", if by_recipe { RECIPE } else { ECG_FM_SETTINGS });
        (before, "${manifests.dir}", "[signals]")
    }

    /// Returns the user's file and the name of the ECG in it, of the row and recording that the stages know it by.
    pub(super) fn origin(&self, idx: &str, save_file: &str) -> (PathBuf, String) {
        let stem = key::stem(save_file);
        match self {
            Self::Parts { files, exams, .. } => {
                let row = idx.parse().ok().and_then(|row: usize| exams.get(row));
                row.map_or_else(
                    || (self.root().to_owned(), stem.to_owned()),
                    |(at, id)| (files[*at].clone(), id.to_string()),
                )
            }
            Self::Recordings { recordings, .. } => {
                let row = idx.parse().ok().and_then(|row: usize| recordings.get(row));
                row.map_or_else(
                    || (self.root().to_owned(), stem.to_owned()),
                    |recording| (recording.path.clone(), recording.name.clone()),
                )
            }
            Self::Segments { files, .. } => {
                let first = files.values().find(|(recording, ..)| recording == stem);
                let file = first.map(|(_, file, _)| file.clone());
                (file.unwrap_or_default(), stem.to_owned())
            }
        }
    }

    /// Paths of the user's files.
    pub(super) fn files(&self) -> Vec<&Path> {
        match self {
            Self::Parts { files, .. } => files.iter().map(PathBuf::as_path).collect(),
            Self::Segments { files, .. } => files.values().map(|(_, file, _)| file.as_path()).collect(),
            Self::Recordings { recordings, .. } => recordings
                .iter()
                .map(|recording| recording.path.as_path())
                .collect(),
        }
    }

    /// Returns the user's file and the name of an ECG in it, by their names in the table of exams.
    pub(super) fn origin_of_exam(&self, trace_file: &str, exam: &str) -> (PathBuf, String) {
        let found = match self {
            Self::Segments { .. } => None,
            Self::Parts { files, .. } => {
                let mut all = files.iter();
                all.find(|file| absolute_text(file).is_ok_and(|path| path == trace_file))
                    .map(|file| (file.clone(), exam.to_owned()))
            }
            Self::Recordings { recordings, .. } => {
                let mut all = recordings.iter();
                all.find(|recording| recording.trace_file == trace_file)
                    .map(|recording| (recording.path.clone(), recording.name.clone()))
            }
        };
        found.unwrap_or_else(|| (PathBuf::from(trace_file), exam.to_owned()))
    }

    /// Facts about the recording that the stages know by this row; none where they are not known.
    pub(super) fn facts(&self, idx: &str) -> Option<&RecordingFacts> {
        match self {
            Self::Recordings { recordings, .. } => {
                let recording = recordings.get(idx.parse::<usize>().ok()?)?;
                Some(&recording.facts)
            }
            Self::Parts { .. } | Self::Segments { .. } => None,
        }
    }

    /// Returns the error with the user's files in place of their links.
    pub(super) fn restore_user_paths(&self, error: Error) -> Error {
        let named = Error::new(error.kind(), self.user_paths_in(error.message()));
        if error.kind() == ErrorKind::Interrupted {
            // What was done is gone with the temporary directory.
            return named;
        }
        let help = error.help_text().map(|help| self.user_paths_in(help));
        help.into_iter().fold(named, Error::help)
    }

    /// Returns the text with the user's files in place of their links, and without any path of the temporary directory.
    pub(super) fn user_paths_in(&self, text: &str) -> String {
        let root = self.root().display().to_string();
        let mut links: Vec<(String, &Path)> = match self {
            Self::Parts { files, .. } => {
                let files = files.iter();
                files
                    .filter_map(|file| Some((absolute_text(file).ok()?, file.as_path())))
                    .collect()
            }
            Self::Recordings { recordings, .. } => {
                let recordings = recordings.iter();
                recordings
                    .map(|recording| (recording.trace_file.clone(), recording.path.as_path()))
                    .collect()
            }
            Self::Segments { files, .. } => {
                let links = files.iter().rev();
                links
                    .map(|(name, (_, file, _))| (format!("{name}.mat"), file.as_path()))
                    .collect()
            }
        };
        // One may be the beginning of another.
        links.sort_by_key(|(link, _)| std::cmp::Reverse(link.len()));
        // Each link is replaced by a mark first, because a user's file may have the name of another file's link.
        let mark = |at: usize| format!("\u{1}{at}\u{2}");
        let mut text = text.to_owned();
        for (at, (link, _)) in links.iter().enumerate() {
            text = text
                .replace(&format!("{root}/{link}"), &mark(at))
                .replace(link, &mark(at));
        }
        for (at, (_, file)) in links.iter().enumerate() {
            text = text.replace(&mark(at), &file.display().to_string());
        }
        let place = self.root().parent().unwrap_or(self.root());
        hide_paths_below(&text, &place.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_users_files_only() {
        let given = InputFiles::Parts {
            root: PathBuf::from("/tmp/x/raw"),
            files: ["a/exams_part1.hdf5", "b/exams_part0.hdf5"]
                .map(PathBuf::from)
                .to_vec(),
            exams: Vec::new(),
            direct: true,
        };
        let here = std::env::current_dir().unwrap().display().to_string();
        for (text, words) in [
            (
                format!("{here}/a/exams_part1.hdf5: cut short"),
                "a/exams_part1.hdf5: cut short",
            ),
            (
                format!("exam 7 is in {here}/b/exams_part0.hdf5, too"),
                "exam 7 is in b/exams_part0.hdf5, too",
            ),
            (
                "`/tmp/x/raw/exams.csv` has none".to_owned(),
                "`the files given` has none",
            ),
            (
                "/tmp/x/parts/predict/default/infer: a NaN".to_owned(),
                "the files given: a NaN",
            ),
            ("nothing of it".to_owned(), "nothing of it"),
        ] {
            assert_eq!(given.user_paths_in(&text), words);
        }
    }
}
