//! Toy stage kinds, shaped like a real pipeline: texts instead of recordings.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ecgfm_pipeline::failpoint::{self, Point};
use ecgfm_pipeline::{
    Cancel, CodeChange, Context, Environment, Error, Graph, Outcome, OutputSpec, ParamError, Pipeline,
    RunEvent, RunObserver, RunOptions, RunSettings, RunSummary, StageError, StageKind, StageKinds,
    StageSelection, canonical_params, parse_params,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    #[default]
    Packed,
    Mat,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    raw: PathBuf,
    #[serde(default)]
    store: Store,
    #[serde(default = "five_hundred")]
    sample_rate: u32,
    #[serde(default)]
    quality: Quality,
    #[serde(default)]
    threads: Option<u32>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Quality {
    flat: bool,
    max_noise: Option<f64>,
}

fn five_hundred() -> u32 {
    500
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Splits {
    records: PathBuf,
    #[serde(default)]
    fractions: Vec<f64>,
    seed: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    from: Vec<PathBuf>,
    #[serde(default)]
    word: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    raw: PathBuf,
}

type Act = fn(&Value, &Context<'_>) -> Result<Outcome, StageError>;
type Check = fn(&Value) -> Result<Value, ParamError>;

/// A kind out of parts.
pub struct Toy {
    pub name: &'static str,
    pub outputs: &'static [OutputSpec],
    pub inputs: &'static [&'static str],
    pub resumable: bool,
    pub check: Check,
    pub act: Act,
    pub version: Arc<AtomicU32>,
}

impl StageKind for Toy {
    fn name(&self) -> &'static str {
        self.name
    }
    fn about(&self) -> &'static str {
        "A toy."
    }
    fn version(&self) -> u32 {
        self.version.load(Ordering::SeqCst)
    }
    fn changes(&self) -> &'static [CodeChange] {
        match self.name {
            "splits" => &[CodeChange(2, "rows are sorted"), CodeChange(3, "seeds are odd")],
            _ => &[],
        }
    }
    fn outputs(&self) -> &'static [OutputSpec] {
        self.outputs
    }
    fn inputs(&self) -> &'static [&'static str] {
        self.inputs
    }
    fn idle_parameters(&self) -> &'static [&'static str] {
        match self.name {
            "signals" => &["threads"],
            _ => &[],
        }
    }
    fn further_inputs(&self, with: &Value) -> Vec<(&'static str, PathBuf)> {
        match (self.name, with["raw"].as_str()) {
            ("follow", Some(list)) => followed(Path::new(list)).map_or(vec![], |file| vec![("raw", file)]),
            _ => vec![],
        }
    }
    fn made_again(&self) -> &'static [&'static str] {
        match self.name {
            "signals" => &["large"],
            _ => &[],
        }
    }
    fn points_at(&self, _: &Value) -> &'static [&'static str] {
        match self.name {
            "view" => &["raw"],
            _ => &[],
        }
    }
    fn check(&self, with: &Value) -> Result<Value, ParamError> {
        (self.check)(with)
    }
    fn extra(&self, with: &Value) -> Result<Vec<(String, String)>, StageError> {
        match with.get("word").and_then(Value::as_str) {
            Some("nonsense") => {
                Err(StageError::config("there is no word list `nonsense`").help("use `sense`"))
            }
            Some(word) if !word.is_empty() => Ok(vec![("word list".to_owned(), word.len().to_string())]),
            _ => Ok(vec![]),
        }
    }
    fn resumable(&self) -> bool {
        self.resumable
    }
    fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        (self.act)(with, ctx)
    }
}

fn read(path: &Path) -> Result<String, StageError> {
    fs::read_to_string(path).map_err(|e| {
        StageError::bad_input(format!("cannot read `{}`: {e}", path.display())).help("check the path")
    })
}

fn write(ctx: &Context<'_>, name: &str, text: &str) -> Result<(), StageError> {
    let path = ctx.out.join(name);
    fs::write(&path, text)
        .and_then(|()| failpoint::at(Point::FileDone, &path))
        .map_err(|e| StageError::failed(e.to_string()))
}

fn params<P: serde::de::DeserializeOwned>(with: &Value) -> Result<P, StageError> {
    parse_params(with).map_err(|e| StageError::config(e.to_string()))
}

fn signals(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Signals = params(with)?;
    let raw = read(&p.raw)?;
    ctx.progress.begin(raw.lines().count() as u64, "recordings");
    write(ctx, "meta.csv", &raw)?;
    write(ctx, "segmented.csv", &raw.to_uppercase())?;
    fs::create_dir(ctx.out.join("large")).map_err(|e| StageError::failed(e.to_string()))?;
    write(ctx, "large/segments", &raw.to_uppercase())?;
    ctx.progress.advance(raw.lines().count() as u64);
    let counts = BTreeMap::from([("read".to_owned(), raw.lines().count() as u64)]);
    Ok(Outcome {
        counts,
        facts: BTreeMap::new(),
    })
}

