//! Synthetic ECGs in the shape of CODE-15 or of other archives, with known rhythm and conduction labels.
//!
//! A heart vector draws P, QRS and T loops for every beat; Dower's lead vectors turn it into twelve leads; nine
//! noisy electrodes pick it up. Labels come first and the ECG is built to meet them, so every exam's
//! rate, intervals, axis and R peaks are known. **None of it is a patient's, and nothing learned from it says
//! anything about patients.**
//!
//! ```
//! let options = ecgfm_synth::SynthOptions { exams: 10, noise: 0.0, ..Default::default() };
//! let exam = ecgfm_synth::make_exam(&options, 3)?;
//! assert_eq!(exam.samples.ncols(), 12);
//! assert!(exam.truth.qrs_ms > 60.0);
//! # Ok::<(), ecgfm_synth::Error>(())
//! ```

mod borderline;
mod cohort;
mod diagnosis;
mod error;
mod exam;
mod fault;
mod labels;
mod layout;
mod leads;
mod mix;
mod morphology;
mod noise;
mod options;
mod permutation;
mod planes;
mod random;
mod release;
mod rhythm;
mod wave;

pub use error::Error;
pub use exam::{Exam, ExamTruth, Generator, UNITS_PER_MILLIVOLT, make_exam};
pub use fault::ArchiveFault;
pub use labels::{Conduction, Finding, Labels, Rhythm};
pub use layout::ReleaseLayout;
pub use leads::{LEAD_NAMES, LEADS};
pub use mix::{Mix, Shares};
pub use options::{FaultCounts, MAX_EXAMS, MAX_EXAMS_PER_PART, SynthOptions};
pub use release::{ReleaseSummary, exams_header, generate_release};

/// Samples a second in CODE-15's layout.
pub const SAMPLE_RATE: f64 = 400.0;
