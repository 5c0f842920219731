//! Outputs of an older version of a stage's code, accepted as they are.

use std::time::SystemTime;

use crate::config::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::reason::StaleReason;
use crate::plan::status::PlannedStage;
use crate::store::record::Accepted;
use crate::store::run_lock;
use crate::time::rfc3339;

impl Graph {
    /// Accepts what older versions of these stages' code left as what the present versions would leave, and records that.
    /// Gives what was recorded, in the given order.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a stage does not exist, its code is that of its outputs, or something else has changed too, so
    /// that it would run all the same; then nothing is recorded. [`ErrorKind::Locked`] while a run is at work here.
    pub fn accept(&self, stages: &[String]) -> Result<Vec<(String, Accepted)>> {
        for name in stages {
            self.stage(name)?;
        }
        let _lock = run_lock::lock_run_dir(&self.run_dir)?;
        let mut view = self.recover()?;
        let everything = self.stages.iter().map(|s| s.name().to_owned()).collect();
        let plan = view.plan(&everything, false)?;
        let mut accepted = Vec::new();
        for name in stages {
            let planned = plan.iter().map(|examined| &examined.planned);
            let version = planned
                .into_iter()
                .find(|p| p.stage == *name)
                .map(acceptable_version)
                .transpose()?;
            let (Some(version), Some(record)) = (version, view.lock.stages.get_mut(name)) else {
                continue;
            };
            let at = rfc3339(SystemTime::now());
            let made_by = record.code_version;
            let now = Accepted { version, made_by, at };
            record.accepted = Some(now.clone());
            accepted.push((name.clone(), now));
        }
        view.lock.write(&self.run_dir)?;
        Ok(accepted)
    }
}

/// The version for which a stage's outputs can be accepted.
fn acceptable_version(planned: &PlannedStage) -> Result<u32> {
    if let Some(version) = planned.acceptable_version() {
        return Ok(version);
    }
    let name = &planned.stage;
    let refused =
        |message: String, help: &str| Err(Error::new(ErrorKind::Config, message).help(help).in_stage(name));
    let reasons = planned.certain_reasons();
    if reasons
        .iter()
        .any(|reason| matches!(reason, StaleReason::CodeVersion { .. }))
    {
        let others = reasons
            .iter()
            .filter(|reason| !matches!(reason, StaleReason::CodeVersion { .. }));
        let others: Vec<String> = others.map(ToString::to_string).collect();
        return refused(
            format!("stage `{name}` would run all the same: {}", others.join("; ")),
            "accept is for outputs of which nothing but the version of the code has changed",
        );
    }
    refused(
        format!("no older version of its code made what stage `{name}` left: there is nothing to accept"),
        "`ecgfm status` says why a stage is not fresh",
    )
}
