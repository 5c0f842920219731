//! Running one stage into a temporary directory.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ecgfm_system::Fault;
use serde_json::Value;

use crate::config::outputs::StageOutput;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::StageKind;
use crate::run::event::{Observer, ProgressEvents};
use ecgfm_stage::{Cancel, Context, Outcome};

/// One stage about to run.
pub(crate) struct StageInvocation<'a> {
    pub(crate) stage: &'a str,
    pub(crate) kind: &'a dyn StageKind,
    pub(crate) params: &'a Value,
    pub(crate) outputs: &'a [StageOutput],
    pub(crate) out: &'a Path,
    pub(crate) home: &'a Path,
}

impl StageInvocation<'_> {
    /// Runs the stage and checks that it left what it promised. A panic becomes an error.
    pub(crate) fn run(&self, observer: &dyn Observer, cancel: &Cancel) -> Result<Outcome> {
        let progress = ProgressEvents {
            stage: self.stage,
            observer,
        };
        let context = Context {
            out: self.out,
            home: self.home,
            progress: &progress,
            cancel,
        };
        // What a panicking stage leaves half done lies in its temporary directory, which nobody reads.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.kind.run(self.params, &context)))
            .map_err(|panic| self.panic_error(panic_text(panic.as_ref())))?
            .map_err(|e| Error::of_stage(self.stage, e))?;
        let absent = self
            .outputs
            .iter()
            .find(|o| o.required && !self.out.join(&o.relative).exists());
        match absent {
            None => Ok(outcome),
            Some(output) => Err(self.bug_error(&format!(
                "it left no `{}`, its output `{}`",
                output.relative, output.name
            ))),
        }
    }

    /// A panic is a bug, unless the system is at fault: it may refuse a thread where no error can be returned.
    fn panic_error(&self, text: &str) -> Error {
        let Some(fault) = Fault::in_text(text) else {
            return self.bug_error(&format!("it panicked: {text}"));
        };
        let message = format!("stage `{}`: the system refused: {text}", self.stage);
        Error::new(ErrorKind::StageFailed, message)
            .help(fault.advice())
            .in_stage(self.stage)
    }

    fn bug_error(&self, what: &str) -> Error {
        let message = format!("stage `{}` has a bug: {what}", self.stage);
        Error::new(ErrorKind::StageFailed, message)
            .help("this is a fault of the program, not of your data or pipeline; please report it")
            .in_stage(self.stage)
            .marked_bug()
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
