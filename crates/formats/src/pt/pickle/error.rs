//! Error of interpreting a pickle.

/// Refusal of a pickle: the place in it, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {message}")]
pub struct PickleError {
    /// Byte of the pickle at which the offending opcode starts.
    pub offset: usize,
    /// Reason, for a person.
    pub message: String,
}
