//! Writing exams_part*.hdf5 and synth_truth.csv: a block of exams is drawn in parallel while the one before is written.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use ecgfm_formats::code15::{PartWriter, WriteLayout, WriteOptions};
use ndarray::Array2;
use rayon::prelude::*;

use super::context::{PlantedFault, ReleaseContext, ReleaseSummary, part_name};
use super::plant::plant_fault;
use super::tables::{TextTable, named_part, truth_header, truth_row};
use crate::cohort::{ExamPlan, LONG};
use crate::error::Error;
use crate::exam::Generator;
use crate::fault::ArchiveFault;
use crate::leads::LEADS;

/// Number of exams that are drawn at a time.
const BLOCK: u64 = 64;
/// Number of blocks: one being drawn, one waiting, one being written.
const BLOCKS: usize = 3;
/// Values of a padded tracing.
const TRACING: usize = LONG * LEADS;

/// Drawn exams that are not written yet.
#[derive(Debug, Default)]
struct ExamBlock {
    exams: Vec<DrawnExam>,
    /// Padded tracings of the exams, one after another.
    tracings: Vec<f32>,
}

#[derive(Debug)]
struct DrawnExam {
    exam_id: i64,
    fault: Option<ArchiveFault>,
    truth: String,
    planted: Option<PlantedFault>,
}

/// Writes all parts and synth_truth.csv; returns the faults planted.
pub(super) fn write_parts(
    job: &ReleaseContext<'_>,
    summary: &mut ReleaseSummary,
) -> Result<Vec<PlantedFault>, Error> {
    let mut truth = TextTable::create(job.out.join("synth_truth.csv"), &truth_header())?;
    let mut planted = Vec::new();
    for part in 0..job.options().part_count() {
        summary.tracings += write_part(job, part, &mut truth, &mut planted)?;
    }
    truth.finish()?;
    for fault in &planted {
        *summary.faults.entry(fault.fault).or_default() += 1;
    }
    Ok(planted)
}

/// Writes one part, drawing here and storing in a thread of its own; returns the number of its rows.
fn write_part(
    job: &ReleaseContext<'_>,
    part: u64,
    truth: &mut TextTable,
    planted: &mut Vec<PlantedFault>,
) -> Result<u64, Error> {
    let Range {
        start: first,
        end: last,
    } = job.options().positions_of_part(part);
    let rows = rows_of(job.generator, first..last);
    let store = ReleasePart::create(job.out.join(part_name(part)), rows)?;
    let (full, to_store) = sync_channel(1);
    let (to_draw, empty) = channel();
    for _ in 0..BLOCKS {
        // Cannot fail: the receiver is in this function.
        let _ = to_draw.send(ExamBlock::default());
    }
    thread::scope(|scope| {
        let storing = scope.spawn(move || store.write_all(&to_store, &to_draw));
        let drawing = (first..last).step_by(BLOCK as usize).try_for_each(|start| {
            job.stop_if_cancelled(start)?;
            // No empty block comes back if storing has failed: `stored` below has its error.
            let Ok(mut block) = empty.recv() else {
                return Ok(());
            };
            block.draw(job.generator, start..(start + BLOCK).min(last));
            for exam in &mut block.exams {
                truth.push(&exam.truth)?;
                planted.extend(exam.planted.take());
            }
            let exams = block.exams.len() as u64;
            if full.send(block).is_ok() {
                (job.progress)(exams);
            }
            Ok(())
        });
        drop(full);
        let stored = storing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        drawing.and(stored)
    })?;
    Ok(rows as u64)
}

/// Part that is being written.
struct ReleasePart {
    path: PathBuf,
    writer: PartWriter,
    row: usize,
}

impl ReleasePart {
    fn create(path: PathBuf, rows: usize) -> Result<Self, Error> {
        let options = WriteOptions {
            layout: WriteLayout::Contiguous,
            rows,
            samples: LONG,
            leads: LEADS,
        };
        let writer = PartWriter::create(&path, options).map_err(part_error(&path))?;
        Ok(Self { path, writer, row: 0 })
    }

    /// Writes all received blocks, and returns each to be filled again, then writes the dummy row.
    fn write_all(mut self, blocks: &Receiver<ExamBlock>, done: &Sender<ExamBlock>) -> Result<(), Error> {
        for block in blocks {
            for (exam, tracing) in block.exams.iter().zip(block.tracings.chunks_exact(TRACING)) {
                self.exam(exam, tracing)?;
            }
            // Fails when drawing has ended, which needs no more blocks.
            let _ = done.send(block);
        }
        self.row(0, &[0.0; TRACING])?;
        let path = self.path;
        self.writer.finish().map_err(part_error(&path))
    }

