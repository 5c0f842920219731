//! Pickles, interpreted without running them.

mod call;
mod error;
mod input;
mod machine;
mod opcode;
mod storage;

use super::PickleLimits;
use super::value::{PickleValue, ValueId, ValueTable};

use std::collections::BTreeSet;

pub use error::PickleError;

/// Values of a pickle.
#[derive(Debug)]
pub struct PickleDocument {
    table: ValueTable,
    root: ValueId,
}

impl PickleDocument {
    /// Interprets a pickle of protocol 2 to 5. Nothing it names is looked up, imported or run.
    ///
    /// # Errors
    /// When the pickle is truncated, malformed, of another protocol, or exceeds `limits`.
    pub fn parse(pickle: &[u8], limits: &PickleLimits) -> Result<Self, PickleError> {
        let (mut table, root) = machine::run_pickle(pickle, limits)?;
        table.merge_repeated_keys();
        Ok(Self { table, root })
    }

    /// Dotted names of the classes and functions that are not known and became opaque values, as in `posix.system`.
    pub fn opaque_names(&self) -> BTreeSet<String> {
        self.table.opaque_names()
    }

    /// Value that unpickling would return.
    pub fn root(&self) -> PickleValue<'_> {
        PickleValue {
            table: &self.table,
            id: self.root,
        }
    }
}

#[cfg(test)]
mod tests;
