//! The stage `infer`: segments in, logits out.
//!
//! Any TorchScript model of the signature (batch, leads, samples) → (batch, labels) runs, ours or somebody else's.
//!
//! | step | module |
//! |---|---|
//! | the stage and its parameters | [`mod@stage`], [`stage_params`] (the crate of that name) |
//! | the card beside the model | [`card`] |
//! | what the model returned at export, held against what it returns here | [`golden`] |
//! | devices and precision | [`device`] |
//! | a model on several devices, run as one | `device_pool` |
//! | CUDA, loaded only where there is a driver, and its devices | [`cuda`] |
//! | messages of libtorch when it fails | `failure`, `lost_device` |
//! | one interface for every runtime of models | [`backend`] |
//! | TorchScript behind that interface | [`torchscript`] |
//! | leads and samples of a segment | [`shape`] |
//! | memory for batches | [`signal_buffer`] |
//! | reading ahead while the model computes | [`prefetch`] |
//! | number of segments at once | `stage::batch_size` |
//! | several batches at once, outputs in order | `worker_pool` |
//! | number of libtorch's threads | `threads` |
//! | processor of this machine | `processor` |
//! | version of the libtorch that is loaded | [`version`] |

pub mod backend;
pub mod card;
pub mod cuda;
pub mod device;
mod device_pool;
mod error;
mod failure;
pub mod golden;
mod lost_device;
pub mod prefetch;
mod processor;
pub mod shape;
pub mod signal_buffer;
pub mod stage;
mod symbols;
mod threads;
pub mod torchscript;
pub mod version;
mod worker_pool;

pub use ecgfm_stage_params as stage_params;
pub use ecgfm_stage_params::{BatchSize, DeviceChoice, InferParams as Params, Precision};
pub use error::{Error, Result};
pub use stage::run;

#[cfg(test)]
mod testing;
