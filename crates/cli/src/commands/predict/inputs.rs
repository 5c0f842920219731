//! The files to predict, laid out as the stages read them.

use super::model_input::ExpectedInput;
use super::segment_file::{SegmentFile, copy_store_info};
use super::user_paths::{absolute_path, bad_input, hide_paths_below};
use crate::args::PredictArgs;
use crate::errors::{file_error, unusable_file};
use ecgfm_archives::code15::EXAMS_FILE;
use ecgfm_archives::listed;
use ecgfm_artifacts::recordings::{self, Encoding, HDF5_ENDINGS};
use ecgfm_artifacts::{key, manifests};
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

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
        files: BTreeMap<String, (String, PathBuf, Option<i64>)>,
    },
}

fn no_reader(file: &Path) -> Error {
    bad_input(format!("{}: neither .hdf5 nor .mat", file.display())).help(
        "give parts of an archive in CODE-15's shape, or segments as `signals` with `store: mat` writes them",
    )
}

impl InputFiles {
    /// Groups the files by kind and lays each group out below the directory `place`.
    pub(super) fn collect(
        args: &PredictArgs,
        model: &ExpectedInput,
        place: &Path,
    ) -> Result<Vec<Self>, Error> {
        let is = |path: &&PathBuf, known: &[&str]| {
            path.extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| known.contains(&e))
        };
        let parts: Vec<PathBuf> = args
            .files
            .iter()
            .filter(|p| is(p, &HDF5_ENDINGS))
            .cloned()
            .collect();
        let mats: Vec<PathBuf> = args.files.iter().filter(|p| is(p, &["mat"])).cloned().collect();
        if let Some(other) = args
            .files
            .iter()
            .find(|p| !is(p, &HDF5_ENDINGS) && !is(p, &["mat"]))
        {
            return Err(no_reader(other));
        }
        if !args.ecg.is_empty() && parts.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "--ecg chooses among the exams of .hdf5 files".to_owned(),
            ));
        }
        let mut groups = Vec::new();
        for (number, parts) in group_without_shared_exams(open_parts(&parts, &args.ecg)?)
            .into_iter()
            .enumerate()
        {
            groups.push(Self::parts(&parts, &place.join(format!("parts{number}")))?);
        }
        if !mats.is_empty() {
            groups.push(Self::segments(&mats, model, &place.join("segments"))?);
        }
        Ok(groups)
    }

    fn parts(parts: &[ArchivePart], root: &Path) -> Result<Self, Error> {
        fs::create_dir(root).map_err(|e| file_error("write", root, &e))?;
        let (mut exams, mut rows) = (Vec::new(), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            let path = absolute_text(&part.file)?;
            for id in &part.exams {
                exams.push((at, *id));
                rows.push((*id, path.clone()));
            }
        }
        listed::write(&root.join(EXAMS_FILE), &rows).map_err(unusable_file)?;
        Ok(Self::Parts {
            root: root.to_owned(),
            files: parts.iter().map(|part| part.file.clone()).collect(),
            exams,
            direct: parts.iter().all(|part| part.direct),
        })
    }

    fn segments(paths: &[PathBuf], model: &ExpectedInput, root: &Path) -> Result<Self, Error> {
        let io = |e: std::io::Error| file_error("write", root, &e);
        fs::create_dir(root).map_err(io)?;
        let (mut files, mut manifest) = (BTreeMap::new(), format!("{}\n", root.display()));
        for path in paths {
            let segment = SegmentFile::read(path, model)?;
            let link = root.join(format!("{}.mat", segment.name));
            symlink(absolute_path(path)?, link).map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => bad_input(format!(
                    "{}: another of the files has the same name",
                    path.display()
                )),
                _ => io(error),
            })?;
            manifest += &format!("{}.mat\t{}\n", segment.name, segment.samples);
            let same = |(recording, _, exam): &&(String, PathBuf, Option<i64>)| {
                *recording == segment.recording && *exam != segment.exam
            };
            if let Some((_, other, _)) = files.values().find(same) {
                let (path, other) = (path.display(), other.display());
                return Err(
                    bad_input(format!("{path}: of another exam than {other}, by the same name"))
                        .help("predict them one after the other"),
                );
            }
            files.insert(segment.name, (segment.recording, path.clone(), segment.exam));
        }
        copy_store_info(paths, root)?;
        let lists = root.join(MANIFESTS);
        fs::create_dir(&lists).map_err(io)?;
        fs::write(lists.join(manifests::file_name("test")), manifest).map_err(io)?;
        write_keys(&lists, &files)?;
        Ok(Self::Segments {
            root: root.to_owned(),
            files,
        })
    }

    /// Directory that holds the links.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Parts { root, .. } | Self::Segments { root, .. } => root,
        }
    }

    /// Value of `store` for the signals stage.
    pub(super) fn store(&self) -> &'static str {
        match self {
            Self::Parts { direct: true, .. } => "view",
            _ => "packed",
        }
    }

    /// Stages before inference as YAML, the manifests that inference reads, and the stages that it also needs.
    pub(super) fn stages(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Segments { .. } => ("", "${vars.root}/manifests", "[]"),
            Self::Parts { .. } => (
                "
  signals:
    uses: signals
    with: { dataset: listed, raw: '${vars.root}/exams.csv', store: '${vars.store}', sample_rate: '${vars.sample_rate}',
            segment_seconds: '${vars.segment_seconds}' }
  splits:
    uses: splits
    with: { records: '${signals.records}', segments: '${signals.segments}', strategy: random, fractions: [1],
            names: [test], seed: 0 }
  manifests:
    uses: manifests
    with: { splits: '${splits.segmented}' }
",
                "${manifests.dir}",
                "[signals]",
            ),
        }
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
        }
    }

    /// Returns the user's file by its name in the table of exams.
    pub(super) fn file(&self, link: &str) -> PathBuf {
        let Self::Parts { files, .. } = self else {
            return PathBuf::from(link);
        };
        let mut all = files.iter();
        all.find(|file| absolute_text(file).is_ok_and(|path| path == link))
            .map_or_else(|| PathBuf::from(link), Clone::clone)
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

/// Directory of the manifest of `.mat` files, below the links to them.
const MANIFESTS: &str = "manifests";

/// Writes the keys of the segments, with a number for each recording.
fn write_keys(dir: &Path, files: &BTreeMap<String, (String, PathBuf, Option<i64>)>) -> Result<(), Error> {
    // The `idx` in the files cannot be the number: files of two runs may share it.
    let mut numbers: BTreeMap<&str, i64> = BTreeMap::new();
    let mut keys = Vec::with_capacity(files.len());
    for (segment, (recording, ..)) in files {
        let next = numbers.len() as i64;
        keys.push(manifests::SegmentKey {
            segment: segment.clone(),
            idx: Some(*numbers.entry(recording).or_insert(next)),
            save_file: format!("{recording}.mat"),
        });
    }
    let rows = keys.iter().map(|key| (key, "test"));
    manifests::write_index(&dir.join(manifests::INDEX_FILE), rows)
        .map_err(|error| Error::new(ErrorKind::StageFailed, error.to_string()))
}

/// A part of an archive, and the exams of it that are wanted.
struct ArchivePart {
    file: PathBuf,
    exams: Vec<i64>,
    direct: bool,
}

/// Opens the parts, with the exams `wanted` of each, or all exams where none is named.
fn open_parts(files: &[PathBuf], wanted: &[i64]) -> Result<Vec<ArchivePart>, Error> {
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        let opened = recordings::open(file, &Encoding::default());
        let part = opened.ok_or_else(|| no_reader(file))?.map_err(unusable_file)?;
        let ids = part
            .exam_ids()
            .into_iter()
            .flatten()
            .filter_map(|id| id.parse().ok());
        parts.push(ArchivePart {
            file: file.clone(),
            exams: ids
                .filter(|id| wanted.is_empty() || wanted.contains(id))
                .collect(),
            direct: part.direct_rows().is_some(),
        });
    }
    match wanted
        .iter()
        .find(|id| !parts.iter().any(|part| part.exams.contains(id)))
    {
        Some(missing) => Err(bad_input(format!("no exam {missing} in the files given"))
            .help("`ecgfm inspect FILE` names some that are there")),
        None => {
            parts.retain(|part| !part.exams.is_empty() || wanted.is_empty());
            Ok(parts)
        }
    }
}

/// Groups the parts so that no two of a group share an exam's number: two archives may both have it.
fn group_without_shared_exams(parts: Vec<ArchivePart>) -> Vec<Vec<ArchivePart>> {
    let mut groups: Vec<(HashSet<i64>, Vec<ArchivePart>)> = Vec::new();
    for part in parts {
        let free = |(known, _): &&mut (HashSet<i64>, Vec<ArchivePart>)| {
            !part.exams.iter().any(|id| known.contains(id))
        };
        match groups.iter_mut().find(free) {
            Some((known, group)) => {
                known.extend(&part.exams);
                group.push(part);
            }
            None => groups.push((part.exams.iter().copied().collect(), vec![part])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The absolute path of a file as text, for the table that lists it.
fn absolute_text(path: &Path) -> Result<String, Error> {
    let path = std::path::absolute(path).map_err(|e| file_error("open", path, &e))?;
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("`{}`: its name is not UTF-8 text", path.display());
        Error::new(ErrorKind::BadInput, message).help("rename it")
    })
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
