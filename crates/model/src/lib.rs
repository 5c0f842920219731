//! Networks for ECGs, by family: from a training checkpoint to a TorchScript file, without Python.
//!
//! | step | module |
//! |---|---|
//! | which family a checkpoint is of, its sizes, its forward pass | [`families`] |
//! | weights, by name, checked one by one | [`weights`] |
//! | what a network says of signals | [`outputs`] |
//! | ECG-FM: what the checkpoint says the network is | [`config`] |
//! | its forward pass | [`network`] |
//! | its positional convolution in every form | [`mod@positions`] |
//! | the same in fewer operations | [`mod@fused`] |
//! | `model.ts`, a TorchScript archive with real parameters | [`torchscript`] |
//! | `model.json`, the card beside it | [`card`] |
//! | a few inputs with the model's outputs, for whoever runs it | `golden` |
//! | all of it: checkpoint in, model and card out | [`mod@export`] |
//!
//! [`init`], [`mod@train`] and [`checkpoint`] go the other way: random weights of a configuration, trained ones, and a
//! checkpoint file of them that PyTorch and the reference read.

mod allocation;
mod archive;
pub mod card;
pub mod checkpoint;
pub mod config;
mod conv_layers;
mod document;
mod error;
pub mod export;
pub mod families;
mod files;
pub mod fused;
pub mod golden;
pub mod init;
pub mod network;
pub mod outputs;
mod pickle;
pub mod positions;
pub mod spread;
pub mod torchscript;
pub mod train;
pub mod weights;

pub use card::Card;
pub use config::{Config, ConvLayer};
pub use error::{Error, Result};
pub use export::{Params, export};
pub use families::{Family, Network, find_network};
pub use weights::Weights;

#[cfg(test)]
mod testing;
