//! The sample pipeline on a few exams, run stage by stage, with the run's directory kept as it was before each.

use crate::common::{ecgfm, ok};
use ecgfm_pipeline::{COMMANDS_FILE, LOG_FILE, LockFile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Few exams, few resamples: enough for every stage to have something to do.
const SMALL: [&str; 4] = [
    "synth.exams=24",
    "synth.exams_per_part=12",
    "evaluate.bootstrap=20",
    "splits.fractions=[0.2, 0.2, 0.6]",
];
/// Where a run lies in its working directory.
pub const RUN: &str = "code15/sample";

/// Content hash by path, of one stage's directory or of a whole run.
pub type Tree = BTreeMap<String, String>;

/// A run's directory at one moment.
pub struct Moment {
    /// The working directory.
    pub dir: PathBuf,
    /// Every file of the run but its record and its lock.
    pub tree: Tree,
    /// `lock.json` without what tells time.
    pub lock: Value,
}

/// A pipeline's way through all its stages under one set of settings.
pub struct Course {
    /// Before the first stage, and after each.
    pub moments: Vec<Moment>,
    /// How long each stage took, the program's start and end included.
    pub took: Vec<Duration>,
    seed: u32,
}

/// The sample run once, and once more with another seed on top of that.
pub struct Ground {
    _dir: tempfile::TempDir,
    /// In running order.
    pub stages: Vec<String>,
    /// From nothing; then over the outputs of the first, which all but the model's stages replace.
    pub courses: [Course; 2],
}

impl Ground {
    pub fn get() -> &'static Self {
        static GROUND: OnceLock<Ground> = OnceLock::new();
        GROUND.get_or_init(|| {
            let dir = tempfile::tempdir().expect("a directory");
            let empty = dir.path().join("empty");
            fs::create_dir_all(empty.join(RUN)).expect("a directory");
            let stages = stages(&command(&empty, 42, "status", &[]));
            let first = Course::walk(&dir.path().join("first"), &empty, 42, &stages);
            let again = Course::walk(&dir.path().join("again"), &first.finished().dir, 7, &stages);
            Self {
                _dir: dir,
                stages,
                courses: [first, again],
            }
        })
    }

    /// A finished run of one's own.
    pub fn finished() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        copy(&Self::get().courses[0].finished().dir, dir.path());
        dir
    }

    pub fn index(&self, stage: &str) -> usize {
        self.stages.iter().position(|s| s == stage).expect("a stage")
    }
}

impl Moment {
    fn of(dir: PathBuf) -> Self {
        Self {
            tree: run_tree(&dir),
            lock: timeless(&dir.join(RUN)),
            dir,
        }
    }
}

impl Course {
    fn walk(dir: &Path, start: &Path, seed: u32, stages: &[String]) -> Self {
        let (mut moments, mut took) = (vec![Moment::of(start.to_owned())], Vec::new());
        for (at, stage) in stages.iter().enumerate() {
            let next = dir.join(format!("{at}-{stage}"));
            link(&moments[at].dir, &next);
            let began = Instant::now();
            ok(&mut command(&next, seed, "run", &["--only", stage]));
            took.push(began.elapsed());
            moments.push(Moment::of(next));
        }
        Self { moments, took, seed }
    }

    pub fn finished(&self) -> &Moment {
        self.moments.last().expect("at least one")
    }

    /// What a stage leaves.
    pub fn leaves(&self, stage: &str) -> Tree {
        let inside = format!("{stage}/");
        let tree = self.finished().tree.iter();
        tree.filter_map(|(name, hash)| Some((name.strip_prefix(&inside)?.to_owned(), hash.clone())))
            .collect()
    }

    pub fn command(&self, workdir: &Path, verb: &str, further: &[&str]) -> Command {
        command(workdir, self.seed, verb, further)
    }
}

fn command(workdir: &Path, seed: u32, verb: &str, further: &[&str]) -> Command {
    let mut command = ecgfm();
    command.args([verb, "code15", "--workdir"]).arg(workdir);
    // Of 24 exams several chunks.
    command.env("ECGFM_CHUNK_LENGTH", "8");
    let seed = format!("vars.seed={seed}");
    for setting in SMALL.into_iter().chain([seed.as_str()]) {
        command.args(["--set", setting]);
    }
    command.args(further);
    command
}

fn stages(status: &Command) -> Vec<String> {
    let mut status = {
        let mut again = ecgfm();
        again.args(status.get_args()).arg("--json");
        again
    };
    let status: Value = serde_json::from_str(&ok(&mut status)).expect("JSON");
    let stages = status["stages"].as_array().expect("stages").iter();
    stages
        .map(|s| s["stage"].as_str().expect("a name").to_owned())
        .collect()
}

/// Every file below a directory with the hash of its content.
pub fn tree(dir: &Path) -> Tree {
    let mut found = Tree::new();
    for path in files(dir) {
        let name = path
            .strip_prefix(dir)
            .expect("below")
            .to_string_lossy()
            .into_owned();
        let bytes = fs::read(&path).expect("a file");
        found.insert(name, blake3::hash(&bytes).to_hex().to_string());
    }
    found
}

/// The same of the run in a working directory, without its record and its lock.
pub fn run_tree(workdir: &Path) -> Tree {
    run_tree_of(&workdir.join(RUN))
}

/// The same of a run's directory.
pub fn run_tree_of(run_dir: &Path) -> Tree {
    let mut found = tree(run_dir);
    found.retain(|name, _| name != "lock.json" && name != ".lock" && !is_kept(Path::new(name)));
    found
}

/// Whether a file is what commands keep in a run's directory: no part of the run.
pub fn is_kept(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    [COMMANDS_FILE, LOG_FILE].map(Some).contains(&name)
}

/// Every file below a directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `lock.json` without times and rates, which no two runs share. Reading it checks its checksum.
pub fn timeless(run_dir: &Path) -> Value {
    let lock = LockFile::read(run_dir)
        .expect("a usable lock.json")
        .unwrap_or_default();
    let mut lock = serde_json::to_value(lock).expect("JSON");
    for stage in lock["stages"].as_object_mut().into_iter().flatten() {
        for key in ["started", "finished", "seconds"] {
            stage.1[key].take();
        }
        for varies in ["segments_per_second", "waiting_for_batches"] {
            let Some(rate) = stage.1["facts"].get_mut(varies) else {
                continue;
            };
            rate.take();
        }
        for output in stage.1["outputs"].as_object_mut().into_iter().flatten() {
            output.1["modified"].take();
        }
    }
    lock
}

/// The same files under another name: stages replace files and never write into one that is in place.
pub fn link(from: &Path, to: &Path) {
    each(from, to, |from, to| match is_kept(from) {
        // Runs append to those.
        true => Ok(()),
        false => fs::hard_link(from, to).map(drop),
    });
}

/// Files of one's own, which may be damaged.
pub fn copy(from: &Path, to: &Path) {
    each(from, to, |from, to| fs::copy(from, to).map(drop));
}

fn each(from: &Path, to: &Path, act: impl Fn(&Path, &Path) -> std::io::Result<()>) {
    fs::create_dir_all(to).expect("a directory");
    for path in files(from).iter().filter(|p| !p.ends_with(".lock")) {
        let target = to.join(path.strip_prefix(from).expect("below"));
        fs::create_dir_all(target.parent().expect("a parent")).expect("a directory");
        act(path, &target).expect("a copy");
    }
}

/// A generator of numbers that are the same every time: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}
