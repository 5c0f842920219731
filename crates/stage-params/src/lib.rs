//! What may be asked of the stages that need libtorch, without libtorch.
//!
//! The program checks a pipeline's parameters, fingerprints and status with these types alone; only what runs or exports a
//! model links libtorch, which takes longer to load than most stages take to run.

mod export;
mod infer;
mod returns;

pub use export::{Export, Positions};
pub use infer::{
    BatchSize, DeviceChoice, Infer, Output, Precision, SaliencyHeads, SaliencyPer, UnknownDevice, Wanted,
};
pub use returns::{Range, Returns};
