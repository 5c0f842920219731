//! Warnings about stages that a run reads from and does not run.

use super::graph_run::Run;
use crate::config::graph::Stage;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::examine::ExaminedStage;
use crate::plan::reason::StaleReason;
use crate::plan::status::StageState;
use crate::run::event::RunEvent;
use ecgfm_system::presence;

impl Run<'_> {
    /// Stages that are not chosen but read from: stale ones are used as they are, missing ones cannot be.
    pub(super) fn warn_of_stale(&self, plan: &[ExaminedStage]) -> Result<()> {
        for stage in self
            .view
            .graph
            .stages
            .iter()
            .filter(|s| self.chosen.contains(s.name()))
        {
            for upstream in stage.upstream.iter().filter(|u| !self.chosen.contains(&u.stage)) {
                let Some(found) = plan
                    .iter()
                    .map(|e| &e.planned)
                    .find(|p| p.stage == upstream.stage)
                else {
                    continue;
                };
                // What was removed is looked for when the stage that reads it is about to run.
                if matches!(found.state, StageState::Fresh | StageState::Cleaned) {
                    continue;
                }
                self.require_outputs(stage, &upstream.stage)?;
                let why: Vec<String> = found.reasons.iter().map(why_stale).collect();
                self.observer.event(&RunEvent::Warning {
                    stage: Some(stage.name().to_owned()),
                    message: format!(
                        "`{}` reads what `{}` left earlier, which {}: {}",
                        stage.name(),
                        upstream.stage,
                        match found.state {
                            StageState::Undecided => "may not be up to date".to_owned(),
                            state => format!("is {}", state.word()),
                        },
                        why.join("; ")
                    ),
                    help: Some(format!(
                        "run with `--until {}` to bring all of it up to date",
                        stage.name()
                    )),
                });
            }
        }
        Ok(())
    }

    /// Fails where a stage that does not run has not left what `reader` refers to.
    fn require_outputs(&self, reader: &Stage, upstream: &str) -> Result<()> {
        let (name, graph) = (reader.name(), self.view.graph);
        let disk = self.view.outputs_on_disk.get(upstream).filter(|disk| !disk.gone);
        let outputs = graph
            .stages
            .iter()
            .find(|s| s.name() == upstream)
            .map_or(&[][..], Stage::outputs);
        let refers = reader
            .upstream
            .iter()
            .filter(|u| u.stage == upstream)
            .flat_map(|u| &u.outputs);
        let mut absent = None;
        for output in refers.filter_map(|o| outputs.iter().find(|output| output.name == o)) {
            let io = |e: std::io::Error| Error::io("look for", &output.path, &e).in_stage(name);
            if output.required && !presence::exists(&output.path).map_err(io)? {
                absent = Some(output);
                break;
            }
        }
        let missing = match (disk, absent) {
            (None, _) => format!("`{upstream}` has left nothing"),
            (_, Some(output)) => format!("`{}` is missing", output.path.display()),
            _ => return Ok(()),
        };
        let message = format!("stage `{name}` reads from stage `{upstream}`, but {missing}");
        Err(Error::new(ErrorKind::Config, message)
            .help(format!(
                "run `{upstream}` first: leave out --only or --from, or use `--until {name}`"
            ))
            .in_stage(name))
    }
}

/// A reason, for a stage that will not run now.
fn why_stale(reason: &StaleReason) -> String {
    match reason {
        StaleReason::Upstream { stages } => {
            format!("it depends on stages that are not fresh ({})", stages.join(", "))
        }
        other => other.to_string(),
    }
}
