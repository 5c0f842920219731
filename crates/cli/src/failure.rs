//! Output of a command that failed: a message for people on standard error, and with `--json` an object on standard output.

use crate::interrupt;
use ecgfm_pipeline::{Error, ErrorKind, Origin, RunEvent, RunObserver, Span};
use serde_json::{Map, Value, json};
use std::sync::{Mutex, PoisonError};

/// An error, and what the command has to say in JSON all the same: what finished before it.
pub struct CommandFailure {
    error: Error,
    output: Value,
}

impl From<Error> for CommandFailure {
    fn from(error: Error) -> Self {
        Self {
            error,
            output: Value::Null,
        }
    }
}

impl CommandFailure {
    /// `output` is an object: what the command prints in JSON beside the error.
    pub fn with_output(error: Error, output: Value) -> Self {
        Self { error, output }
    }

    /// Exit code of the program.
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.error)
    }

    /// Tells people, and with `json` programs; the exit code.
    pub fn report(&self, json: bool) -> u8 {
        let code = self.exit_code();
        crate::console::write_stderr(format_args!("{}", self.error.render()));
        if json {
            print_json(&error_json(&self.error), &self.output);
        }
        code
    }
}

/// Wrong arguments, as the parser of the command line tells them.
pub fn report_wrong_arguments(message: &str) {
    let first = message.lines().next().unwrap_or_default();
    let error = json!({
        "kind": ErrorKind::Config,
        "message": first.trim_start_matches("error: "),
        "help": "`ecgfm --help` and `ecgfm COMMAND --help` list what may be given",
        "exit_code": ErrorKind::Config.exit_code(),
    });
    print_json(&error, &Value::Null);
}

fn print_json(error: &Value, output: &Value) {
    let mut all = Map::new();
    all.insert("error".to_owned(), error.clone());
    all.extend(output.as_object().cloned().unwrap_or_default());
    crate::console::println_stdout!("{:#}", Value::Object(all));
}

/// Exit code for an error; after an interruption it depends on the signal.
fn exit_code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Interrupted => interrupt::exit_code(),
        kind => kind.exit_code(),
    }
}

/// An error in JSON; what does not apply is left out.
fn error_json(error: &Error) -> Value {
    let place = |span: &Span| match span.origin() {
        Origin::File => json!({ "file": span.name(), "line": span.line(), "column": span.column() }),
        Origin::Argument => json!({ "argument": span.name() }),
    };
    let mut described = json!({
        "kind": error.kind(),
        "message": error.message(),
        "help": error.help_text(),
        "exit_code": exit_code(error),
        "place": error.span().map(place),
        "stage": error.stage(),
        "notes": error.notes(),
        "others": error.others().iter().map(error_json).collect::<Vec<_>>(),
    });
    if let Some(entries) = described.as_object_mut() {
        entries.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()));
    }
    described
}

/// Passes events on, and remembers what had finished when the run ended.
pub struct FinishRecorder<'a> {
    to: &'a dyn RunObserver,
    finished: Mutex<Value>,
}

impl<'a> FinishRecorder<'a> {
    /// Passes events on to `to`.
    pub fn new(to: &'a dyn RunObserver) -> Self {
        Self {
            to,
            finished: Mutex::new(json!({})),
        }
    }

    /// The stages that ran, were fresh, failed and were blocked, and the time; an empty object where the run never began.
    pub fn finished(&self) -> Value {
        self.finished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl RunObserver for FinishRecorder<'_> {
    fn event(&self, event: &RunEvent) {
        if let RunEvent::RunFinished {
            ran,
            fresh,
            failed,
            blocked,
            seconds,
        } = event
        {
            let finished = json!({ "ran": ran, "fresh": fresh, "failed": failed, "blocked": blocked, "seconds": seconds });
            *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = finished;
        }
        self.to.event(event);
    }
}
