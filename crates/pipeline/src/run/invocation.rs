//! Running one stage into a temporary directory.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use ecgfm_system::Fault;
use serde_json::Value;

use crate::config::outputs::StageOutput;
use crate::error::{Error, ErrorKind, Result};
use crate::kind::StageKind;
use crate::run::event::{ProgressEvents, RunObserver};
use crate::store::publish;
use crate::store::stage_chunks;
use ecgfm_stage::{Cancel, ChunkWork, Context, Outcome};
use ecgfm_system::presence;

/// Stage about to run.
pub(crate) struct StageInvocation<'a> {
    pub(crate) stage: &'a str,
    pub(crate) kind: &'a dyn StageKind,
    pub(crate) params: &'a Value,
    pub(crate) outputs: &'a [StageOutput],
    pub(crate) out: &'a Path,
    pub(crate) home: &'a Path,
    /// Of a stage that works in chunks.
    pub(crate) chunks: Option<ChunkWork<'a>>,
}

/// The directories that a stage is given.
pub(crate) struct StageDirs {
    /// Empty, for its outputs.
    pub(crate) out: PathBuf,
    /// Of a stage that works in chunks, for those.
    chunks: Option<PathBuf>,
    /// Set where there are chunks of an interrupted run, or of other processes, with the same fingerprint.
    pub(crate) resumed: bool,
}

impl StageDirs {
    /// Place of all chunks.
    pub(crate) fn chunks(&self) -> Option<ChunkWork<'_>> {
        let dir = self.chunks.as_deref();
        dir.map(|dir| ChunkWork { dir, shard: None })
    }
}

/// Makes the directories of a stage ready; `from_beginning` leaves no chunks in them.
pub(crate) fn prepare_dirs(
    kind: &dyn StageKind,
    home: &Path,
    fingerprint: &str,
    from_beginning: bool,
) -> io::Result<StageDirs> {
    let out = stage_chunks::prepare_outputs(home)?;
    let (chunks, resumed) = match kind.chunked() {
        true => {
            let (dir, there) = stage_chunks::prepare_chunks(home, fingerprint, from_beginning)?;
            (Some(dir), there)
        }
        false => (None, false),
    };
    Ok(StageDirs { out, chunks, resumed })
}

/// The error of a stage whose input changed while the stage was reading it.
pub(crate) fn input_changed(stage: &str, input: &str, help: &str) -> Error {
    let message = format!(
        "stage `{stage}`: `{input}` changed while the stage was reading it; what it made is discarded"
    );
    Error::new(ErrorKind::BadInput, message)
        .help(help)
        .in_stage(stage)
}

impl StageInvocation<'_> {
    /// Runs the stage, and then asks whether its inputs are what they were when it began. What it wrote stays only where they are and the
    /// stage is done; chunks stay where the inputs are.
    pub(crate) fn run(
        &self,
        observer: &dyn RunObserver,
        cancel: &Cancel,
        require_unchanged_inputs: impl FnOnce() -> Result<()>,
    ) -> Result<Outcome> {
        let ran = self.run_code(observer, cancel);
        let unchanged = require_unchanged_inputs();
        if unchanged.is_err() || ran.is_err() {
            let _ = publish::remove(self.out);
        }
        // Where the system did not let the inputs be looked at, the chunks stay, those of other processes among them: they count for a run
        // only that finds the inputs as they were.
        let changed = matches!(&unchanged, Err(error) if error.kind() == ErrorKind::BadInput);
        if let Some(chunks) = self.chunks.filter(|_| changed) {
            let _ = publish::remove(chunks.dir);
        }
        match (ran, unchanged) {
            (Ok(outcome), unchanged) => unchanged.map(|()| outcome),
            (Err(error), Err(changed)) => Err(error.note(changed.message())),
            (Err(error), Ok(())) => Err(error),
        }
    }

    /// Runs the stage and checks that it left what it promised. A panic becomes an error.
    fn run_code(&self, observer: &dyn RunObserver, cancel: &Cancel) -> Result<Outcome> {
        let progress = ProgressEvents {
            stage: self.stage,
            observer,
        };
        let context = Context {
            out: self.out,
            home: self.home,
            progress: &progress,
            cancel,
            chunks: self.chunks,
        };
        // What a panicking stage leaves half done lies in its temporary directory, which nobody reads.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.kind.run(self.params, &context)))
            .map_err(|panic| self.panic_error(panic_text(panic.as_ref())))?
            .map_err(|e| Error::of_stage(self.stage, e))?;
        let is_share = self.chunks.is_some_and(|chunks| chunks.shard.is_some());
        for output in self.outputs.iter().filter(|output| output.required && !is_share) {
            let path = self.out.join(&output.relative);
            let io = |e: io::Error| Error::io("look for", &path, &e).in_stage(self.stage);
            if !presence::exists(&path).map_err(io)? {
                let (path, name) = (&output.relative, &output.name);
                return Err(self.bug_error(&format!("it left no `{path}`, its output `{name}`")));
            }
        }
        Ok(outcome)
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
