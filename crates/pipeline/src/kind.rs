//! A stage kind as the engine knows it: a name, typed parameters, outputs, and a function to run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ecgfm_stage::{Context, Outcome, StageError};
use serde_json::Value;

use crate::param::ParamError;
use crate::promises::{LookAheadContext, LookAheadFindings};

/// Declared output of a stage kind: a file or directory that a stage leaves, which others refer to as `${stage.name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSpec {
    /// The name in references.
    pub name: &'static str,
    /// Path inside the stage's directory; empty for the directory itself. `{parameter}` stands for the
    /// value of that (text, number or boolean) parameter: `logits_{subset}.npy`.
    pub path: &'static str,
    /// Content of the output, one line.
    pub about: &'static str,
    /// Set where the stage must write it.
    pub required: bool,
    /// Parameter with which the stage has no such output.
    pub unless: Option<&'static str>,
}

impl OutputSpec {
    /// An output that the stage always leaves.
    #[must_use]
    pub const fn new(name: &'static str, path: &'static str, about: &'static str) -> Self {
        Self {
            name,
            path,
            about,
            required: true,
            unless: None,
        }
    }

    /// Makes it an output that the stage does not have where this parameter is given.
    #[must_use]
    pub const fn unless(self, parameter: &'static str) -> Self {
        Self {
            unless: Some(parameter),
            ..self
        }
    }

    /// Makes it an output that the stage may leave out.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }
}

/// Change in a stage's outputs that a version of its code made: the version, and a few words ("numbers
/// are written as pandas writes them").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeChange(pub u32, pub &'static str);

/// A parameter that is the name of something built in, or the path of a file.
#[derive(Debug, Clone, Copy)]
pub struct NamedOrPath {
    /// The parameter: `name`, or `outer.inner`.
    pub parameter: &'static str,
    /// Says if something of that name is built in.
    pub built_in: fn(&str) -> bool,
}

/// A kind of stage, named by `uses:` in a pipeline file.
pub trait StageKind: Send + Sync {
    /// The name in `uses:`.
    fn name(&self) -> &'static str;

    /// Purpose of the stage, one line.
    fn about(&self) -> &'static str;

    /// Version of the code, part of the fingerprint: raise it when the same inputs would give other outputs.
    fn version(&self) -> u32;

    /// Changes that each version of the code made to the outputs, a few words each, oldest first.
    fn changes(&self) -> &'static [CodeChange] {
        &[]
    }

    /// Outputs of the stage.
    fn outputs(&self) -> &'static [OutputSpec];

    /// The parameters (`name`, or `outer.inner`) that are paths of files or directories the stage reads.
    /// A parameter may hold one path, a list of them, or nothing. Their content enters the fingerprint.
    fn inputs(&self) -> &'static [&'static str];

    /// The parameters as a JSON Schema (draft-07) of an object, without references: types, defaults, allowed values and
    /// meanings. `{}`, which any value fits, where the kind does not say.
    fn parameters(&self) -> Value {
        Value::Object(serde_json::Map::new())
    }

    /// The parameters (`name`, or `outer.inner`) that cannot change what the stage leaves, such as a number of threads
    /// where every number gives the same bytes. They are recorded and are no part of the fingerprint.
    fn idle_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// The parameters (`name`) that are mappings each of whose entries makes outputs of its own: an entry that is no longer asked
    /// for makes nothing stale. What it made stays until the stage runs again.
    fn separate_parameters(&self) -> &'static [&'static str] {
        &[]
    }

    /// Files and directories that the stage reads though no parameter names them, as (what leads there, path): the file
    /// beside one that a parameter names, the directory that the first line of a list names. Asked for when every input
    /// is as the stage would read it; what cannot be found out is left out, and the stage will say why.
    fn further_inputs(&self, _with: &Value) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }

    /// The input parameters whose content the outputs only point at, instead of holding what they need of it. Whoever
    /// reads such an output reads that content too.
    fn points_at(&self, _with: &Value) -> &'static [&'static str] {
        &[]
    }

    /// Paths inside the stage's directory (empty: all of it) that the stage makes again, to the byte, of the same parameters
    /// and inputs, and that are large enough to be worth it: what [`Graph::clean`](crate::Graph::clean) may remove.
    fn made_again(&self, _with: &Value) -> Vec<String> {
        Vec::new()
    }

    /// The parameters that are a name or the path of a file: those of `inputs` are paths only.
    fn names_or_paths(&self) -> &'static [NamedOrPath] {
        &[]
    }

    /// Checks parameters and returns them in canonical form, defaults filled in. Paths are texts and
    /// need not exist yet. See [`canonical_params`](crate::canonical_params).
    ///
    /// # Errors
    /// What is wrong with which parameter.
    fn check(&self, with: &Value) -> Result<Value, ParamError>;

    /// Looks, before the first stage of a run, at everything that can be known without reading samples: headers of inputs
    /// from outside, and what the stages before this one promise to leave. Tells what is wrong, and what this stage
    /// promises. Called for the stages that a run reaches, by `--dry-run` too, and for those before them, whose promises
    /// count and whose mistakes do not. It must be quick.
    fn look_ahead(&self, _with: &Value, _ahead: &LookAheadContext<'_>) -> LookAheadFindings {
        LookAheadFindings::default()
    }

    /// Facts beyond parameters and inputs that decide the outputs, as (name, value), for example the hash of
    /// a definition that a parameter refers to by name.
    ///
    /// # Errors
    /// When a fact cannot be established, for example a definition that does not exist.
    fn extra(&self, _with: &Value) -> Result<Vec<(String, String)>, StageError> {
        Ok(Vec::new())
    }

    /// Says if the stage works in chunks ([`Context::chunks`]): an interrupted run leaves those that are whole, from which the next goes
    /// on, and several processes can do a share each.
    fn chunked(&self) -> bool {
        false
    }

    /// Versions of the libraries that decide what the stage computes, as (library, version), recorded with it.
    fn versions(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Runs the stage: reads what `with` (in canonical form) names and writes into `ctx.out`.
    ///
    /// # Errors
    /// Why it could not finish, with its class.
    fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError>;
}

/// The stage kinds a pipeline may use.
#[derive(Clone, Default)]
pub struct StageKinds(BTreeMap<&'static str, Arc<dyn StageKind>>);

impl StageKinds {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more kind; a kind of the same name is replaced.
    #[must_use]
    pub fn with(mut self, kind: impl StageKind + 'static) -> Self {
        self.0.insert(kind.name(), Arc::new(kind));
        self
    }

    /// The kind of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn StageKind>> {
        self.0.get(name)
    }

    /// Iterates over all kinds, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn StageKind>> {
        self.0.values()
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

impl std::fmt::Debug for StageKinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
