//! What is known before the first stage runs: what stages promise to leave, and what is wrong with their parameters.
//!
//! Every kind of stage looks for itself ([`StageKind::look_ahead`]); the engine carries promises along the graph, and turns
//! mistakes into errors at their places in the pipeline file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::check;
use crate::document::Name;
use crate::error::{Error, Result, StageErrorClass};
use crate::graph::{Graph, Stage};
use crate::kind::StageKind;
use crate::node::Node;
use crate::param::ParamError;
use crate::plan::Examined;
use crate::status::Action;

/// Facts that a stage promises about what it will leave, by name. What is not known is not promised.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Promises(BTreeMap<String, Value>);

impl Promises {
    /// Promises one more fact.
    pub fn add(&mut self, name: &str, fact: impl Into<Value>) {
        self.0.insert(name.to_owned(), fact.into());
    }

    /// A fact; none where it is not promised.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Promises all that `others` promise and this does not.
    pub fn pass_on(&mut self, others: &Self) {
        for (name, fact) in &others.0 {
            self.0.entry(name.clone()).or_insert_with(|| fact.clone());
        }
    }
}

/// Something wrong with a parameter, found before anything ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Whose fault it is: the configuration's, or that of the data that a parameter names.
    pub class: StageErrorClass,
    /// Which parameter, and what is wrong.
    pub error: ParamError,
}

/// What a stage found and what it promises.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// What it will leave, if all goes well.
    pub promises: Promises,
    /// What is wrong.
    pub mistakes: Vec<Mistake>,
}

impl Findings {
    /// Adds a mistake in the configuration. `parameter` and `phrase` as in [`ParamError::invalid`].
    pub fn wrong(&mut self, parameter: &str, phrase: impl Into<String>) {
        self.add(StageErrorClass::Config, ParamError::invalid(parameter, phrase));
    }

    /// Adds a mistake.
    pub fn add(&mut self, class: StageErrorClass, error: ParamError) {
        self.mistakes.push(Mistake { class, error });
    }
}

/// What a stage may look at before the run begins.
#[derive(Debug, Default)]
pub struct Ahead<'a> {
    left: Option<PathBuf>,
    /// The directory and the promises of every stage before it.
    before: Vec<(PathBuf, &'a Promises)>,
}

impl Ahead<'_> {
    /// The stage's own directory, where the run leaves it as it is: what lies there is what stages after it will read,
    /// whatever the parameters say now.
    #[must_use]
    pub fn left(&self) -> Option<&Path> {
        self.left.as_deref()
    }

    /// What the stage promises that leaves `path`; none where it comes from outside.
    #[must_use]
    pub fn promises(&self, path: &Path) -> Option<&Promises> {
        let found = self.before.iter().find(|(dir, _)| path.starts_with(dir));
        found.map(|(_, promises)| *promises)
    }

    /// A fact that the stage promises that leaves `path`.
    #[must_use]
    pub fn fact(&self, path: &Path, name: &str) -> Option<&Value> {
        self.promises(path)?.get(name)
    }
}

/// Has every stage look ahead that a run reaches, and those before them.
///
/// # Errors
/// All mistakes in the stages that will run, as one error.
pub(crate) fn look_ahead(graph: &Graph, plan: &[Examined]) -> Result<()> {
    let runs: BTreeSet<&str> = plan
        .iter()
        .filter(|examined| matches!(examined.planned.action, Action::Run | Action::RunIfChanged))
        .map(|examined| examined.planned.stage.as_str())
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    let mut looked = runs.clone();
    for stage in graph.stages.iter().rev() {
        if looked.contains(stage.name()) {
            looked.extend(stage.upstream.iter().map(|u| u.stage.as_str()));
        }
    }
    let mut promises: BTreeMap<&str, Promises> = BTreeMap::new();
    let mut errors = Vec::new();
    for stage in graph.stages.iter().filter(|stage| looked.contains(stage.name())) {
        let runs = runs.contains(stage.name());
        let found = stage
            .kind
            .look_ahead(&stage.params, &ahead(graph, stage, runs, &promises));
        if runs {
            errors.extend(mistakes(&stage.name, &stage.with, found.mistakes));
        }
        promises.insert(stage.name(), found.promises);
    }
    Error::together(errors).map_or(Ok(()), Err)
}

fn ahead<'a>(graph: &Graph, stage: &Stage, runs: bool, promises: &'a BTreeMap<&str, Promises>) -> Ahead<'a> {
    let before = stage.upstream.iter();
    let before = before.filter_map(|u| Some((graph.stage_dir(&u.stage), promises.get(u.stage.as_str())?)));
    let left = graph.stage_dir(stage.name());
    Ahead {
        left: (!runs && left.is_dir()).then_some(left),
        before: before.collect(),
    }
}

/// Has a stage look ahead that runs alone: all it reads comes from outside.
pub(crate) fn look_ahead_alone(kind: &dyn StageKind, params: &Value, name: &Name, with: &Node) -> Result<()> {
    let found = kind.look_ahead(params, &Ahead::default());
    Error::together(mistakes(name, with, found.mistakes).collect()).map_or(Ok(()), Err)
}

fn mistakes<'a>(
    name: &'a Name,
    with: &'a Node,
    mistakes: Vec<Mistake>,
) -> impl Iterator<Item = Error> + use<'a> {
    mistakes
        .into_iter()
        .map(move |mistake| check::refused(name, with, mistake.error).of_class(mistake.class))
}
