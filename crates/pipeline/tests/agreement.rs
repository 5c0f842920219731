//! Whatever was edited, deleted or cut off: what `status` says is what `run` does, and what a run leaves is what one in an
//! empty directory would leave.
#![allow(missing_docs, clippy::unwrap_used)]

mod toys;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use ecgfm_pipeline::{
    Cancel, Graph, NoProgress, Pipeline, PlannedStage, RunEvent, RunObserver, RunOptions, RunSettings,
    StageAction, StageSelection, StageState, StaleReason, verify_outputs,
};
use proptest::prelude::*;
use toys::Bench;

const PIPELINE: &str = "\
name: toy
profiles: { sample: }
vars: { seed: 42, word: label }
stages:
  signals: { uses: signals, with: { raw: RAW } }
  view: { uses: view, with: { raw: RAW } }
  labels: { uses: join, with: { from: [${signals.records}], word: ${vars.word} } }
  splits: { uses: splits, with: { records: ${signals.records}, seed: ${vars.seed} } }
  list: { uses: list, with: { from: [${splits.meta}] } }
  follow: { uses: follow, with: { raw: ${list.joined} } }
  develop: { uses: develop, with: { raw: ${view.dir} } }
  slow: { uses: slow, with: { from: [${splits.meta}, STOP] } }
  report: { uses: join, needs: [slow], with: { from: [${follow.joined}, ${develop.joined}, ${labels.joined}] } }
";

const STAGES: [&str; 9] = [
    "signals", "view", "labels", "splits", "list", "follow", "develop", "slow", "report",
];

/// What each stage reads, as who wrote the toys knows: in the run's directory, or the raw data.
fn reads(stage: &str) -> &'static [&'static str] {
    match stage {
        "signals" => &["RAW"],
        "labels" | "splits" => &["signals/meta.csv"],
        "list" | "slow" => &["splits/meta_split.csv"],
        // The engine counts all that the stage left which the list leads to.
        "follow" => &["list/joined.txt", "signals/meta.csv"],
        "develop" => &["view/joined.txt", "RAW"],
        "report" => &[
            "follow/joined.txt",
            "develop/joined.txt",
            "labels/joined.txt",
            "slow/part0",
        ],
        _ => &["RAW"],
    }
}

#[derive(Debug, Clone)]
enum Edit {
    Seed(u8),
    Word(u8),
    /// Without effect, and known to be.
    Threads(u8),
    /// Without effect, and not known to be.
    Rate(u8),
    Raw(u8),
    NewVersion,
    DeleteStage(usize),
    DeleteFiles(usize),
    Overwrite(usize),
    /// The same content at another time.
    TouchFiles(usize),
    Run,
    RunOnly(usize, bool),
    Until(usize),
    Interrupt,
    Clean,
}

fn edit() -> impl Strategy<Value = Edit> {
    let stage = || 0..STAGES.len();
    prop_oneof![
        3 => (0u8..4).prop_map(Edit::Seed),
        1 => (0u8..2).prop_map(Edit::Word),
        1 => (1u8..3).prop_map(Edit::Threads),
        1 => (1u8..3).prop_map(Edit::Rate),
        2 => (0u8..3).prop_map(Edit::Raw),
        1 => Just(Edit::NewVersion),
        1 => stage().prop_map(Edit::DeleteStage),
        1 => stage().prop_map(Edit::DeleteFiles),
        1 => stage().prop_map(Edit::Overwrite),
        1 => stage().prop_map(Edit::TouchFiles),
        1 => Just(Edit::Run),
        2 => (stage(), any::<bool>()).prop_map(|(stage, force)| Edit::RunOnly(stage, force)),
        1 => stage().prop_map(Edit::Until),
        2 => Just(Edit::Interrupt),
        2 => Just(Edit::Clean),
    ]
}

/// Remembers what the stages read when they last ran to their end.
struct World {
    bench: Bench,
    set: BTreeMap<&'static str, String>,
    /// What a stage that is at work read; by name, also of those that ended.
    seen: Mutex<BTreeMap<String, Vec<Option<Vec<u8>>>>>,
    begun: Mutex<BTreeMap<String, Vec<Option<Vec<u8>>>>>,
    events: Mutex<Vec<RunEvent>>,
}

impl RunObserver for World {
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::StageStarted { stage, .. } => {
                self.begun.lock().unwrap().insert(stage.clone(), self.read(stage));
            }
            RunEvent::StageFinished { stage, .. } => {
                let read = self.begun.lock().unwrap()[stage].clone();
                self.seen.lock().unwrap().insert(stage.clone(), read);
            }
            _ => {}
        }
        self.events.lock().unwrap().push(event.clone());
    }
}