/// Only whether the seed is odd decides, so that another seed may give the same split.
fn splits(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Splits = params(with)?;
    let text = read(&p.records)?;
    write(ctx, "meta_split.csv", &format!("{} {text}", p.seed % 2))?;
    Ok(Outcome::default())
}

fn splits_check(with: &Value) -> Result<Value, ParamError> {
    let p: Splits = parse_params(with)?;
    let sum: f64 = p.fractions.iter().sum();
    if !p.fractions.is_empty() && (sum - 1.0).abs() > 1e-9 {
        return Err(ParamError::invalid(
            "fractions",
            format!("must add up to 1, not {sum}"),
        ));
    }
    canonical_params::<Splits>(with)
}

fn join(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Join = params(with)?;
    let texts: Vec<String> = p.from.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    write(ctx, "joined.txt", &format!("{}{}", p.word, texts.concat()))?;
    Ok(Outcome::default())
}

/// Names a file that it does not read, of a stage that it has nothing to do with.
fn list(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Join = params(with)?;
    p.from.iter().try_for_each(|path| read(path).map(drop))?;
    write(ctx, "joined.txt", "../signals/large/segments")?;
    Ok(Outcome::default())
}

/// The file that a list names.
pub fn followed(list: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(list).ok()?;
    Some(list.parent()?.join(text))
}

/// Copies the file that a list names.
fn follow(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Raw = params(with)?;
    let path = followed(&p.raw).ok_or_else(|| StageError::bad_input("there is no list"))?;
    write(ctx, "joined.txt", &read(&path)?)?;
    Ok(Outcome::default())
}

/// Says where the raw data are, and nothing of what is in them.
fn view(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Raw = params(with)?;
    write(ctx, "joined.txt", &p.raw.display().to_string())?;
    Ok(Outcome::default())
}

/// Copies the raw data that a view points at.
fn develop(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Raw = params(with)?;
    let path = read(&p.raw.join("joined.txt"))?;
    write(ctx, "joined.txt", &read(Path::new(&path))?)?;
    Ok(Outcome::default())
}

/// Counts to three, a file each, and is cancelled by the word `stop` after the first.
fn slow(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Join = params(with)?;
    let resumed = ctx.out.join("part0").exists();
    ctx.progress.note(if resumed { "goes on" } else { "begins" });
    for part in 0..3 {
        if ctx.out.join(format!("part{part}")).exists() {
            continue;
        }
        if ctx.cancel.is_cancelled() {
            return Err(StageError::interrupted());
        }
        write(ctx, &format!("part{part}"), &part.to_string())?;
        if p.from.iter().any(|f| f.ends_with("stop") && f.exists()) {
            ctx.cancel.cancel();
        }
    }
    Ok(Outcome::default())
}

fn trouble(with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let p: Join = params(with)?;
    write(ctx, "half", "half")?;
    match p.word.as_str() {
        "panic" => panic!("index out of bounds"),
        "promise" => Ok(Outcome::default()),
        "input" => Err(StageError::bad_input("row 3 is not a number").help("look at row 3")),
        _ => Err(StageError::failed("out of cheese")),
    }
}

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

pub fn kinds(version: &Arc<AtomicU32>) -> StageKinds {
    const JOINED: &[OutputSpec] = &[
        OutputSpec::new("joined", "joined.txt", "all texts"),
        OutputSpec::new("dir", "", "all"),
    ];
    const PARTS: &[OutputSpec] = &[OutputSpec::new("dir", "", "all parts")];
    const SIGNALS: &[OutputSpec] = &[
        OutputSpec::new("records", "meta.csv", "a row a recording"),
        OutputSpec::new("segments", "segmented.csv", "a row a segment"),
        OutputSpec::new("store", "{store}.bin", "the samples").optional(),
        OutputSpec::new("dir", "", "all"),
    ];
    const META: &[OutputSpec] = &[OutputSpec::new(
        "meta",
        "meta_split.csv",
        "recordings with their split",
    )];
    let toy = |name, outputs, inputs, check, act| Toy {
        name,
        outputs,
        inputs,
        resumable: name == "slow",
        check,
        act,
        version: if name == "splits" {
            Arc::clone(version)
        } else {
            Arc::new(AtomicU32::new(1))
        },
    };
    StageKinds::new()
        .with(toy(
            "signals",
            SIGNALS,
            &["raw"],
            canonical_params::<Signals>,
            signals,
        ))
        .with(toy("splits", META, &["records"], splits_check, splits))
        .with(toy("join", JOINED, &["from"], canonical_params::<Join>, join))
        .with(toy("list", JOINED, &["from"], canonical_params::<Join>, list))
        .with(toy("follow", JOINED, &["raw"], canonical_params::<Raw>, follow))
        .with(toy("view", JOINED, &["raw"], canonical_params::<Raw>, view))
        .with(toy("develop", JOINED, &["raw"], canonical_params::<Raw>, develop))
        .with(toy("slow", PARTS, &[], canonical_params::<Join>, slow))
        .with(toy(
            "trouble",
            JOINED,
            &["from"],
            canonical_params::<Join>,
            trouble,
        ))
}

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
