//! Classes of failure, decided beside each crate's own error.

use ecgfm_system::Fault;
use std::error::Error;

/// Class of a stage's failure, which decides the program's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Neither the data nor the configuration is to blame: the machine, or the program.
    Failed,
    /// The machine is to blame for something that may pass, such as a full disk or a lost device: the same work may be tried again.
    TryAgain,
    /// The input data are missing or malformed.
    BadInput,
    /// A parameter is wrong, as the stage found once it looked at the data.
    Config,
    /// The stage saw the cancellation flag and stopped in order.
    Interrupted,
}

impl FailureClass {
    /// Class of a fault of the system.
    #[must_use]
    pub fn of_fault(fault: Fault) -> Self {
        match fault.may_pass() {
            true => Self::TryAgain,
            false => Self::Failed,
        }
    }
}

/// An error of a stage that knows its class. Implement it beside the error, with a `match` that names every variant: then a new
/// variant does not compile before it has a class.
pub trait StageFailure: Error {
    /// Class of this failure. Where the system is at fault, an I/O error among the sources says so, and
    /// [`FailureClass::Failed`] or [`FailureClass::TryAgain`] takes the place of this answer.
    fn class(&self) -> FailureClass;

    /// Advice on what to do, where the message does not give any.
    fn help(&self) -> Option<String> {
        None
    }
}

/// Failure of a stage as the engine reports it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StageError {
    /// Class, which decides the exit code.
    pub class: FailureClass,
    /// Message: the failure, and its place.
    pub message: String,
    /// Advice on what to do.
    pub help: Option<String>,
}

// `StageError` is no `StageFailure` itself: this would then overlap with the standard library's `From<T> for T`.
impl<E: StageFailure + 'static> From<E> for StageError {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl StageError {
    /// An error of a class.
    #[must_use]
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            help: None,
        }
    }

    /// The failure that `error` stands for. A fault of the system among its sources is no fault of the data or the settings,
    /// whichever crate met it.
    #[must_use]
    pub fn of<E: StageFailure + 'static>(error: &E) -> Self {
        let message = error.to_string();
        let fault = Fault::in_chain(error);
        let class = match (fault, error.class()) {
            (Some(fault), class) if class != FailureClass::Interrupted => FailureClass::of_fault(fault),
            (_, class) => class,
        };
        if let (Some(fault), FailureClass::BadInput | FailureClass::Config) = (fault, error.class()) {
            return Self::new(class, message).help(fault.advice());
        }
        // Libraries in C and C++ pass the system's errors on as text: that serves for advice, and never for the class.
        let advice = || {
            fault
                .or_else(|| Fault::in_text(&message))
                .map(|fault| fault.advice().to_owned())
        };
        let help = error.help().or_else(advice);
        Self { class, message, help }
    }

    /// The machine or the program failed.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Failed, message)
    }

    /// The input data are missing or malformed.
    #[must_use]
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(FailureClass::BadInput, message)
    }

    /// A parameter is wrong.
    #[must_use]
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Config, message)
    }

    /// The stage stopped because it was cancelled.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(FailureClass::Interrupted, "interrupted")
    }

    /// Adds advice on what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read the table")]
    struct Unread(#[source] io::Error);

    impl StageFailure for Unread {
        fn class(&self) -> FailureClass {
            FailureClass::BadInput
        }
    }

    #[test]
    fn a_fault_of_the_system_blames_no_data() {
        let full = StageError::from(Unread(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.class, FailureClass::TryAgain);
        assert!(full.help.is_some());
        let refused = StageError::from(Unread(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(refused.class, FailureClass::Failed);
        let missing = StageError::from(Unread(io::ErrorKind::NotFound.into()));
        assert_eq!((missing.class, missing.help), (FailureClass::BadInput, None));
    }
}
