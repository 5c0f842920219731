//! The steps from a recording to segments: an ordered list as data ([`Step`], [`Recipe`]), and their arithmetic on
//! arrays. No input or output.
//!
//! A recording is a slice of numbers in **sample-major** order, as CODE-15 stores it: all leads of the first sample,
//! then all leads of the second. The order is kept from end to end. Every step then runs over the leads side by side,
//! which is fast, sums each lead sample by sample, which is the order in which the Python scripts' arrays are summed,
//! and yields the bytes that a MATLAB matrix of (leads, samples) wants. Only a segment on its way to the model is
//! turned lead-major, once.
//!
//! | module | what |
//! |---|---|
//! | [`step`] | the steps, as data |
//! | [`ecg_fm`] | ECG-FM's list of steps |
//! | [`recipe`] | a list of steps, checked |
//! | [`apply`] | a recipe applied to one recording |
//! | [`sample`] | float32 or float64, the types of a recording's values |
//! | [`counts`] | counts of an electrocardiograph as amplitudes |
//! | [`leads`] | names and order of the twelve leads |
//! | [`selection`] | leads by name |
//! | [`limb`] | laws that tie the limb leads, and mistakes that explain broken ones |
//! | [`residuals`] | what the laws of the limb leads leave of one sample |
//! | [`mod@strip`] | drops the zero padding at both ends |
//! | [`resample`] | linear interpolation with aligned ends |
//! | [`standardize`] | mean 0 and deviation 1, lead by lead |
//! | [`segment`] | cuts of equal length |
//! | [`excerpt`], [`beats`], [`mains`] | the middle of a recording, durations of its beats, the line of the mains |
//! | [`rate_check`], [`common_rates`] | sample rates held against these, and those that recordings have |
//! | [`quality`] | float32 mean and deviation, NaN and constant leads |
//! | [`filter`] | filters of zero phase, as scipy's |
//! | [`running_median`], [`fourier`], [`polyphase`] | a baseline, and resampling, as scipy's |
//! | [`steps`] | recipes of any model, as data, and what applies them |
//! | [`trimmed`] | a recording without its padding, and the short way to float32 segments |
//! | [`processed`] | what comes out, and the step to lead-major |
//!
//! ```
//! use ecgfm_recipe::{EcgFm, Scratch};
//!
//! # fn main() -> Result<(), ecgfm_recipe::Error> {
//! let recipe = EcgFm { segment_seconds: 1.0, ..EcgFm::default() }.recipe()?;
//! let tracing: Vec<f32> = (0..450 * 12).map(|i| (i as f32 * 0.01).sin()).collect(); // 450 samples of 12 leads
//! let mut scratch = Scratch::default();
//! let processed = recipe.apply(&tracing, 400.0, &mut scratch)?;
//! assert_eq!(processed.preprocessed().len(), 562 * 12); // 450 at 400 Hz are 562 at 500 Hz
//! assert_eq!(processed.segment_count(), 1);
//! # Ok(())
//! # }
//! ```

pub mod apply;
pub mod beats;
mod columns;
pub mod common_rates;
pub mod counts;
mod divide;
pub mod ecg_fm;
mod error;
pub mod excerpt;
pub mod filter;
pub mod fourier;
pub mod heart_rate;
mod lead_major;
pub mod leads;
pub mod limb;
pub mod mains;
pub mod polyphase;
pub mod processed;
pub mod quality;
pub mod rate_check;
pub mod recipe;
pub mod resample;
mod resampler;
pub mod residuals;
pub mod running_median;
pub mod saliency;
pub mod sample;
pub mod segment;
pub mod selection;
pub mod standardize;
pub mod step;
pub mod steps;
pub mod strip;
pub mod trimmed;

pub use apply::Scratch;
pub use ecg_fm::EcgFm;
pub use error::{Error, Result};
pub use recipe::Recipe;
pub use step::Step;
