//! exams_part*.hdf5 and synth_truth.csv: exams are drawn in parallel by blocks while the block before is written.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

use ecgfm_formats::code15::{PartWriter, WriteLayout, WriteOptions};
use ndarray::Array2;
use rayon::prelude::*;

use super::context::{Job, Planted, Summary, part_name};
use super::plant::plant;
use super::tables::{Table, named_part, truth_header, truth_row};
use crate::cohort::{LONG, Plan};
use crate::error::Error;
use crate::exam::Generator;
use crate::fault::Fault;
use crate::leads::LEADS;

/// Exams drawn at a time.
const BLOCK: u64 = 64;
/// Blocks there are: one being drawn, one waiting, one being written.
const BLOCKS: usize = 3;
/// Values of a padded tracing.
const TRACING: usize = LONG * LEADS;

/// Exams on their way to the files.
#[derive(Debug, Default)]
struct Block {
    exams: Vec<Drawn>,
    /// Their padded tracings, one after another.
    tracings: Vec<f32>,
}

#[derive(Debug)]
struct Drawn {
    exam_id: i64,
    fault: Option<Fault>,
    truth: String,
    planted: Option<Planted>,
}

/// Writes all parts and synth_truth.csv; returns the faults planted.
pub(super) fn write(job: &Job<'_>, summary: &mut Summary) -> Result<Vec<Planted>, Error> {
    let mut truth = Table::create(job.out.join("synth_truth.csv"), &truth_header())?;
    let mut planted = Vec::new();
    for part in 0..job.options().parts() {
        summary.tracings += write_part(job, part, &mut truth, &mut planted)?;
    }
    truth.finish()?;
    for fault in &planted {
        *summary.faults.entry(fault.fault).or_default() += 1;
    }
    Ok(planted)
}

/// Writes one part, drawing here and storing in a thread of its own; returns the number of its rows.
fn write_part(job: &Job<'_>, part: u64, truth: &mut Table, planted: &mut Vec<Planted>) -> Result<u64, Error> {
    let first = part * job.options().exams_per_part;
    let last = (first + job.options().exams_per_part).min(job.options().exams);
    let rows = rows_of(job.generator, first..last);
    let store = Store::create(job.out.join(part_name(part)), rows)?;
    let (full, to_store) = sync_channel(1);
    let (to_draw, empty) = channel();
    for _ in 0..BLOCKS {
        // The other end is three lines above.
        let _ = to_draw.send(Block::default());
    }
    thread::scope(|scope| {
        let storing = scope.spawn(move || store.all(&to_store, &to_draw));
        let drawing = (first..last).step_by(BLOCK as usize).try_for_each(|start| {
            job.stop_if_cancelled(start)?;
            // Where storing has failed there is no empty block: its error is told below.
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

/// A part being written.
struct Store {
    path: PathBuf,
    writer: PartWriter,
    row: usize,
}

impl Store {
    fn create(path: PathBuf, rows: usize) -> Result<Self, Error> {
        let options = WriteOptions {
            layout: WriteLayout::Contiguous,
            rows,
            samples: LONG,
            leads: LEADS,
        };
        let writer = PartWriter::create(&path, options).map_err(failed(&path))?;
        Ok(Self { path, writer, row: 0 })
    }

    /// Writes every block that comes, giving each back, then the dummy row.
    fn all(mut self, blocks: &Receiver<Block>, done: &Sender<Block>) -> Result<(), Error> {
        for block in blocks {
            for (exam, tracing) in block.exams.iter().zip(block.tracings.chunks_exact(TRACING)) {
                self.exam(exam, tracing)?;
            }
            // Drawing may be over: then nobody wants it back.
            let _ = done.send(block);
        }
        self.row(0, &[0.0; TRACING])?;
        let path = self.path;
        self.writer.finish().map_err(failed(&path))
    }

    fn exam(&mut self, exam: &Drawn, tracing: &[f32]) -> Result<(), Error> {
        if exam.fault == Some(Fault::MissingExam) {
            return Ok(());
        }
        if exam.fault == Some(Fault::DuplicateTracing) {
            let inverted: Vec<f32> = tracing.iter().map(|value| -value).collect();
            self.row(exam.exam_id, &inverted)?;
        }
        self.row(exam.exam_id, tracing)
    }

    fn row(&mut self, exam_id: i64, tracing: &[f32]) -> Result<(), Error> {
        self.writer
            .write_row(self.row, exam_id, tracing)
            .map_err(failed(&self.path))?;
        self.row += 1;
        Ok(())
    }
}

fn failed(path: &Path) -> impl Fn(ecgfm_formats::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Part {
        path: path.clone(),
        source: source.into(),
    }
}

/// Tracings of a part, the dummy included: the format wants to know before the first is written.
fn rows_of(generator: &Generator, positions: Range<u64>) -> usize {
    let exams = (positions.end - positions.start) as usize;
    if generator.options().faults.total() == 0 {
        return exams + 1;
    }
    let of_exam = |position| match generator.plan(generator.layout().index_at(position)).fault {
        Some(Fault::MissingExam) => 0,
        Some(Fault::DuplicateTracing) => 2,
        _ => 1,
    };
    positions.into_par_iter().map(of_exam).sum::<usize>() + 1
}

impl Block {
    /// Draws the exams at `positions`, counted through all parts.
    fn draw(&mut self, generator: &Generator, positions: Range<u64>) {
        self.tracings
            .resize((positions.end - positions.start) as usize * TRACING, 0.0);
        self.tracings
            .par_chunks_exact_mut(TRACING)
            .enumerate()
            .map(|(i, tracing)| draw(generator, positions.start + i as u64, tracing))
            .collect_into_vec(&mut self.exams);
    }
}

/// Draws the exam at `position` into `tracing` and plants its fault.
fn draw(generator: &Generator, position: u64, tracing: &mut [f32]) -> Drawn {
    let plan = generator.plan(generator.layout().index_at(position));
    let mut exam = generator.draw(&plan);
    let truth = truth_row(&exam);
    let planted = plan.fault.map(|fault| {
        let done = plant(fault, &mut exam, generator.options().seed);
        let detail = if done.is_empty() {
            place(generator, &plan)
        } else {
            done
        };
        Planted {
            index: plan.index,
            exam_id: plan.exam_id,
            fault: fault.name(),
            detail,
        }
    });
    pad(&exam.samples, tracing);
    Drawn {
        exam_id: plan.exam_id,
        fault: plan.fault,
        truth,
        planted,
    }
}

/// What faults.csv says of a fault that is not in the tracing itself.
fn place(generator: &Generator, plan: &Plan) -> String {
    let stored = part_name(plan.part);
    match plan.fault {
        Some(Fault::WrongTraceFile) => {
            format!(
                "stored={stored} named={}",
                part_name(named_part(plan, generator.options().parts()))
            )
        }
        Some(Fault::MissingExam) => format!("named={stored}"),
        _ => format!("stored={stored}"),
    }
}

/// Puts a recording in the middle of `tracing`'s 4096 rows, zeros before and after, as CODE-15 stores it.
fn pad(samples: &Array2<f32>, tracing: &mut [f32]) {
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
        pad(&Array2::ones((2934, LEADS)), &mut row);
        let first = row.iter().position(|v| *v != 0.0).unwrap() / LEADS;
        let last = row.iter().rposition(|v| *v != 0.0).unwrap() / LEADS;
        assert_eq!((first, last), (581, 3514));
    }
}
