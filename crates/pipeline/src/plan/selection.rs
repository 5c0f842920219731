//! Selection of the stages of a run: `--only`, `--from`, `--until`.

use std::collections::BTreeSet;

use crate::config::graph::Graph;
use crate::error::{Error, ErrorKind, Result};

/// Stages to run; all where nothing is set.
#[derive(Debug, Clone, Default)]
pub struct StageSelection {
    /// Exactly these, on what is on disk.
    pub only: Vec<String>,
    /// The stage of this name, all that depends on it, and what those need besides; not what comes before it.
    pub from: Option<String>,
    /// The stage of this name and all that it depends on.
    pub until: Option<String>,
}

impl Graph {
    /// The names of the selected stages.
    ///
    /// # Errors
    /// When a stage does not exist or nothing is left.
    pub fn select(&self, selection: &StageSelection) -> Result<BTreeSet<String>> {
        for name in selection
            .only
            .iter()
            .chain(&selection.from)
            .chain(&selection.until)
        {
            self.stage(name)?;
        }
        if !selection.only.is_empty() {
            if selection.from.is_some() || selection.until.is_some() {
                let message = "--only cannot be combined with --from or --until";
                return Err(
                    Error::new(ErrorKind::Config, message).help("use --only alone, or --from with --until")
                );
            }
            return Ok(selection.only.iter().cloned().collect());
        }
        let mut chosen: BTreeSet<String> = self.stages.iter().map(|s| s.name().to_owned()).collect();
        if let Some(until) = &selection.until {
            let before = self.before([until.clone()].into());
            chosen.retain(|name| before.contains(name));
        }
        if let Some(from) = &selection.from {
            let before: BTreeSet<String> = self.before([from.clone()].into());
            let after = self.after(from);
            let needed = self.before(after.intersection(&chosen).cloned().collect());
            chosen.retain(|name| name == from || (needed.contains(name) && !before.contains(name)));
            if let Some(until) = selection.until.as_ref().filter(|until| !after.contains(*until)) {
                let message = format!("stage `{until}` does not depend on stage `{from}`");
                return Err(Error::new(ErrorKind::Config, message)
                    .help("swap --from and --until, or give one of them"));
            }
        }
        Ok(chosen)
    }

    /// The stages and all that they depend on.
    fn before(&self, mut stages: BTreeSet<String>) -> BTreeSet<String> {
        for stage in self.stages.iter().rev() {
            if stages.contains(stage.name()) {
                stages.extend(stage.upstream.iter().map(|u| u.stage.clone()));
            }
        }
        stages
    }

    /// The stage and all that depend on it.
    pub(crate) fn after(&self, stage: &str) -> BTreeSet<String> {
        let mut stages = BTreeSet::from([stage.to_owned()]);
        for stage in &self.stages {
            if stage.upstream.iter().any(|u| stages.contains(&u.stage)) {
                stages.insert(stage.name().to_owned());
            }
        }
        stages
    }
}
