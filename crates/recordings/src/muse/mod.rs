//! GE MUSE's XML (`RestingECG`).
//!
//! | of the file | is taken |
//! |---|---|
//! | `Waveform` | that of the type `Rhythm`: the recorded samples; never `Median`, one computed beat |
//! | `SampleBase`, `SampleExponent` | base · 10^exponent, samples a second |
//! | `WaveFormData` | base64 of little-endian 16-bit counts; −32768 stands for a missing value (NaN) |
//! | `LeadAmplitudeUnitsPerBit`, `LeadAmplitudeUnits` | lead by lead, into millivolts in float64 |
//! | `LeadDataCRC32` | CRC-32 of the bytes of the counts; another one is a doubt that names the lead |
//! | `LeadByteCountTotal`, `LeadSampleCountTotal` | another number is an error, or a doubt where the checksum is right |
//! | leads that are not stored | III, aVR, aVL and aVF follow from I and II, in float64, and are marked as derived |
//! | a lead that is there twice | a doubt where the samples are the same, else an error |
//! | leads of unequal length, an odd number of bytes | an error |
//! | damaged base64 | an error, unless the checksum or the number of bytes proves that only foreign characters were added |
//! | `HighPassFilter` | hundredths of a Hz |
//! | `<` and `&` that nobody escaped | text |
//!
//! Scale, unit and rate are in the file or there is an error: nothing is assumed.

mod base64;
#[cfg(target_arch = "x86_64")]
mod base64_avx2;
mod base64_lines;
mod ecg;
mod facts;
mod file;
mod number;
mod ordered_leads;
mod other_xml;
mod usual_leads;
mod waveform;
mod write;

pub use ecg::MuseEcg;
pub use facts::{AgeUnit, MuseAge, MuseFacts, MuseFilters, Sex};
pub(crate) use file::{describe, open, recognizes};
pub use ordered_leads::MuseLead;
pub use write::{CountedLead, MuseDocument};