impl World {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            set: BTreeMap::new(),
            seen: Mutex::default(),
            begun: Mutex::default(),
            events: Mutex::default(),
        }
    }

    fn stop(&self) -> PathBuf {
        self.bench.dir.path().join("stop")
    }

    fn read(&self, stage: &str) -> Vec<Option<Vec<u8>>> {
        let place = |name: &&str| match *name {
            "RAW" => self.bench.raw(),
            inside => self.bench.path(inside),
        };
        reads(stage)
            .iter()
            .map(|name| fs::read(place(name)).ok())
            .collect()
    }

    fn graph_in(&self, workdir: &Path) -> Graph {
        let settings = RunSettings {
            set: self
                .set
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
            workdir: workdir.to_owned(),
            ..self.bench.settings(&[])
        };
        let text = PIPELINE
            .replace("RAW", self.bench.raw().to_str().unwrap())
            .replace("STOP", self.stop().to_str().unwrap());
        Pipeline::parse("toy.yaml", &text)
            .unwrap()
            .graph(&self.bench.kinds, &settings)
            .unwrap()
    }

    fn graph(&self) -> Graph {
        self.graph_in(&self.bench.dir.path().join("runs"))
    }

    fn run(&self, options: &RunOptions) -> Result<ecgfm_pipeline::RunSummary, ecgfm_pipeline::Error> {
        self.events.lock().unwrap().clear();
        self.graph().run(options, self, &Cancel::default())
    }

    fn files(&self, stage: usize, act: impl Fn(&Path)) {
        let Ok(entries) = fs::read_dir(self.bench.path(STAGES[stage])) else {
            return;
        };
        let files = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file());
        files.for_each(|path| act(&path));
    }

    fn set(&mut self, key: &'static str, value: impl ToString) {
        self.set.insert(key, value.to_string());
    }

    /// Edits; a run that fails, because what it needs is not there, is as good as none.
    fn apply(&mut self, edit: &Edit) {
        let only = |stage: usize| StageSelection {
            only: vec![STAGES[stage].to_owned()],
            ..StageSelection::default()
        };
        match *edit {
            Edit::Seed(n) => self.set("vars.seed", n),
            Edit::Word(n) => self.set("vars.word", format!("word{n}")),
            Edit::Threads(n) => self.set("signals.threads", n),
            Edit::Rate(n) => self.set("signals.sample_rate", n),
            Edit::Raw(n) => fs::write(self.bench.raw(), format!("one\nraw{n}\n")).unwrap(),
            Edit::NewVersion => drop(self.bench.version.fetch_add(1, Ordering::SeqCst)),
            Edit::DeleteStage(stage) => {
                let _ = fs::remove_dir_all(self.bench.path(STAGES[stage]));
            }
            Edit::DeleteFiles(stage) => self.files(stage, |path| fs::remove_file(path).unwrap()),
            Edit::Overwrite(stage) => self.files(stage, |path| fs::write(path, "edited").unwrap()),
            Edit::TouchFiles(stage) => {
                self.files(stage, |path| fs::write(path, fs::read(path).unwrap()).unwrap())
            }
            Edit::Run => drop(self.run(&RunOptions::default())),
            Edit::RunOnly(stage, force) => drop(self.run(&RunOptions {
                selection: only(stage),
                force,
                ..RunOptions::default()
            })),
            Edit::Until(stage) => drop(self.run(&RunOptions {
                selection: StageSelection {
                    until: Some(STAGES[stage].to_owned()),
                    ..StageSelection::default()
                },
                ..RunOptions::default()
            })),
            Edit::Clean => drop(self.graph().clean(&[], false).unwrap()),
            Edit::Interrupt => {
                fs::write(self.stop(), "").unwrap();
                let _ = self.run(&RunOptions::default());
                fs::remove_file(self.stop()).unwrap();
            }
        }
    }

    /// What a run did with a stage: nothing if it did not run, else why, and whether it went on from parts.
    fn did(&self, stage: &str) -> Option<(Vec<StaleReason>, bool)> {
        let events = self.events.lock().unwrap();
        events.iter().find_map(|event| match event {
            RunEvent::StageStarted {
                stage: name,
                reasons,
                resumed,
                ..
            } if name == stage => Some((reasons.clone(), *resumed)),
            _ => None,
        })
    }

    /// Holds what was said of a stage against what was done.
    fn kept_its_word(&self, said: &PlannedStage) -> Result<(), TestCaseError> {
        let (name, did) = (&said.stage, self.did(&said.stage));
        let resumed = did.as_ref().is_some_and(|(_, resumed)| *resumed);
        match said.state {
            StageState::Fresh => prop_assert!(did.is_none(), "{name} was fresh and ran"),
            StageState::Cleaned => {
                // Made again for a stage that reads it and ran, and not otherwise.
                let reader = self.did("follow").is_some();
                prop_assert_eq!(did.is_some(), reader, "{:?}", said);
                prop_assert!(!reader || said.action != StageAction::Keep, "{said:?}");
            }
            StageState::Stale | StageState::Missing => prop_assert!(did.is_some(), "{said:?} did not run"),
            StageState::Partial => prop_assert!(resumed, "{said:?} did not go on"),
            StageState::Undecided => {
                let other = self.seen.lock().unwrap().get(name) != Some(&self.read(name));
                // What it read is looked up after the run, where it read the same.
                let begun = self.begun.lock().unwrap().get(name) == Some(&self.read(name));
                prop_assert!(did.is_none() || begun, "{name} read something between");
                prop_assert!(!other, "{name} was left as made of other data");
            }
        }
        let promised = said.state == StageState::Partial || said.reasons.contains(&StaleReason::PartsKept);
        prop_assert!(!resumed || promised, "{name} went on without a word: {said:?}");
        Ok(())
    }
}

