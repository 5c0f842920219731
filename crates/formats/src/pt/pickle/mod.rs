//! Interprets a pickle without running it.

mod call;
mod error;
mod input;
mod machine;
mod opcode;
mod storage;

use super::Limits;
use super::value::{Id, Table, Value};

use std::collections::BTreeSet;

pub use error::PickleError;

/// A pickle's values.
#[derive(Debug)]
pub struct Document {
    table: Table,
    root: Id,
}

impl Document {
    /// Interprets a pickle of protocol 2 to 5. Nothing it names is looked up, imported or run.
    ///
    /// # Errors
    /// When the pickle is truncated, malformed, of another protocol, or exceeds `limits`.
    pub fn parse(pickle: &[u8], limits: &Limits) -> Result<Self, PickleError> {
        let (mut table, root) = machine::run(pickle, limits)?;
        table.merge_repeated_keys();
        Ok(Self { table, root })
    }

    /// Dotted names of the classes and functions that are not known and became opaque values, as in `posix.system`.
    pub fn opaque_names(&self) -> BTreeSet<String> {
        self.table.opaque_names()
    }

    /// The value that unpickling would return.
    pub fn root(&self) -> Value<'_> {
        Value {
            table: &self.table,
            id: self.root,
        }
    }
}

#[cfg(test)]
mod tests;
