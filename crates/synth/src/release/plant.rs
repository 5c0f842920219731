//! Planting of faults in tracings.

use ndarray::s;

use crate::exam::Exam;
use crate::fault::ArchiveFault;
use crate::leads::LEAD_NAMES;
use crate::random::{Purpose, RandomStream};

/// Changes the exam's tracing where `fault` is one of the tracing; returns the details for faults.csv.
pub(crate) fn plant_fault(fault: ArchiveFault, exam: &mut Exam, seed: u64) -> String {
    let mut stream = RandomStream::new(seed, Purpose::Fault, exam.index);
    match fault {
        ArchiveFault::FlatLead => {
            let lead = stream.below(LEAD_NAMES.len());
            exam.samples.column_mut(lead).fill(0.0);
            format!("lead={}", LEAD_NAMES[lead])
        }
        ArchiveFault::Nan => {
            let lead = stream.below(LEAD_NAMES.len());
            let count = 1 + stream.below(200);
            let first = stream.below(exam.samples.nrows() - count);
            exam.samples
                .slice_mut(s![first..first + count, lead])
                .fill(f32::NAN);
            format!("lead={} first_sample={first} samples={count}", LEAD_NAMES[lead])
        }
        ArchiveFault::SwappedLeads => swap_electrodes(exam, &mut stream),
        ArchiveFault::ShortRecording => {
            let samples = 400 + stream.below(1_500);
            exam.samples = exam.samples.slice(s![..samples, ..]).to_owned();
            format!("samples={samples}")
        }
        ArchiveFault::AllZero => {
            exam.samples.fill(0.0);
            String::new()
        }
        ArchiveFault::MissingExam
        | ArchiveFault::WrongTraceFile
        | ArchiveFault::DuplicateId
        | ArchiveFault::DuplicateTracing => String::new(),
    }
}

/// Exchanges the arm electrodes, or two neighbouring chest electrodes.
fn swap_electrodes(exam: &mut Exam, stream: &mut RandomStream) -> String {
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
