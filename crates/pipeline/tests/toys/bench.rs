//! A place to run the toy pipeline in.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

use super::kinds;
use ecgfm_pipeline::{
    Cancel, Environment, Error, Graph, Pipeline, RunEvent, RunObserver, RunOptions, RunSettings, RunSummary,
    StageKinds, StageSelection,
};

/// A place to run the toy pipeline in, which keeps the events; `version` is that of the `splits` kind.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub kinds: StageKinds,
    pub version: Arc<AtomicU32>,
    pub cancel: Cancel,
    pub events: Mutex<Vec<RunEvent>>,
}

impl RunObserver for Bench {
    fn event(&self, event: &RunEvent) {
        self.events.lock().unwrap().push(event.clone());
    }
}

pub const PIPELINE: &str = "\
name: toy
profiles:
  sample: { description: small }
  full: { vars: { seed: 7 } }
vars: { raw: RAW, seed: 42 }
stages:
  signals:
    uses: signals
    with: { raw: ${vars.raw}, store: packed }
  labels:
    uses: join
    with: { from: [${signals.records}], word: label }
  splits:
    uses: splits
    with: { records: ${signals.records}, seed: ${vars.seed} }
  manifests:
    uses: join
    with: { from: [${splits.meta}, ${signals.segments}] }
  report:
    uses: join
    with: { from: [${manifests.joined}, ${labels.joined}] }
";

impl Bench {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("raw.txt"), "one\ntwo\n").unwrap();
        let version = Arc::new(AtomicU32::new(1));
        let (cancel, events) = (Cancel::default(), Mutex::default());
        Self {
            kinds: kinds(&version),
            dir,
            version,
            cancel,
            events,
        }
    }

    pub fn raw(&self) -> PathBuf {
        self.dir.path().join("raw.txt")
    }

    pub fn settings(&self, set: &[&str]) -> RunSettings {
        RunSettings {
            profile: None,
            set: set.iter().map(|&s| s.to_owned()).collect(),
            workdir: self.dir.path().join("runs"),
            environment: Environment::Fixed(BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())])),
            read: vec!["told".to_owned()],
        }
    }

    pub fn graph_of(&self, text: &str, set: &[&str]) -> Result<Graph, Error> {
        let text = text.replace("RAW", self.raw().to_str().unwrap());
        Pipeline::parse("pipelines/toy.yaml", &text)?.graph(&self.kinds, &self.settings(set))
    }

    pub fn graph(&self, set: &[&str]) -> Graph {
        self.graph_of(PIPELINE, set).unwrap()
    }

    pub fn run(&self, graph: &Graph) -> Result<RunSummary, Error> {
        graph.run(&RunOptions::default(), self, &self.cancel)
    }

    pub fn run_with(&self, graph: &Graph, change: impl FnOnce(&mut RunOptions)) -> Result<RunSummary, Error> {
        let mut options = RunOptions::default();
        change(&mut options);
        graph.run(&options, self, &self.cancel)
    }

    pub fn only(&self, graph: &Graph, stage: &str) -> Result<RunSummary, Error> {
        self.run_with(graph, |o| {
            o.selection = StageSelection {
                only: vec![stage.to_owned()],
                ..StageSelection::default()
            }
        })
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("runs/toy/sample").join(path)
    }

    pub fn take_events(&self) -> Vec<RunEvent> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// The status as people read it, without this test's directory.
    pub fn status(&self, graph: &Graph) -> String {
        self.plain(&graph.status().unwrap().text())
    }

    pub fn plain(&self, text: &str) -> String {
        text.replace(self.dir.path().to_str().unwrap(), "<dir>")
    }
}