    fn exam(&mut self, exam: &DrawnExam, tracing: &[f32]) -> Result<(), Error> {
        if exam.fault == Some(ArchiveFault::MissingExam) {
            return Ok(());
        }
        if exam.fault == Some(ArchiveFault::DuplicateTracing) {
            let inverted: Vec<f32> = tracing.iter().map(|value| -value).collect();
            self.row(exam.exam_id, &inverted)?;
        }
        self.row(exam.exam_id, tracing)
    }

    fn row(&mut self, exam_id: i64, tracing: &[f32]) -> Result<(), Error> {
        self.writer
            .write_row(self.row, exam_id, tracing)
            .map_err(part_error(&self.path))?;
        self.row += 1;
        Ok(())
    }
}

fn part_error(path: &Path) -> impl Fn(ecgfm_formats::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Part {
        path: path.clone(),
        source: source.into(),
    }
}

/// Number of a part's tracings, the dummy row included; the format needs it before the first is written.
fn rows_of(generator: &Generator, positions: Range<u64>) -> usize {
    let exams = (positions.end - positions.start) as usize;
    if generator.options().faults.total() == 0 {
        return exams + 1;
    }
    let of_exam = |position| match generator.plan(generator.layout().index_at(position)).fault {
        Some(ArchiveFault::MissingExam) => 0,
        Some(ArchiveFault::DuplicateTracing) => 2,
        _ => 1,
    };
    positions.into_par_iter().map(of_exam).sum::<usize>() + 1
}

impl ExamBlock {
    /// Draws the exams at `positions`, counted through all parts.
    fn draw(&mut self, generator: &Generator, positions: Range<u64>) {
        self.tracings
            .resize((positions.end - positions.start) as usize * TRACING, 0.0);
        self.tracings
            .par_chunks_exact_mut(TRACING)
            .enumerate()
            .map(|(i, tracing)| draw_exam(generator, positions.start + i as u64, tracing))
            .collect_into_vec(&mut self.exams);
    }
}

/// Draws the exam at `position` into `tracing` and plants its fault.
fn draw_exam(generator: &Generator, position: u64, tracing: &mut [f32]) -> DrawnExam {
    let plan = generator.plan(generator.layout().index_at(position));
    let mut exam = generator.draw(&plan);
    let truth = truth_row(&exam, &exam.exam_id.to_string());
    let planted = plan.fault.map(|fault| {
        let done = plant_fault(fault, &mut exam, generator.options().seed);
        let detail = if done.is_empty() {
            fault_details(generator, &plan)
        } else {
            done
        };
        PlantedFault {
            index: plan.index,
            exam_id: plan.exam_id,
            fault: fault.name(),
            detail,
        }
    });
    pad_tracing(&exam.samples, tracing);
    DrawnExam {
        exam_id: plan.exam_id,
        fault: plan.fault,
        truth,
        planted,
    }
}

/// Details, for faults.csv, of a fault that is not in the tracing itself.
fn fault_details(generator: &Generator, plan: &ExamPlan) -> String {
    let stored = part_name(plan.part);
    match plan.fault {
        Some(ArchiveFault::WrongTraceFile) => {
            format!(
                "stored={stored} named={}",
                part_name(named_part(plan, generator.options().part_count()))
            )
        }
        Some(ArchiveFault::MissingExam) => format!("named={stored}"),
        _ => format!("stored={stored}"),
    }
}

/// Puts a recording in the middle of `tracing`'s 4096 rows, zeros before and after, as CODE-15 stores it.
fn pad_tracing(samples: &Array2<f32>, tracing: &mut [f32]) {
    let before = (LONG - samples.nrows()) / 2 * LEADS;
    let (padding, rest) = tracing.split_at_mut(before);
    let (middle, after) = rest.split_at_mut(samples.len());
    padding.fill(0.0);
    after.fill(0.0);
    match samples.as_slice() {
        Some(values) => middle.copy_from_slice(values),
        None => middle
            .iter_mut()
            .zip(samples)
            .for_each(|(place, value)| *place = *value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_recording_is_padded_where_code15_pads_it() {
        let mut row = vec![9.0; TRACING];
        pad_tracing(&Array2::ones((2934, LEADS)), &mut row);
        let first = row.iter().position(|v| *v != 0.0).unwrap() / LEADS;
        let last = row.iter().rposition(|v| *v != 0.0).unwrap() / LEADS;
        assert_eq!((first, last), (581, 3514));
    }
}
