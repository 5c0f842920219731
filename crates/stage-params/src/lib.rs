//! Parameters of the stages that need libtorch, and what a model returns, as types without libtorch.
//!
//! The program checks a pipeline's parameters, fingerprints and status with these types alone; only what runs or exports a
//! model links libtorch, which takes longer to load than most stages take to run.

mod export;
mod infer;
mod model_card;
mod returns;

pub use export::{ExportParams, PositionalForm};
pub use infer::{
    BatchSize, DeviceChoice, InferOutput, InferParams, OutputSelection, Precision, SaliencyHeads,
    SaliencyPer, UnknownDevice,
};
pub use model_card::{
    CARD_FORMAT_VERSION, CardError, CardFile, CardOutput, Exporter, LabelNames, ModelCard, ModelInput,
};
pub use returns::{Returns, ValueRange};
