//! Errors of reading checkpoints.

use std::path::PathBuf;

/// Result of reading a checkpoint.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error of reading a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The file is of another format.
    #[error("{} is not a torch>=1.6 zip checkpoint: {found}", path.display())]
    NotACheckpoint {
        /// The file.
        path: PathBuf,
        /// Description of the format, and advice.
        found: String,
    },
    /// A safetensors file is damaged or inconsistent.
    #[error("{}: safetensors: {message}", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// Contradiction, for a person.
        message: String,
    },
    /// The file holds no weights where training tools keep them.
    #[error("{}: no weights in it, neither at its top nor under model, state_dict or model_state_dict; {found}", path.display())]
    NoWeights {
        /// The file.
        path: PathBuf,
        /// Content found instead.
        found: String,
    },
    /// Two weights have the same name after the prefixes of training tools are removed.
    #[error("{}: weights `{}` and `{}` are both `{plain}`", path.display(), names[0], names[1])]
    SameName {
        /// The file.
        path: PathBuf,
        /// Names of the two in the file.
        names: [String; 2],
        /// Name of both in the network.
        plain: String,
    },
    /// The zip container is damaged or inconsistent.
    #[error("{}: entry {entry:?} of the checkpoint's archive: {message}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// Name of the archive's entry.
        entry: String,
        /// Contradiction, for a person.
        message: String,
    },
    /// The pickle inside is malformed or too large.
    #[error("{}: data.pkl, {source}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// Refusal, with its place in the pickle.
        source: super::PickleError,
    },
    /// A key that was asked for is not there.
    #[error("{}: no {key:?} in the checkpoint; there is {available}", path.display())]
    MissingKey {
        /// The file.
        path: PathBuf,
        /// Dotted path of the key.
        key: String,
        /// The keys that are there instead.
        available: String,
    },
    /// A value is not of the type that was asked for.
    #[error("{}: {key:?} of the checkpoint is {found}, not {expected}", path.display())]
    WrongType {
        /// The file.
        path: PathBuf,
        /// Dotted path of the value.
        key: String,
        /// Name that was asked for.
        expected: &'static str,
        /// Type of the value.
        found: String,
    },
    /// A tensor's description does not fit its storage, or its type cannot be converted.
    #[error("{}: tensor in storage {storage:?}: {message}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// Key of the storage.
        storage: String,
        /// Mismatch, for a person.
        message: String,
    },
}
