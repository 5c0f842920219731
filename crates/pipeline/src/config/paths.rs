//! Directories that the paths in a stage's parameters begin in.
//!
//! A relative path in a pipeline file begins in the file's directory, one on the command line or in the environment in the
//! current directory. `~/` begins in the home directory.

use std::path::Path;

use serde_json::Value;

use crate::config::interpolate::EnvironmentLookup;
use crate::config::node::Node;
use crate::kind::StageKind;
use crate::param::{ParamError, ParamProblem, PathStep, collect_texts, is_parameter};
use ecgfm_stage::FailureClass;
use ecgfm_system::presence;

/// Directories that paths may begin in.
pub(crate) struct PathBases<'a> {
    /// The pipeline file's directory; empty for the current one.
    pub(crate) base: &'a Path,
    pub(crate) run_dir: &'a Path,
    pub(crate) environment: EnvironmentLookup<'a>,
}

/// Parameters whose paths have been placed.
pub(crate) struct PlacedParams {
    /// Parameters with paths as the stage opens them.
    pub(crate) params: Value,
    /// Relative to the pipeline file, or absolute.
    pub(crate) recorded: Value,
}

impl PathBases<'_> {
    /// Places every path among the parameters of a stage; `with` tells where each was written.
    ///
    /// # Errors
    /// A path that begins with `~user`, or with `~/` where there is no home directory.
    pub(crate) fn placed(
        &self,
        kind: &dyn StageKind,
        params: Value,
        with: &Node,
    ) -> Result<PlacedParams, ParamError> {
        let mut texts = Vec::new();
        collect_texts(&params, &mut Vec::new(), &mut texts);
        let mut placed = PlacedParams {
            recorded: params.clone(),
            params,
        };
        for (path, text) in texts {
            let named = kind
                .names_or_paths()
                .iter()
                .find(|named| is_parameter(named.parameter, &path));
            if named.is_none() && !kind.inputs().iter().any(|name| is_parameter(name, &path)) {
                continue;
            }
            let found = with.deepest(&path);
            let in_file = found.complete && found.node.in_file;
            let text = self.expand_home(&path, text)?;
            let opened = match in_file && Path::new(&text).is_relative() {
                true => self.base.join(&text),
                false => text.clone().into(),
            };
            // A file that cannot be looked for counts as one: who opens it says why.
            let is_name = named.is_some_and(|named| (named.built_in)(&text))
                && !presence::is_file(&opened).unwrap_or(true);
            let Some(opened) = opened.to_str().filter(|_| !is_name && !text.is_empty()) else {
                continue;
            };
            set_text(&mut placed.params, &path, opened.to_owned());
            set_text(&mut placed.recorded, &path, self.recorded(in_file, text));
        }
        Ok(placed)
    }

    /// The text with the home directory in the place of `~`.
    fn expand_home(&self, path: &[PathStep], text: String) -> Result<String, ParamError> {
        let Some(rest) = text.strip_prefix('~') else {
            return Ok(text);
        };
        let refused = |phrase: String, help: &str| ParamError {
            path: path.to_vec(),
            problem: ParamProblem::Invalid { phrase },
            help: Some(help.to_owned()),
            class: FailureClass::Config,
        };
        if !rest.is_empty() && !rest.starts_with('/') {
            let phrase = format!("is `{text}`, and `~` before a name is not expanded");
            return Err(refused(
                phrase,
                "write the directory out, `~/` for your own home, or `./~` where a name begins with `~`",
            ));
        }
        let home = (self.environment)("HOME").filter(|home| !home.is_empty());
        home.map(|home| format!("{}{rest}", home.trim_end_matches('/')))
            .ok_or_else(|| {
                let phrase = format!("is `{text}`, and the environment variable `HOME` is not set");
                refused(phrase, "write the directory out")
            })
    }

    /// A path of the pipeline file as it is written there. Beside those, one that begins in the current directory is absolute.
    fn recorded(&self, in_file: bool, text: String) -> String {
        let path = Path::new(&text);
        if in_file || self.base.as_os_str().is_empty() || path.starts_with(self.run_dir) {
            return text;
        }
        let absolute = std::path::absolute(path).ok();
        absolute
            .and_then(|path| Some(path.to_str()?.to_owned()))
            .unwrap_or(text)
    }
}

fn set_text(value: &mut Value, path: &[PathStep], text: String) {
    let mut at = value;
    for step in path {
        let next = match step {
            PathStep::Key(key) => at.get_mut(key),
            PathStep::Index(index) => at.get_mut(index),
        };
        let Some(next) = next else { return };
        at = next;
    }
    *at = Value::String(text);
}
