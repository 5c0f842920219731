//! The files to predict, laid out as stages read them.

use super::Model;
use crate::args::Predict;
use ecgfm_artifacts::store::About;
use ecgfm_artifacts::{key, manifests};
use ecgfm_formats::{code15, mat5};
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Files of one kind, which are predicted together.
pub(super) enum Given {
    /// Parts of an archive: recordings, which are prepared first.
    Parts {
        /// Directory with links to them and a table of their exams.
        root: PathBuf,
        files: Vec<PathBuf>,
        /// Part and exam by row of that table.
        exams: Vec<(usize, i64)>,
        /// Whether segments can be computed from the parts when they are read.
        direct: bool,
    },
    /// `.mat` files: segments, as they are.
    Segments {
        /// Directory with links to them and a manifest.
        root: PathBuf,
        /// By the recording's name.
        files: BTreeMap<String, PathBuf>,
    },
}

fn bad(what: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, what.to_string())
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::BadInput,
        _ => ErrorKind::StageFailed,
    };
    Error::new(kind, format!("cannot {doing} `{}`: {error}", path.display()))
}

impl Given {
    /// Sorts the files by kind and lays them out below `place`.
    pub(super) fn gather(args: &Predict, model: &Model, place: &Path) -> Result<Vec<Self>, Error> {
        let is = |path: &&PathBuf, known: &[&str]| {
            path.extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| known.contains(&e))
        };
        let parts: Vec<PathBuf> = args
            .files
            .iter()
            .filter(|p| is(p, &["hdf5", "h5"]))
            .cloned()
            .collect();
        let mats: Vec<PathBuf> = args.files.iter().filter(|p| is(p, &["mat"])).cloned().collect();
        if let Some(other) = args.files.iter().find(|p| !is(p, &["hdf5", "h5", "mat"])) {
            return Err(bad(format!("{}: neither .hdf5 nor .mat", other.display()))
                .help("give parts of an archive in CODE-15's shape, or segments as `signals` with `store: mat` writes them"));
        }
        if !args.ecg.is_empty() && parts.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "--ecg chooses among the exams of .hdf5 files".to_owned(),
            ));
        }
        let mut groups = Vec::new();
        if !parts.is_empty() {
            groups.push(Self::parts(parts, &args.ecg, &place.join("raw"))?);
        }
        if !mats.is_empty() {
            groups.push(Self::segments(&mats, model, &place.join("given"))?);
        }
        Ok(groups)
    }

    fn parts(files: Vec<PathBuf>, wanted: &[i64], root: &Path) -> Result<Self, Error> {
        let io = |e: std::io::Error| failed("write", root, &e);
        fs::create_dir(root).map_err(io)?;
        let (mut exams, mut direct) = (Vec::new(), true);
        for (at, file) in files.iter().enumerate() {
            let part = code15::Part::open(file).map_err(bad)?;
            direct &= part.placement().is_some();
            // 0 is the dummy row's.
            let ids = part.exam_ids().iter().copied().filter(|id| *id != 0);
            exams.extend(
                ids.filter(|id| wanted.is_empty() || wanted.contains(id))
                    .map(|id| (at, id)),
            );
            symlink(absolute(file)?, root.join(part_name(at))).map_err(io)?;
        }
        beside(&files, &["SYNTHETIC.md", "synth.json"], root).map_err(io)?;
        if let Some(missing) = wanted
            .iter()
            .find(|id| !exams.iter().any(|(_, have)| have == *id))
        {
            return Err(bad(format!("no exam {missing} in the files given"))
                .help("`ecgfm inspect FILE` names some that are there"));
        }
        let rows = exams.iter().map(|(at, id)| format!("{id},{}\n", part_name(*at)));
        let table = format!("exam_id,trace_file\n{}", rows.collect::<String>());
        fs::write(root.join("exams.csv"), table).map_err(io)?;
        Ok(Self::Parts {
            root: root.to_owned(),
            files,
            exams,
            direct,
        })
    }

    fn segments(paths: &[PathBuf], model: &Model, root: &Path) -> Result<Self, Error> {
        let io = |e: std::io::Error| failed("write", root, &e);
        fs::create_dir(root).map_err(io)?;
        let (mut files, mut manifest) = (BTreeMap::new(), format!("{}\n", root.display()));
        for path in paths {
            let refused = |what: String| bad(format!("{}: {what}", path.display()));
            let file = mat5::MatFile::read(path).map_err(bad)?;
            let ((_, samples), _) = file.f32_matrix("feats").map_err(bad)?;
            let rate = file
                .f64_scalar("curr_sample_rate")
                .or_else(|_| file.i64_scalar("curr_sample_rate").map(|rate| rate as f64))
                .map_err(bad)?;
            if rate != f64::from(model.sample_rate) {
                return Err(refused(format!(
                    "{rate} samples a second; the model takes {}",
                    model.sample_rate
                ))
                .help("give the archive's .hdf5, which is prepared first, or a file of `segmented/`"));
            }
            let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
            let Some(save_file) = key::save_file(name).filter(|_| manifests::is_plain(name)) else {
                return Err(refused(
                    "not named as segments are: RECORDING_0.mat, RECORDING_1.mat".to_owned(),
                ));
            };
            let link = root.join(format!("{name}.mat"));
            if link.exists() {
                return Err(refused("another file of that name is given, too".to_owned()));
            }
            symlink(absolute(path)?, link).map_err(io)?;
            files
                .entry(key::stem(&save_file).to_owned())
                .or_insert_with(|| path.clone());
            manifest += &format!("{name}.mat\t{samples}\n");
        }
        said_of(paths, root)?;
        fs::write(root.join(manifests::file("test")), manifest).map_err(io)?;
        Ok(Self::Segments {
            root: root.to_owned(),
            files,
        })
    }

    /// Names the group's run.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Parts { .. } => "parts",
            Self::Segments { .. } => "segments",
        }
    }

    /// The directory that it lies in.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Parts { root, .. } | Self::Segments { root, .. } => root,
        }
    }

    /// How its segments are kept.
    pub(super) fn store(&self) -> &'static str {
        match self {
            Self::Parts { direct: true, .. } => "view",
            _ => "packed",
        }
    }

    /// The stages before the inference, what it reads as manifests, and which stages it needs besides.
    pub(super) fn stages(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Segments { .. } => ("", "${vars.root}", "[]"),
            Self::Parts { .. } => (
                "
  signals:
    uses: signals
    with: { raw: '${vars.root}', store: '${vars.store}', sample_rate: '${vars.sample_rate}',
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

    /// The user's file and the ECG's name in it, by the row and name that the stages know it by.
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
            Self::Segments { files, .. } => (files.get(stem).cloned().unwrap_or_default(), stem.to_owned()),
        }
    }

    /// The user's file by the name of its link.
    pub(super) fn file(&self, link: &str) -> PathBuf {
        let Self::Parts { files, .. } = self else {
            return PathBuf::from(link);
        };
        let mut all = files.iter().enumerate();
        all.find(|(at, _)| part_name(*at) == link)
            .map_or_else(|| PathBuf::from(link), |(_, file)| file.clone())
    }

    /// An error that names the user's files, not their links.
    pub(super) fn name(&self, error: Error) -> Error {
        let (mut message, mut help) = (error.message().to_owned(), error.help_text().map(str::to_owned));
        let mut replace = |from: &str, to: &str| {
            message = message.replace(from, to);
            help = help.take().map(|help| help.replace(from, to));
        };
        let root = self.root().display().to_string();
        if let Self::Parts { files, .. } = self {
            for (at, file) in files.iter().enumerate().rev() {
                let link = part_name(at);
                replace(&format!("{root}/{link}"), &file.display().to_string());
                replace(&link, &file.display().to_string());
            }
            replace(&format!("{root}/exams.csv"), "the files given");
        }
        let named = Error::new(error.kind(), message);
        help.into_iter().fold(named, Error::help)
    }
}

/// Links what is said of the store from which the segments come; the first that says something speaks for all.
fn said_of(files: &[PathBuf], root: &Path) -> Result<(), Error> {
    for store in files
        .iter()
        .filter_map(|file| absolute(file).ok()?.parent().map(Path::to_owned))
    {
        let said = About::path(&store).map_err(bad)?;
        if said.is_file() {
            let link = About::path(root).map_err(bad)?;
            return symlink(said, &link).map_err(|e| failed("write", &link, &e));
        }
    }
    Ok(())
}

/// Links what lies beside the files and says what they are.
fn beside(files: &[PathBuf], names: &[&str], root: &Path) -> std::io::Result<()> {
    for (file, name) in files
        .iter()
        .flat_map(|file| names.iter().map(move |name| (file, name)))
    {
        let (there, link) = (file.with_file_name(name), root.join(name));
        if there.is_file() && !link.exists() {
            symlink(there.canonicalize()?, link)?;
        }
    }
    Ok(())
}

/// The name under which a part is linked.
fn part_name(at: usize) -> String {
    format!("exams_part{at}.hdf5")
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|e| failed("open", path, &e))
}
