//! Writing archives of one recording a file: WFDB, MUSE, CSV.

mod encode;
mod exam_files;
mod statements;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::context::{ReleaseContext, ReleaseSummary, io_error};
use super::tables::{TextTable, truth_header, truth_row};
use crate::cohort::LONG;
use crate::error::Error;
use crate::exam::{Exam, Generator, Sampling};
use crate::layout::{RATE_OF_FILES, ReleaseLayout};
pub use exam_files::exams_header;
use exam_files::{ArchivedExam, header_of, row_of_exams, write_exam};

/// Samples of a recording: 10 s.
const SAMPLES: usize = 5000;
/// Exams that are drawn and written at a time.
const BLOCK: u64 = 64;

/// Exam of which the files are written.
struct WrittenExam {
    exam: Exam,
    first_visit: bool,
    archived: ArchivedExam,
}

/// Writes all files and tables, and synth_truth.csv.
pub(super) fn write_files(job: &ReleaseContext<'_>, summary: &mut ReleaseSummary) -> Result<(), Error> {
    let mut truth = TextTable::create(job.out.join("synth_truth.csv"), &truth_header())?;
    let (exams, generator) = (job.options().exams, job.generator);
    for start in (0..exams).step_by(BLOCK as usize) {
        job.stop_if_cancelled(start)?;
        let block = start..(start + BLOCK).min(exams);
        let written: Vec<WrittenExam> = block
            .into_par_iter()
            .map(|index| draw_and_write(generator, job.out, index))
            .collect::<Result<_, Error>>()?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let count = written.len() as u64;
        for one in written {
            truth.push(&truth_row(&one.exam, &one.archived.id))?;
            let row = row_of_exams(&one.exam, &one.archived);
            tables.entry("exams.csv".to_owned()).or_default().push(row);
            for (table, row) in one.archived.rows {
                tables.entry(table).or_default().push(row);
            }
            summary.exams += 1;
            summary.rows += 1;
            summary.tracings += 1;
            summary.patients += u64::from(one.first_visit);
            summary.count(one.exam.truth.labels);
        }
        for (table, rows) in tables {
            append_rows(job, &table, rows)?;
        }
        (job.progress)(count);
    }
    truth.finish()?;
    match job.options().layout {
        ReleaseLayout::Physionet2021 => list_directories(job),
        _ => Ok(()),
    }
}

fn draw_and_write(generator: &Generator, out: &Path, index: u64) -> Result<WrittenExam, Error> {
    let mut plan = generator.plan(index);
    // Beats are drawn for the longer of CODE-15's recordings, so that an exam is the same ECG in every layout.
    plan.samples = LONG;
    let sampling = Sampling {
        rate: RATE_OF_FILES,
        samples: SAMPLES,
        units_per_millivolt: 1.0,
    };
    let exam = generator.draw_sampled(&plan, sampling);
    Ok(WrittenExam {
        archived: write_exam(generator.options().layout, &exam, out)?,
        first_visit: plan.first_visit,
        exam,
    })
}

/// Appends the rows of a block to a table, below its header. Those of MIMIC-IV-ECG's measurements are turned round: in the
/// archive, too, they are in another order than the list.
fn append_rows(job: &ReleaseContext<'_>, table: &str, mut rows: Vec<String>) -> Result<(), Error> {
    if table == "machine_measurements.csv" {
        rows.reverse();
    }
    let path = job.out.join(table);
    let mut text = String::new();
    if !path.exists() {
        text.extend(header_of(table).map(|header| header + "\n"));
    }
    text.extend(rows);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(io_error(&path))
}

/// Writes the list of directories at the top of Challenge 2021's archive.
fn list_directories(job: &ReleaseContext<'_>) -> Result<(), Error> {
    let mut directories = Vec::new();
    let training = job.out.join("training");
    let listed = |path: &Path| -> Result<Vec<PathBuf>, Error> {
        let entries = std::fs::read_dir(path).map_err(io_error(path))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect::<Result<_, _>>().map_err(io_error(path))
    };
    for source in listed(&training)? {
        for group in listed(&source)? {
            let relative = group.strip_prefix(job.out).unwrap_or(&group);
            directories.push(format!("{}/\n", relative.display()));
        }
    }
    directories.sort_unstable();
    encode::write_file(&job.out.join("RECORDS"), directories.concat().as_bytes())
}
