//! Errors of the engine, in classes that map to exit codes, with the place and the way out.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::source::Span;
use ecgfm_stage::{FailureClass, StageError};
use ecgfm_system::Fault;

/// The class of an error; a command line maps it to its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A stage failed, or the machine did (permission, memory, limits).
    StageFailed,
    /// The machine failed in a way that may pass (disk full, device lost, stale file handle): the same command may be tried again.
    TryAgain,
    /// The pipeline file or an argument is wrong.
    Config,
    /// A stage found its input data missing or malformed.
    BadInput,
    /// Another run holds the run directory.
    Locked,
    /// The run was cancelled; running again continues.
    Interrupted,
}

impl ErrorKind {
    /// 1 stage failed, 2 configuration, 3 bad input, 4 locked, 75 try again (`EX_TEMPFAIL` of sysexits.h), 130 interrupted.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::StageFailed => 1,
            Self::Config => 2,
            Self::BadInput => 3,
            Self::Locked => 4,
            Self::TryAgain => 75,
            Self::Interrupted => 130,
        }
    }
}

/// An error of the engine: what, where and what to do about it.
///
/// `Display` is one line without `error:`; [`Error::render`] adds the quoted source line and the help.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.headline())]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    span: Option<Span>,
    notes: Vec<String>,
    help: Option<String>,
    stage: Option<String>,
    bug: bool,
    others: Vec<Error>,
}

impl Error {
    /// An error of a class with its message.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            kind,
            message,
            span: None,
            notes: vec![],
            help: None,
            stage: None,
            bug: false,
            others: vec![],
        }))
    }

    /// Several errors that were found together as one: the first that is of the configuration, or the first; the others
    /// follow it. None where there are none.
    pub(crate) fn together(errors: Vec<Self>) -> Option<Self> {
        let config = |error: &Self| error.kind() == ErrorKind::Config;
        let first = errors.iter().position(config).unwrap_or(0);
        let mut errors = errors;
        if errors.is_empty() {
            return None;
        }
        let mut error = errors.remove(first);
        error.0.others = errors;
        Some(error)
    }

    /// Further errors that were found at the same time.
    #[must_use]
    pub fn others(&self) -> &[Self] {
        &self.0.others
    }

    /// A stage's failure, with the stage's name before its message.
    pub(crate) fn of_stage(stage: &str, error: StageError) -> Self {
        let message = format!("stage `{stage}`: {}", error.message);
        Self::from(StageError { message, ..error }).in_stage(stage)
    }

    pub(crate) fn of_class(mut self, class: FailureClass) -> Self {
        self.0.kind = class.into();
        self
    }

    pub(crate) fn config(span: &Span, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message).at(span)
    }

    /// A fault of the system, with its advice.
    #[must_use]
    pub fn of_fault(fault: Fault, message: impl Into<String>) -> Self {
        Self::new(FailureClass::of_fault(fault).into(), message).help(fault.advice())
    }

    /// A failed operation on a file, with what was attempted: "cannot read `path`: reason".
    pub(crate) fn io(doing: &str, path: &Path, source: &std::io::Error) -> Self {
        let message = format!("cannot {doing} `{}`: {source}", path.display());
        match Fault::of(source) {
            Some(fault) => Self::of_fault(fault, message),
            None => Self::new(ErrorKind::StageFailed, message),
        }
    }

    pub(crate) fn at(mut self, span: &Span) -> Self {
        self.0.span = Some(span.clone());
        self
    }

    /// Adds a line that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(crate) fn help_if(mut self, help: Option<String>) -> Self {
        self.0.help = help.or(self.0.help);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    pub(crate) fn in_stage(mut self, stage: &str) -> Self {
        self.0.stage = Some(stage.to_owned());
        self
    }

    pub(crate) fn marked_bug(mut self) -> Self {
        self.0.bug = true;
        self
    }

    /// The class.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without place or help.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Place in the pipeline file or on the command line, for an error about those.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        self.0.span.as_ref()
    }

    /// Advice on what to do.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Further facts to know, a line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// The stage it happened in.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        self.0.stage.as_deref()
    }

    /// Says if the program is to blame and not its input, for example a panic in a stage.
    #[must_use]
    pub fn is_bug(&self) -> bool {
        self.0.bug
    }

    fn headline(&self) -> String {
        match &self.0.span {
            Some(span) => format!("{span}: {}", self.0.message),
            None => self.0.message.clone(),
        }
    }

    /// `error:` line, the quoted source line with a caret, `note:` lines and the `help:` line,
    /// each ended by a newline; the same of every further error.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = self.rendered();
        for other in self.others() {
            text.push('\n');
            text.push_str(&other.render());
        }
        text
    }

    fn rendered(&self) -> String {
        let mut text = format!("error: {}\n", self.headline());
        if let Some(span) = &self.0.span {
            text.push_str(&span.snippet());
        }
        for note in &self.0.notes {
            let _ = writeln!(text, "note: {note}");
        }
        if let Some(help) = &self.0.help {
            let _ = writeln!(text, "help: {help}");
        }
        escape_control(text)
    }
}

impl From<StageError> for Error {
    fn from(error: StageError) -> Self {
        Self::new(error.class.into(), error.message).help_if(error.help)
    }
}

impl From<FailureClass> for ErrorKind {
    fn from(class: FailureClass) -> Self {
        match class {
            FailureClass::Failed => Self::StageFailed,
            FailureClass::TryAgain => Self::TryAgain,
            FailureClass::BadInput => Self::BadInput,
            FailureClass::Config => Self::Config,
            FailureClass::Interrupted => Self::Interrupted,
        }
    }
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A message quotes names and lines of files that anybody may have written: a terminal must show control characters, not
/// obey them.
fn escape_control(text: String) -> String {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(obeyed) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match obeyed(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}
