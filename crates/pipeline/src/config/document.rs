//! The shape of a pipeline file: which keys may stand where.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::interpolate::variable_references;
use crate::config::node::{MapEntry, Node, NodeData};
pub(crate) use crate::config::shape::Name;
use crate::config::shape::{check_count, check_name, known_keys, optional_text, require_mapping, text_of};
use crate::config::source::SourceText;
use crate::config::suggest::suggest_name;
use crate::config::yaml;
use crate::error::{Error, Result};

/// A pipeline file, checked for its shape but not yet for what it refers to.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) name: Name,
    pub(crate) description: Option<String>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) vars: Vec<MapEntry>,
    pub(crate) stages: Vec<StageEntry>,
}

/// A named set of changes; the first is the default.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: Name,
    pub(crate) description: Option<String>,
    pub(crate) vars: Vec<MapEntry>,
    /// `None` removes the stage.
    pub(crate) stages: Vec<(Name, Option<StageEntry>)>,
}

/// A stage as written.
#[derive(Debug, Clone)]
pub(crate) struct StageEntry {
    pub(crate) name: Name,
    pub(crate) uses: Option<Name>,
    pub(crate) with: Option<Node>,
    pub(crate) needs: Option<Vec<Name>>,
}

/// The document with one profile applied.
#[derive(Debug, Clone)]
pub(crate) struct ProfiledDocument {
    pub(crate) profile: String,
    pub(crate) vars: Vec<MapEntry>,
    pub(crate) stages: Vec<StageEntry>,
    /// Stages the profile takes away, for messages.
    pub(crate) removed: Vec<String>,
}

impl Document {
    pub(crate) fn parse(source: &Arc<SourceText>, text: &str) -> Result<Self> {
        let root = yaml::parse_yaml(source, text)?;
        const KEYS: [&str; 5] = ["name", "description", "profiles", "vars", "stages"];
        let entries = require_mapping(&root, "a pipeline file")?;
        known_keys(entries, &KEYS, "at the top level")?;
        let absent = |key: &str, example: &str| {
            Error::config(&root.span, format!("the pipeline has no `{key}`"))
                .help(format!("add `{example}` at the top level"))
        };
        let name = root
            .entry("name")
            .ok_or_else(|| absent("name", "name: my_pipeline"))?;
        let name = Name {
            text: text_of(&name.value, "`name`")?,
            span: name.value.span.clone(),
        };
        check_name(&name, "a pipeline's name")?;
        let stages = root
            .entry("stages")
            .ok_or_else(|| absent("stages", "stages: { ... }"))?;
        let stages = stages_of(&stages.value, "`stages`")?;
        if stages.is_empty() {
            return Err(absent("stages", "stages: { ... }"));
        }
        let stages = stages.into_iter().map(|(name, stage)| match stage {
            Some(stage) => Ok(stage),
            None => Err(
                Error::config(&name.span, format!("stage `{}` is empty", name.text))
                    .help("give it a kind: `uses: KIND`"),
            ),
        });
        let document = Self {
            description: optional_text(&root, "description")?,
            profiles: read_profiles(&root)?,
            vars: vars_of(&root, "`vars`")?,
            stages: stages.collect::<Result<_>>()?,
            name,
        };
        document.reject_unused_variables(&root)?;
        Ok(document)
    }

    /// A variable that only a profile has and that nothing refers to is a slip of the pen.
    fn reject_unused_variables(&self, root: &Node) -> Result<()> {
        let mut used = BTreeSet::new();
        variable_references(root, &mut used);
        for profile in &self.profiles {
            let declared = |name: &str| self.vars.iter().any(|v| v.key == name) || used.contains(name);
            if let Some(idle) = profile.vars.iter().find(|v| !declared(&v.key)) {
                let known = self
                    .vars
                    .iter()
                    .map(|v| v.key.as_str())
                    .chain(used.iter().map(String::as_str));
                let known: BTreeSet<&str> = known.collect();
                let message = format!(
                    "nothing uses the variable `{}` of profile `{}`",
                    idle.key, profile.name.text
                );
                return Err(Error::config(&idle.key_span, message).help(suggest_name(
                    &idle.key,
                    "variables",
                    known,
                )));
            }
        }
        Ok(())
    }

