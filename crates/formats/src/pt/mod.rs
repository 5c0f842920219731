//! A safe reader of PyTorch checkpoints (`torch.save`, PyTorch 1.6 and later).
//!
//! Such a file is a zip archive: one folder that holds `data.pkl` (a pickle of everything but the numbers) and
//! `data/<key>` (the raw little-endian numbers of one storage each). Python reads the pickle by *running* it, which
//! hands the machine to whoever wrote the file. This reader interprets the opcodes into plain [`PickleValue`]s and runs
//! nothing: a class or function it does not know becomes an opaque value that carries its name and arguments.
//! Every length in the file is checked before anything is allocated by it, see [`PickleLimits`].
//!
//! Tensors are described when the file is opened and read only when asked for, so the two thirds of a training
//! checkpoint that are optimizer state cost nothing.
//!
//! [`WeightsFile`] gives a network's weights by their plain names, out of such a checkpoint, a bare state dict or a
//! safetensors file.
//!
//! ```no_run
//! use ecgfm_formats::pt::Checkpoint;
//!
//! # fn main() -> Result<(), ecgfm_formats::pt::Error> {
//! let checkpoint = Checkpoint::open("model.pt")?;
//! let layers = checkpoint.value(&["cfg", "model", "encoder_layers"])?.as_i64();
//! let bias = checkpoint.tensor(&["model", "proj.bias"])?;
//! println!("{layers:?} layers, bias {:?}", checkpoint.read_f32(bias)?);
//! # Ok(())
//! # }
//! ```

mod checkpoint;
mod container;
mod dtype;
mod error;
mod limits;
mod pickle;
mod safetensors;
mod show;
mod tensor;
mod value;
mod weights;

pub use checkpoint::Checkpoint;
pub use dtype::TorchDtype;
pub use error::{Error, Result};
pub use limits::PickleLimits;
pub use pickle::{PickleDocument, PickleError};
pub use tensor::{Storage, TensorRef};
pub use value::{Opaque, PickleValue, ValueKind};
pub use weights::{Weight, WeightsFile};