/// Every file of the stages.
fn tree(run_dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let dirs = STAGES.iter().map(|stage| (*stage).to_owned());
    let dirs = dirs.chain(["signals/large".to_owned()]);
    let files = dirs.flat_map(|dir| {
        let entries = fs::read_dir(run_dir.join(&dir)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(move |entry| {
            let name = format!("{dir}/{}", entry.file_name().to_string_lossy());
            (name, fs::read(entry.path()).unwrap())
        })
    });
    files.collect()
}

/// Few by default, for every case makes several runs; `PROPTEST_CASES` says how many.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if asked { default.cases } else { 24 },
        max_shrink_iters: 64,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_run_does_what_status_said_and_leaves_what_a_first_run_would(
        first in any::<bool>(),
        edits in prop::collection::vec(edit(), 1..7),
    ) {
        let mut world = World::new();
        if first {
            world.run(&RunOptions::default()).unwrap();
        }
        edits.iter().for_each(|edit| world.apply(edit));
        let before = world.seen.lock().unwrap().clone();
        let said = world.graph().status().unwrap();
        let dry = world.run(&RunOptions { dry_run: true, ..RunOptions::default() }).unwrap();
        prop_assert_eq!(&said.stages, &dry.plan);
        let summary = world.run(&RunOptions::default()).unwrap();
        prop_assert_eq!(&said.stages, &summary.plan);
        for stage in &said.stages {
            world.kept_its_word(stage)?;
            if stage.state == StageState::Undecided {
                prop_assert_eq!(stage.action, StageAction::RunIfChanged);
                // It ran if and only if it reads something else than when it ran last.
                let changed = before.get(&stage.stage) != Some(&world.read(&stage.stage));
                prop_assert_eq!(world.did(&stage.stage).is_some(), changed, "{:?}", stage);
            }
        }
        prop_assert!(world.graph().status().unwrap().is_fresh());
        let verified = verify_outputs(&world.bench.path(""), &NoProgress, &Cancel::default()).unwrap();
        prop_assert!(verified.is_intact());
        let other = tempfile::tempdir().unwrap();
        let graph = world.graph_in(other.path());
        graph.run(&RunOptions::default(), &ecgfm_pipeline::SilentObserver, &Cancel::default()).unwrap();
        let removed = |name: &String| name.starts_with("signals/large/");
        let (mut left, mut expected) = (tree(&world.bench.path("")), tree(graph.run_dir()));
        if verified.cleaned > 0 {
            left.retain(|name, _| !removed(name));
            expected.retain(|name, _| !removed(name));
        }
        prop_assert_eq!(left, expected);
    }
}

#[test]
fn parts_of_settings_that_were_taken_back_do_not_stay() {
    let mut world = World::new();
    for edit in [
        Edit::Run,
        Edit::Seed(1),
        Edit::Interrupt,
        Edit::Seed(2),
        Edit::Run,
    ] {
        world.apply(&edit);
    }
    assert!(world.graph().status().unwrap().is_fresh());
    let verified = verify_outputs(&world.bench.path(""), &NoProgress, &Cancel::default()).unwrap();
    assert!(verified.is_intact(), "{verified:?}");
}

#[test]
fn work_on_making_lost_outputs_again_is_gone_on_with() {
    let mut world = World::new();
    for edit in [Edit::Run, Edit::DeleteFiles(7), Edit::Interrupt] {
        world.apply(&edit);
    }
    let said = world.graph().status().unwrap();
    let slow = said.stages.iter().find(|stage| stage.stage == "slow").unwrap();
    assert_eq!(slow.state, StageState::Partial);
    let summary = world.run(&RunOptions::default()).unwrap();
    assert_eq!(said.stages, summary.plan);
    world.kept_its_word(slow).unwrap();
    assert!(world.graph().status().unwrap().is_fresh());
}
