//! The faults of real archives, planted on purpose and written down.

use ndarray::s;

use crate::exam::Exam;
use crate::leads::LEAD_NAMES;
use crate::random::{Purpose, Stream};

/// A fault an exam of a release can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// One lead is 0 throughout.
    FlatLead,
    /// NaN in a stretch of one lead.
    Nan,
    /// Electrodes exchanged.
    SwappedLeads,
    /// Under 5 s.
    ShortRecording,
    /// In exams.csv but in no part.
    MissingExam,
    /// All samples 0.
    AllZero,
    /// exams.csv names another part.
    WrongTraceFile,
    /// Twice in exams.csv.
    DuplicateId,
    /// Twice in its part, first with an inverted tracing.
    DuplicateTracing,
}

impl Fault {
    /// The name used in faults.csv and in the options.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlatLead => "flat_lead",
            Self::Nan => "nan",
            Self::SwappedLeads => "swapped_leads",
            Self::ShortRecording => "short_recording",
            Self::MissingExam => "missing_exam",
            Self::AllZero => "all_zero",
            Self::WrongTraceFile => "wrong_trace_file",
            Self::DuplicateId => "duplicate_id",
            Self::DuplicateTracing => "duplicate_tracing",
        }
    }
}

/// Puts `fault` into the exam's tracing where it belongs there; returns what was done, for faults.csv.
pub(crate) fn plant(fault: Fault, exam: &mut Exam, seed: u64) -> String {
    let mut stream = Stream::new(seed, Purpose::Fault, exam.index);
    match fault {
        Fault::FlatLead => {
            let lead = stream.below(LEAD_NAMES.len());
            exam.samples.column_mut(lead).fill(0.0);
            format!("lead={}", LEAD_NAMES[lead])
        }
        Fault::Nan => {
            let lead = stream.below(LEAD_NAMES.len());
            let count = 1 + stream.below(200);
            let first = stream.below(exam.samples.nrows() - count);
            exam.samples
                .slice_mut(s![first..first + count, lead])
                .fill(f32::NAN);
            format!("lead={} first_sample={first} samples={count}", LEAD_NAMES[lead])
        }
        Fault::SwappedLeads => swap(exam, &mut stream),
        Fault::ShortRecording => {
            let samples = 400 + stream.below(1_500);
            exam.samples = exam.samples.slice(s![..samples, ..]).to_owned();
            format!("samples={samples}")
        }
        Fault::AllZero => {
            exam.samples.fill(0.0);
            String::new()
        }
        Fault::MissingExam | Fault::WrongTraceFile | Fault::DuplicateId | Fault::DuplicateTracing => {
            String::new()
        }
    }
}

/// Exchanges the arm electrodes, or two neighbouring chest electrodes.
fn swap(exam: &mut Exam, stream: &mut Stream) -> String {
    if stream.chance(0.5) {
        // RA for LA: I turns over, II and III change places, aVR and aVL too.
        for mut row in exam.samples.rows_mut() {
            row[0] = -row[0];
            row.swap(1, 2);
            row.swap(3, 4);
        }
        return "electrodes=RA/LA".to_owned();
    }
    let first = 6 + stream.below(5);
    for mut row in exam.samples.rows_mut() {
        row.swap(first, first + 1);
    }
    format!("electrodes={}/{}", LEAD_NAMES[first], LEAD_NAMES[first + 1])
}
