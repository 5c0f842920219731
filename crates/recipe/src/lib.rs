//! Signal mathematics on arrays: leads, strip, resample, standardise, segment, quality. No input or output.
//!
//! A recording is a slice of numbers in **sample-major** order, as CODE-15 stores it: all leads of the first sample,
//! then all leads of the second. The order is kept from end to end. Every step then runs over the leads side by side,
//! which is fast, sums each lead sample by sample, which is the order in which the Python scripts' arrays are summed,
//! and yields the bytes that a MATLAB matrix of (leads, samples) wants. Only a segment on its way to the model is
//! turned lead-major, once.
//!
//! | module | what |
//! |---|---|
//! | [`leads`] | names, order, and what the limb leads owe each other |
//! | [`limb`] | whether the limb leads agree with each other |
//! | [`mod@strip`] | drops the zero padding at both ends |
//! | [`resample`] | linear interpolation with aligned ends |
//! | [`standardize`] | mean 0 and deviation 1, lead by lead |
//! | [`segment`] | cuts of equal length |
//! | [`quality`] | float32 mean and deviation, NaN and constant leads |
//! | [`recipe`] | all of it in order, on one recording |
//! | [`trimmed`] | a recording without its padding, and the short way to float32 segments |
//! | [`processed`] | what comes out, and the step to lead-major |
//!
//! ```
//! use ecgfm_recipe::recipe::{Options, Recipe, Scratch};
//!
//! # fn main() -> Result<(), ecgfm_recipe::Error> {
//! let recipe = Recipe::new(Options { segment_seconds: 1.0, ..Options::default() })?;
//! let tracing: Vec<f32> = (0..450 * 12).map(|i| (i as f32 * 0.01).sin()).collect(); // 450 samples of 12 leads
//! let mut scratch = Scratch::default();
//! let processed = recipe.apply(&tracing, &mut scratch)?;
//! assert_eq!(processed.preprocessed().len(), 562 * 12); // 450 at 400 Hz are 562 at 500 Hz
//! assert_eq!(processed.segment_count(), 1);
//! # Ok(())
//! # }
//! ```

mod columns;
mod divide;
mod error;
pub mod leads;
pub mod limb;
pub mod processed;
pub mod quality;
pub mod recipe;
pub mod resample;
pub mod saliency;
pub mod segment;
pub mod standardize;
pub mod strip;
pub mod trimmed;

pub use error::{Error, Result};
