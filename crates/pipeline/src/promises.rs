//! Promises of the stages before, and mistakes found, when nothing has run yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::param::ParamError;
use ecgfm_stage::FailureClass;

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
pub struct ParamMistake {
    /// Class of the fault: the configuration's, or that of the data that a parameter names.
    pub class: FailureClass,
    /// The parameter, and what is wrong with it.
    pub error: ParamError,
}

/// Mistakes that a stage found ahead of the run, and its promises.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LookAheadFindings {
    /// Facts about what the stage will leave, if all goes well.
    pub promises: Promises,
    /// Mistakes in the parameters.
    pub mistakes: Vec<ParamMistake>,
}

impl LookAheadFindings {
    /// Adds a mistake in the configuration. `parameter` and `phrase` as in [`ParamError::invalid`].
    pub fn add_invalid(&mut self, parameter: &str, phrase: impl Into<String>) {
        self.add(FailureClass::Config, ParamError::invalid(parameter, phrase));
    }

    /// Adds a mistake.
    pub fn add(&mut self, class: FailureClass, error: ParamError) {
        self.mistakes.push(ParamMistake { class, error });
    }
}

/// Information that a stage may use before the run begins.
#[derive(Debug, Default)]
pub struct LookAheadContext<'a> {
    left: Option<PathBuf>,
    /// The directory and the promises of every stage before it.
    before: Vec<(PathBuf, &'a Promises)>,
}

impl<'a> LookAheadContext<'a> {
    pub(crate) fn new(left: Option<PathBuf>, before: Vec<(PathBuf, &'a Promises)>) -> Self {
        Self { left, before }
    }

    /// The stage's own directory, where the run leaves it as it is: what lies there is what stages after it will read,
    /// whatever the parameters say now.
    #[must_use]
    pub fn kept_dir(&self) -> Option<&Path> {
        self.left.as_deref()
    }

    /// Promises of the stage that leaves `path`; none where it comes from outside.
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
