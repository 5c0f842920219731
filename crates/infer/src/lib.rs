//! The stage `infer`: segments in, logits out.
//!
//! Any TorchScript model of the signature (batch, leads, samples) → (batch, labels) runs, ours or somebody else's.
//!
//! | step | module |
//! |---|---|
//! | what to run, on what | [`mod@stage`], [`stage_params`] (the crate of that name) |
//! | the model beside its card | [`card`] |
//! | which device | [`device`] |
//! | CUDA loaded only where there is a driver, and what is known of it | [`cuda`] |
//! | what libtorch says when it fails | `failure` |
//! | one interface for whatever runs a model | [`backend`] |
//! | TorchScript behind it | [`torchscript`] |
//! | leads and samples of a segment | [`shape`] |
//! | memory for batches | [`signals`] |
//! | reading ahead while the model computes | [`prefetch`] |
//! | how many segments at once | `stage::batch_size` |
//! | several batches at once, answers in order | `workers` |
//! | which libtorch is loaded | [`version`] |

pub mod backend;
pub mod card;
pub mod cuda;
pub mod device;
mod error;
mod failure;
pub mod prefetch;
pub mod shape;
pub mod signals;
pub mod stage;
mod symbols;
pub mod torchscript;
pub mod version;
mod workers;

pub use ecgfm_stage_params as stage_params;
pub use ecgfm_stage_params::{BatchSize, DeviceChoice, Infer as Params, Precision};
pub use error::{Error, Result};
pub use stage::run;

#[cfg(test)]
mod testing;
