//! Planting of faults in tracings.

use ndarray::s;

use crate::exam::Exam;
use crate::fault::Fault;
use crate::leads::LEAD_NAMES;
use crate::random::{Purpose, Stream};

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
