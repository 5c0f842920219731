//! Limits of the memory and time that a checkpoint can take.

/// Limits of interpreting a pickle, which well-formed checkpoints do not reach and hostile ones do.
///
/// The defaults hold a pickle of a thousand times the size that a 90-million-parameter checkpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickleLimits {
    /// Bytes of `data.pkl`, once decompressed.
    pub pickle_bytes: u64,
    /// Opcodes executed.
    pub operations: u64,
    /// Values on the machine's stack.
    pub stack: usize,
    /// Open marks, which is how deep the pickle nests its unfinished collections.
    pub nesting: usize,
    /// Estimated bytes of all values together.
    pub value_bytes: u64,
}

impl Default for PickleLimits {
    fn default() -> Self {
        Self {
            pickle_bytes: 64 << 20,
            operations: 64_000_000,
            stack: 1 << 22,
            nesting: 100_000,
            value_bytes: 256 << 20,
        }
    }
}