    /// Applies a profile, the first one where none is named. Without profiles the only one is `default`.
    pub(crate) fn with_profile(&self, profile: Option<&str>) -> Result<ProfiledDocument> {
        let chosen = match profile {
            None => self.profiles.first(),
            Some(wanted) => match self.profiles.iter().find(|p| p.name.text == wanted) {
                Some(profile) => Some(profile),
                None if self.profiles.is_empty() && wanted == "default" => None,
                None => return Err(self.unknown_profile(wanted)),
            },
        };
        let mut effective = ProfiledDocument {
            profile: chosen.map_or_else(|| "default".to_owned(), |p| p.name.text.clone()),
            vars: self.vars.clone(),
            stages: self.stages.clone(),
            removed: Vec::new(),
        };
        if let Some(profile) = chosen {
            effective.apply(profile)?;
        }
        Ok(effective)
    }

    fn unknown_profile(&self, wanted: &str) -> Error {
        let known = self.profiles.iter().map(|p| p.name.text.as_str());
        Error::config(
            &self.name.span,
            format!("pipeline `{}` has no profile `{wanted}`", self.name.text),
        )
        .help(suggest_name(wanted, "profiles", known))
    }
}

impl ProfiledDocument {
    /// The variables that a stage's parameters refer to, directly or by way of others.
    pub(crate) fn used_variables(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for with in self.stages.iter().filter_map(|stage| stage.with.as_ref()) {
            variable_references(with, &mut used);
        }
        loop {
            let before = used.len();
            let mut further = BTreeSet::new();
            for var in self.vars.iter().filter(|var| used.contains(&var.key)) {
                variable_references(&var.value, &mut further);
            }
            used.extend(further);
            if used.len() == before {
                return used;
            }
        }
    }

    fn apply(&mut self, profile: &Profile) -> Result<()> {
        for var in &profile.vars {
            match self.vars.iter_mut().find(|v| v.key == var.key) {
                Some(existing) => *existing = var.clone(),
                None => self.vars.push(var.clone()),
            }
        }
        for (name, over) in &profile.stages {
            let at = self.stages.iter().position(|s| s.name.text == name.text);
            match (at, over) {
                (Some(at), None) => {
                    self.stages.remove(at);
                    self.removed.push(name.text.clone());
                }
                (Some(at), Some(over)) => self.stages[at].overlay(over.clone()),
                (None, Some(stage)) => self.stages.push(stage.clone()),
                (None, None) => {
                    let known = self.stages.iter().map(|s| s.name.text.as_str());
                    let message = format!("there is no stage `{}` to remove", name.text);
                    return Err(
                        Error::config(&name.span, message).help(suggest_name(&name.text, "stages", known))
                    );
                }
            }
        }
        Ok(())
    }
}

impl StageEntry {
    fn overlay(&mut self, over: Self) {
        self.uses = over.uses.or(self.uses.take());
        self.needs = over.needs.or(self.needs.take());
        match (&mut self.with, over.with) {
            (Some(with), Some(over)) => with.merge(over),
            (with, Some(over)) => *with = Some(over),
            (_, None) => {}
        }
    }
}

fn read_profiles(root: &Node) -> Result<Vec<Profile>> {
    let Some(profiles) = root.entry("profiles") else {
        return Ok(Vec::new());
    };
    let entries = require_mapping(&profiles.value, "`profiles`")?;
    check_count(entries, "profiles")?;
    entries.iter().map(read_profile).collect()
}

