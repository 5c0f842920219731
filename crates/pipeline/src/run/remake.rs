//! Outputs that were removed and are made again for a stage that reads them.

use std::collections::BTreeSet;

use super::graph_run::Run;
use crate::config::graph::Stage;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::fingerprint::FingerprintInputs;
use crate::plan::gather::reads_removed;
use crate::plan::reason::StaleReason;
use crate::plan::status::StageState;
use crate::run::event::RunEvent;

impl Run<'_> {
    /// Makes again what a stage that is about to run reads and what was removed; whether there was anything.
    pub(super) fn make_again_for(&mut self, reader: &Stage, facts: &FingerprintInputs) -> Result<bool> {
        let graph = self.view.graph;
        let mut any = false;
        for stage in &graph.stages {
            if !reads_removed(graph, &self.view.outputs_on_disk, &facts.inputs, stage.name()) {
                continue;
            }
            any = true;
            self.make_again(stage, reader)?;
        }
        Ok(any)
    }

    fn make_again(&mut self, stage: &Stage, reader: &Stage) -> Result<()> {
        let name = stage.name();
        let refused = |why: String| {
            let message = format!(
                "stage `{}` needs what `{name}` left, which clean removed; {why}",
                reader.name()
            );
            Error::new(ErrorKind::Config, message).in_stage(reader.name())
        };
        if !self.chosen.contains(name) {
            let why = format!("`{name}` is not to run");
            let help = format!("leave out --only or --from, or use `--until {}`", reader.name());
            return Err(refused(why).help(help));
        }
        let examined = self.view.examine(stage, &BTreeSet::new(), false)?;
        let (Some(facts), StageState::Cleaned) = (examined.facts, examined.planned.state) else {
            let why: Vec<String> = examined.planned.reasons.iter().map(ToString::to_string).collect();
            let why = format!("it cannot be made again as it was: {}", why.join("; "));
            return Err(refused(why).help(format!("put back what `{name}` reads, and run again")));
        };
        self.make_again_for(stage, &facts)?;
        self.summary.fresh.retain(|fresh| fresh != name);
        let before = self
            .view
            .outputs_on_disk
            .get(name)
            .and_then(|disk| disk.record.output(""));
        let by = vec![reader.name().to_owned()];
        self.run_stage(stage, &facts, vec![StaleReason::Needed { by }])?;
        let now = self
            .view
            .outputs_on_disk
            .get(name)
            .and_then(|disk| disk.record.output(""));
        if before != now {
            self.observer.event(&RunEvent::Warning {
                stage: Some(name.to_owned()),
                message: format!("`{name}`, made again, differs from what it left before"),
                help: Some("run the same command again: what was made of it follows".to_owned()),
            });
        }
        Ok(())
    }

    /// Runs a stage for which something was made again, unless that changed what the stage is to do.
    pub(super) fn remake_and_run(&mut self, stage: &Stage) -> Result<()> {
        let examined = self.view.examine(stage, &BTreeSet::new(), self.options.force)?;
        match examined.facts {
            Some(facts) => self.run_stage(stage, &facts, examined.planned.reasons),
            None => Ok(()),
        }
    }
}
