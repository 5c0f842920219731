//! The typed stage graph: read off the references, in running order, parameters checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::document::Name;
use crate::config::node::Node;
use crate::config::outputs::StageOutput;
use crate::config::suggest::suggest_name;
use crate::error::{Error, Result};
use crate::kind::StageKind;

/// A pipeline with one profile, its stages in running order: each after those it refers to, else in the
/// file's order.
#[derive(Debug)]
pub struct Graph {
    pub(crate) pipeline: String,
    pub(crate) description: Option<String>,
    pub(crate) profile: String,
    pub(crate) run_dir: PathBuf,
    /// Directory that relative paths of the pipeline file begin in; empty for the current directory.
    pub(crate) base: PathBuf,
    pub(crate) vars: Map<String, Value>,
    pub(crate) stages: Vec<Stage>,
}

/// A stage with checked parameters.
pub struct Stage {
    pub(crate) name: Name,
    pub(crate) kind: Arc<dyn StageKind>,
    /// Parameters as written, with the place of every value.
    pub(crate) with: Node,
    /// In canonical form, paths as the stage opens them.
    pub(crate) params: Value,
    /// Canonical parameters with relative paths as the pipeline file has them: what is recorded, and does not depend on the current
    /// directory.
    pub(crate) recorded: Value,
    pub(crate) outputs: Vec<StageOutput>,
    pub(crate) upstream: Vec<Upstream>,
}

/// An edge of the graph: a stage that must run before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The stage.
    pub stage: String,
    /// Names of its outputs that are referred to, in order of appearance.
    pub outputs: Vec<String>,
    /// Set where it is named under `needs`.
    pub needed: bool,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("name", &self.name.text)
            .field("kind", &self.kind.name())
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Stage {
    /// Name of the stage in the pipeline.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.text
    }

    /// Kind of the stage.
    #[must_use]
    pub fn kind(&self) -> &Arc<dyn StageKind> {
        &self.kind
    }

    /// Parameters of the stage in canonical form, references replaced.
    #[must_use]
    pub fn params(&self) -> &Value {
        &self.params
    }

    /// Outputs of the stage.
    #[must_use]
    pub fn outputs(&self) -> &[StageOutput] {
        &self.outputs
    }

    /// The stages that run before it.
    #[must_use]
    pub fn upstream(&self) -> &[Upstream] {
        &self.upstream
    }
}

impl Graph {
    /// The pipeline's name.
    #[must_use]
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    /// Purpose of the pipeline, where its file says so.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The profile's name.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// `<workdir>/<pipeline>/<profile>`.
    #[must_use]
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    /// The variables, their references replaced. Those that need an environment variable that is not set,
    /// and that no stage uses, are left out.
    #[must_use]
    pub fn vars(&self) -> &Map<String, Value> {
        &self.vars
    }

    /// The stages in running order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The stage of a name.
    ///
    /// # Errors
    /// When there is none, with a suggestion.
    pub fn stage(&self, name: &str) -> Result<&Stage> {
        self.stages.iter().find(|s| s.name.text == name).ok_or_else(|| {
            let known = self.stages.iter().map(Stage::name);
            let message = format!(
                "pipeline `{}` has no stage `{name}` in profile `{}`",
                self.pipeline, self.profile
            );
            Error::new(crate::ErrorKind::Config, message).help(suggest_name(name, "stages", known))
        })
    }

    pub(crate) fn stage_dir(&self, stage: &str) -> PathBuf {
        self.run_dir.join(stage)
    }
}