fn read_profile(entry: &MapEntry) -> Result<Profile> {
    let name = entry_name(entry);
    check_name(&name, "a profile's name")?;
    let what = format!("profile `{}`", entry.key);
    if matches!(entry.value.data, NodeData::Null) {
        return Ok(Profile {
            name,
            description: None,
            vars: Vec::new(),
            stages: Vec::new(),
        });
    }
    let entries = require_mapping(&entry.value, &what)?;
    known_keys(entries, &["description", "vars", "stages"], &format!("in {what}"))?;
    let stages = match entry.value.entry("stages") {
        Some(stages) => stages_of(&stages.value, &format!("`stages` of {what}"))?,
        None => Vec::new(),
    };
    Ok(Profile {
        name,
        description: optional_text(&entry.value, "description")?,
        vars: vars_of(&entry.value, &format!("`vars` of {what}"))?,
        stages,
    })
}

fn vars_of(node: &Node, what: &str) -> Result<Vec<MapEntry>> {
    let Some(vars) = node.entry("vars") else {
        return Ok(Vec::new());
    };
    if matches!(vars.value.data, NodeData::Null) {
        return Ok(Vec::new());
    }
    let entries = require_mapping(&vars.value, what)?;
    for entry in entries {
        check_name(&entry_name(entry), "a variable's name")?;
    }
    Ok(entries.to_vec())
}

fn stages_of(node: &Node, what: &str) -> Result<Vec<(Name, Option<StageEntry>)>> {
    if matches!(node.data, NodeData::Null) {
        return Ok(Vec::new());
    }
    let entries = require_mapping(node, what)?;
    check_count(entries, "stages")?;
    entries
        .iter()
        .map(|entry| Ok((entry_name(entry), read_stage(entry)?)))
        .collect()
}

fn read_stage(entry: &MapEntry) -> Result<Option<StageEntry>> {
    let name = entry_name(entry);
    check_name(&name, "a stage's name")?;
    if matches!(name.text.as_str(), "vars" | "env" | "profile" | "run") {
        let message = format!(
            "`{}` cannot name a stage: references like `${{vars.x}}` use it",
            name.text
        );
        return Err(Error::config(&name.span, message).help("choose another name"));
    }
    if matches!(entry.value.data, NodeData::Null) {
        return Ok(None);
    }
    let what = format!("stage `{}`", name.text);
    let node = &entry.value;
    let entries = require_mapping(node, &what)?;
    known_keys(entries, &["uses", "with", "needs"], &format!("in {what}")).map_err(|e| {
        let help = e.help_text().unwrap_or_default().to_owned();
        if help.starts_with("did you mean") {
            e
        } else {
            e.help(format!("{help}; parameters go under `with`"))
        }
    })?;
    let uses = match node.entry("uses") {
        Some(uses) => Some(Name {
            text: text_of(&uses.value, "`uses`")?,
            span: uses.value.span.clone(),
        }),
        None => None,
    };
    let with = match node.entry("with").map(|e| &e.value) {
        Some(with) if matches!(with.data, NodeData::Null) => None,
        Some(with) => {
            require_mapping(with, &format!("`with` of {what}"))?;
            Some(with.clone())
        }
        None => None,
    };
    let needs = match node.entry("needs") {
        Some(needs) => Some(read_names(&needs.value, &format!("`needs` of {what}"))?),
        None => None,
    };
    Ok(Some(StageEntry {
        name,
        uses,
        with,
        needs,
    }))
}

fn read_names(node: &Node, what: &str) -> Result<Vec<Name>> {
    let one = |node: &Node| {
        Ok(Name {
            text: text_of(node, what)?,
            span: node.span.clone(),
        })
    };
    match &node.data {
        NodeData::Null => Ok(Vec::new()),
        NodeData::List(items) => items.iter().map(one).collect(),
        _ => Ok(vec![one(node)?]),
    }
}

fn entry_name(entry: &MapEntry) -> Name {
    Name {
        text: entry.key.clone(),
        span: entry.key_span.clone(),
    }
}
