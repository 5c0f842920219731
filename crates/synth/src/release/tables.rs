//! Writing exams.csv, synth_truth.csv and faults.csv.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::context::{PlantedFault, ReleaseContext, ReleaseSummary, io_error, part_name};
use crate::cohort::ExamPlan;
use crate::error::Error;
use crate::exam::Exam;
use crate::fault::ArchiveFault;
use crate::labels::Labels;

/// Number of exams that are planned at a time.
const BLOCK: u64 = 8192;

/// Text file that is being written.
pub(super) struct TextTable {
    path: PathBuf,
    file: BufWriter<File>,
}

impl TextTable {
    pub(super) fn create(path: PathBuf, header: &str) -> Result<Self, Error> {
        let file = File::create(&path).map_err(io_error(&path))?;
        let mut table = Self {
            file: BufWriter::new(file),
            path,
        };
        table.push(header)?;
        table.push("\n")?;
        Ok(table)
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), Error> {
        self.file.write_all(text.as_bytes()).map_err(io_error(&self.path))
    }

    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(io_error(&self.path))
    }
}

/// Header of exams.csv: the names of its columns, with commas between.
pub(super) const EXAMS_COLUMNS: &str = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,\
                                 normal_ecg,trace_file";

/// Writes exams.csv in the order of the exams' indices.
pub(super) fn write_exams(job: &ReleaseContext<'_>, summary: &mut ReleaseSummary) -> Result<(), Error> {
    let mut table = TextTable::create(job.out.join("exams.csv"), EXAMS_COLUMNS)?;
    let parts = job.options().part_count();
    let generator = job.generator;
    for start in (0..job.options().exams).step_by(BLOCK as usize) {
        job.stop_if_cancelled(job.options().exams)?;
        let end = (start + BLOCK).min(job.options().exams);
        let rows: Vec<(ExamPlan, String)> = (start..end)
            .into_par_iter()
            .map(|index| {
                let plan = generator.plan(index);
                let row = exam_row(&plan, parts);
                (plan, row)
            })
            .collect();
        for (plan, row) in rows {
            let copies = if plan.fault == Some(ArchiveFault::DuplicateId) {
                2
            } else {
                1
            };
            for _ in 0..copies {
                table.push(&row)?;
            }
            summary.rows += copies;
            summary.exams += 1;
            summary.patients += u64::from(plan.first_visit);
            summary.count(plan.labels());
        }
    }
    table.finish()
}

/// Number of the part that exams.csv names for an exam.
pub(super) fn named_part(plan: &ExamPlan, parts: u64) -> u64 {
    if plan.fault != Some(ArchiveFault::WrongTraceFile) {
        return plan.part;
    }
    // Another part; the one after the last, which does not exist, where there is but one.
    if parts > 1 { (plan.part + 1) % parts } else { parts }
}

fn exam_row(plan: &ExamPlan, parts: u64) -> String {
    let [avb, rbbb, lbbb, sb, st, af, normal] = plan.labels().values().map(python_bool);
    let (death, timey) = match plan.follow_up {
        Some((died, years)) => (python_bool(died), six_decimals(years)),
        None => ("", String::new()),
    };
    format!(
        "{},{},{},{},{avb},{rbbb},{lbbb},{sb},{st},{af},{},{death},{timey},{normal},{}\n",
        plan.exam_id,
        plan.age,
        python_bool(plan.is_male),
        plan.nn_predicted_age,
        plan.patient_id,
        part_name(named_part(plan, parts)),
    )
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// At most six decimals and at least one, as pandas writes them.
fn six_decimals(value: f64) -> String {
    let text = format!("{value:.6}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') {
        format!("{short}0")
    } else {
        short.to_owned()
    }
}

/// Header of synth_truth.csv.
pub(super) fn truth_header() -> String {
    format!(
        "exam_id,rhythm,heart_rate_bpm,pr_ms,qrs_ms,qt_ms,axis_deg,premature,samples,{},findings,r_peaks_s",
        Labels::NAMES.join(",")
    )
}

/// Row of synth_truth.csv for an exam, which its archive knows as `id`. Its values are those before a fault is planted.
pub(super) fn truth_row(exam: &Exam, id: &str) -> String {
    let truth = &exam.truth;
    let pr = truth.pr_ms.map(|pr| format!("{pr:.1}")).unwrap_or_default();
    let findings: Vec<&str> = truth.findings.iter().map(|finding| finding.name()).collect();
    let mut row = format!(
        "{},{},{:.2},{pr},{:.1},{:.1},{:.1},{},{},{},{},",
        id,
        truth.rhythm.name(),
        truth.heart_rate,
        truth.qrs_ms,
        truth.qt_ms,
        truth.axis_deg,
        truth.premature,
        exam.samples.nrows(),
        truth.labels.values().map(python_bool).join(","),
        findings.join(" "),
    );
    for (i, peak) in truth.r_peaks.iter().enumerate() {
        let space = if i == 0 { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(row, "{space}{peak:.4}");
    }
    row.push('\n');
    row
}

/// Writes faults.csv.
pub(super) fn write_faults(path: &Path, planted: &[PlantedFault]) -> Result<(), Error> {
    let mut table = TextTable::create(path.to_owned(), "exam_id,fault,detail")?;
    for fault in planted {
        table.push(&format!("{},{},{}\n", fault.exam_id, fault.fault, fault.detail))?;
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_written_as_in_code15() {
        assert_eq!(six_decimals(1404.0 / 365.0), "3.846575");
        assert_eq!(six_decimals(2.0), "2.0");
        assert_eq!(six_decimals(0.5), "0.5");
    }
}
