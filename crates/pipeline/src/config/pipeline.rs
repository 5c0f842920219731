//! A pipeline file, loaded.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::assignment::{ParamAssignment, parse_assignment};
use crate::config::build;
use crate::config::document::{Document, Profile, ProfiledDocument};
use crate::config::graph::Graph;
use crate::config::source::SourceText;
use crate::config::suggest::suggest_name;
use crate::config::yaml::MAX_BYTES;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::StageKinds;

/// A pipeline file, checked for its shape.
#[derive(Debug, Clone)]
pub struct Pipeline {
    document: Document,
    /// Directory that relative paths begin in; empty for the current directory.
    base: PathBuf,
}

/// A profile as a person chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileInfo {
    /// Name of the profile.
    pub name: String,
    /// Purpose of the pipeline, in words.
    pub description: Option<String>,
}

/// Variables that `${env.NAME}` sees. Their value is always text: a number from the environment goes through `--set`.
#[derive(Debug, Clone, Default)]
pub enum Environment {
    /// The process's environment.
    #[default]
    Process,
    /// Only these variables.
    Fixed(BTreeMap<String, String>),
}

/// Settings under which a pipeline is read for one run.
#[derive(Debug, Clone, Default)]
pub struct RunSettings {
    /// The profile; the first in the file where none is named.
    pub profile: Option<String>,
    /// `vars.k=v` and `stage.k=v` arguments, applied in order.
    pub set: Vec<String>,
    /// The directory that holds `<pipeline>/<profile>/`.
    pub workdir: PathBuf,
    /// Variables that `${env.NAME}` sees.
    pub environment: Environment,
    /// Variables that the caller reads itself: setting one that no stage uses is no mistake.
    pub read: Vec<String>,
}

impl Pipeline {
    /// Loads a pipeline file. Messages name it as `path` does. Relative paths in it begin in its directory.
    ///
    /// # Errors
    /// When it cannot be read, is not YAML, or has not the shape of a pipeline.
    pub fn load(path: &Path) -> Result<Self> {
        let refused = |why: String| {
            Error::new(
                ErrorKind::Config,
                format!("cannot read the pipeline `{}`: {why}", path.display()),
            )
        };
        let mut bytes = Vec::new();
        let limit = MAX_BYTES as u64 + 1;
        File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|e| refused(e.to_string()))?;
        if bytes.len() > MAX_BYTES {
            return Err(refused(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text".to_owned()))?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            base,
            ..Self::parse(&path.display().to_string(), &text)?
        })
    }

    /// Lets the pipeline's relative paths beginning in the current directory.
    #[must_use]
    pub fn in_current_directory(self) -> Self {
        Self {
            base: PathBuf::new(),
            ..self
        }
    }

    /// Parses a pipeline's text; `name` is what messages call it. Relative paths begin in the current directory.
    ///
    /// # Errors
    /// When it is not YAML, or has not the shape of a pipeline.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let source: Arc<SourceText> = SourceText::file(name, text);
        Ok(Self {
            document: Document::parse(&source, text)?,
            base: PathBuf::new(),
        })
    }

    /// The pipeline's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name.text
    }

    /// Purpose of the pipeline, in words.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.document.description.as_deref()
    }

    /// Profiles of the pipeline, the default one first. A file without profiles has one, `default`.
    #[must_use]
    pub fn profiles(&self) -> Vec<ProfileInfo> {
        let named = self.document.profiles.iter();
        let profiles: Vec<_> = named
            .map(|p| ProfileInfo {
                name: p.name.text.clone(),
                description: p.description.clone(),
            })
            .collect();
        if profiles.is_empty() {
            return vec![ProfileInfo {
                name: "default".to_owned(),
                description: None,
            }];
        }
        profiles
    }

    /// Applies profile and settings, replaces references, checks every parameter and orders the stages.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and what was meant.
    pub fn graph(&self, kinds: &StageKinds, settings: &RunSettings) -> Result<Graph> {
        let mut effective = self.document.with_profile(settings.profile.as_deref())?;
        let profiles_with = |var: &str| {
            let having = self
                .document
                .profiles
                .iter()
                .filter(|p| p.vars.iter().any(|v| v.key == var));
            having.map(|p| p.name.text.clone()).collect()
        };
        for argument in &settings.set {
            effective.set(argument, &profiles_with)?;
        }
        self.reject_unused_settings(&effective, settings)?;
        let environment = |name: &str| match &settings.environment {
            Environment::Process => std::env::var(name).ok(),
            Environment::Fixed(fixed) => fixed.get(name).cloned(),
        };
        let places = (settings.workdir.as_path(), self.base.as_path());
        build::build_graph(&self.document, &effective, kinds, places, &environment)
    }

    /// A variable that was set and that nothing uses was meant for another profile, whose data would be missed.
    fn reject_unused_settings(&self, effective: &ProfiledDocument, settings: &RunSettings) -> Result<()> {
        let mut used = effective.used_variables();
        used.extend(settings.read.iter().cloned());
        for argument in &settings.set {
            let ParamAssignment { path, span, .. } = parse_assignment("--set", argument)?;
            let [vars, name, ..] = path.as_slice() else {
                continue;
            };
            if vars != "vars" || used.contains(name) {
                continue;
            }
            let message = format!(
                "nothing in profile `{}` uses the variable `{name}`",
                effective.profile
            );
            let error = Error::config(&span, message);
            let uses = |profile: &&Profile| {
                let other = self.document.with_profile(Some(&profile.name.text));
                other.is_ok_and(|other| other.used_variables().contains(name))
            };
            return Err(match self.document.profiles.iter().find(uses) {
                Some(Profile { name: other, .. }) => error.help(format!(
                    "profile `{}` uses it: add `--profile {}`",
                    other.text, other.text
                )),
                None => {
                    let there = effective.vars.iter().map(|var| var.key.as_str());
                    error.help(suggest_name(
                        name,
                        "variables",
                        there.filter(|var| used.contains(*var)),
                    ))
                }
            });
        }
        Ok(())
    }
}
