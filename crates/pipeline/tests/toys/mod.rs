//! Toy stage kinds, shaped like a real pipeline: texts instead of recordings.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, clippy::unwrap_used)]

mod bench;

pub use bench::{Bench, PIPELINE};

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ecgfm_pipeline::failpoint::{self, Point};
use ecgfm_pipeline::{
    CodeChange, Context, Outcome, OutputSpec, ParamError, StageError, StageKind, StageKinds,
    canonical_params, parse_params,
};
use ecgfm_stage::{ChunkPlan, chunk_file};
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
    /// Texts, each in a file of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    copies: BTreeMap<String, String>,
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
    pub chunked: bool,
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
    fn separate_parameters(&self) -> &'static [&'static str] {
        match self.name {
            "signals" => &["copies"],
            _ => &[],
        }
    }
    fn further_inputs(&self, with: &Value) -> Vec<(&'static str, PathBuf)> {
        match (self.name, with["raw"].as_str()) {
            ("follow", Some(list)) => followed(Path::new(list)).map_or(vec![], |file| vec![("raw", file)]),
            _ => vec![],
        }
    }
    fn made_again(&self, _: &Value) -> Vec<String> {
        match self.name {
            "signals" => vec!["large".to_owned()],
            _ => Vec::new(),
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
    fn chunked(&self) -> bool {
        self.chunked
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
    for (name, text) in &p.copies {
        write(ctx, &format!("copy_{name}"), text)?;
    }
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
    let chunks = ctx.chunks.unwrap();
    let resumed = chunks.dir.join("part0").exists();
    ctx.progress.note(if resumed { "goes on" } else { "begins" });
    let plan = serde_json::json!({"chunks": 3, "names": [""]});
    fs::write(ChunkPlan::path(chunks.dir), plan.to_string()).unwrap();
    for part in (0..3).filter(|part| chunks.shard.is_none_or(|shard| shard.holds(*part))) {
        if chunks.dir.join(format!("part{part}")).exists() {
            continue;
        }
        if ctx.cancel.is_cancelled() {
            return Err(StageError::interrupted());
        }
        let path = chunks.dir.join(format!("part{part}"));
        fs::write(&path, part.to_string())
            .and_then(|()| failpoint::at(Point::FileDone, &path))
            .unwrap();
        fs::write(chunks.dir.join(chunk_file("", part)), "").unwrap();
        if p.from.iter().any(|f| f.ends_with("stop") && f.exists()) {
            ctx.cancel.cancel();
        }
    }
    if chunks.shard.is_some() {
        return Ok(Outcome::default());
    }
    for part in 0..3 {
        let name = format!("part{part}");
        write(ctx, &name, &read(&chunks.dir.join(&name))?)?;
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
        chunked: name == "slow",
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
