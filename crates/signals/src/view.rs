//! A store without samples: which raw files it reads, and how.

use crate::error::{Error, Result};
use crate::kept::KeptExam;
use crate::table_paths::segment_names;
use ecgfm_archives::{Archive, ArchiveFile};
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::recipe::steps::SegmentRecipe;
use ecgfm_artifacts::recordings::{DirectRows, Encoding, MissingLeads, RecordingFile};
use ecgfm_artifacts::store::{RawPart, RecordingRules, ReopenedFile, ViewRow, ViewStore};
use std::path::Path;

/// Checks that every file that can be read can be read without the archive, as a view reads it.
pub(crate) fn check_view(archive: &dyn Archive) -> Result<()> {
    let mut files = archive.files().enumerate();
    let own = files.find_map(|(number, file)| {
        let recordings = file.recordings.as_ref().ok()?;
        let known = archive.encoding(number).is_some() || standard_rows(recordings.as_ref()).is_some();
        (!known).then(|| (&file.name, recordings.storage()))
    });
    match own {
        None => Ok(()),
        Some((name, storage)) => Err(unknown_format(name, &storage)),
    }
}

fn unknown_format(name: &str, storage: &str) -> Error {
    let what = format!(
        "is `view`, which reads files of known formats; {name} is read by the archive alone ({storage}): use `packed`"
    );
    Error::parameter("store", what)
}

/// Writes a store without samples.
pub(crate) fn write_view(
    dir: &Path,
    (archive, recipe, missing_leads): (&dyn Archive, &SegmentRecipe, MissingLeads),
    parts: &[Vec<KeptExam>],
) -> Result<()> {
    if let Some(rate) = rate_of_standard_rows(archive, parts) {
        let (numbers, files) = raw_parts(archive)?;
        let view = ViewStore::of_rows(recipe, rate, files).map_err(Error::of_recipe)?;
        return Ok(view.write(dir, view_rows(archive, parts, &numbers, false))?);
    }
    let mut numbers: Vec<usize> = parts.iter().flatten().map(|exam| exam.file).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let (rules, files) = reopened_files(archive, missing_leads, &numbers)?;
    let view = ViewStore::of_files(recipe, rules, files).map_err(Error::of_recipe)?;
    Ok(view.write(dir, view_rows(archive, parts, &numbers, true))?)
}

/// Where the rows of a file are, where they are twelve leads of float32 at known bytes.
fn standard_rows(file: &dyn RecordingFile) -> Option<DirectRows> {
    file.direct_rows().filter(|rows| rows.shape[2] == leads::COUNT)
}

/// The sample rate of all recordings, in Hz, where every file that can be read holds float32 at known bytes in the standard leads, and
/// all are treated alike.
fn rate_of_standard_rows(archive: &dyn Archive, parts: &[Vec<KeptExam>]) -> Option<f64> {
    let mut files = archive.files().enumerate();
    let padded = archive.is_zero_padded(0);
    let is_plain = |encoding: Encoding| {
        let stated = encoding.leads.is_some() || encoding.millivolts.is_some() || encoding.axes.is_some();
        !stated && encoding.missing.is_none() && !encoding.is_complete
    };
    let is_standard = |(number, file): (usize, &ArchiveFile)| match &file.recordings {
        Ok(file) => {
            standard_rows(file.as_ref()).is_some()
                && archive.encoding(number).is_none_or(is_plain)
                && archive.is_zero_padded(number) == padded
        }
        Err(_) => true,
    };
    let mut rates = parts.iter().flatten().map(|exam| exam.sample_rate);
    let first = rates.next().unwrap_or_default();
    (files.all(is_standard) && rates.all(|rate| rate == first)).then_some(first)
}

/// Every file that can be read, and its number in the archive.
fn raw_parts(archive: &dyn Archive) -> Result<(Vec<usize>, Vec<RawPart>)> {
    let files = archive.files().enumerate().filter_map(|(number, file)| {
        let rows = standard_rows(file.recordings.as_ref().ok()?.as_ref())?;
        let part = RawPart::new(&file.path, rows);
        Some(part.map(|part| (number, part)).map_err(Error::from))
    });
    Ok(files.collect::<Result<Vec<_>>>()?.into_iter().unzip())
}

/// The files of these numbers, and the rules by which they are read.
fn reopened_files(
    archive: &dyn Archive,
    missing_leads: MissingLeads,
    numbers: &[usize],
) -> Result<(Vec<RecordingRules>, Vec<ReopenedFile>)> {
    let (mut known, mut files) = (Vec::new(), Vec::with_capacity(numbers.len()));
    // Asked for once: it is where every relative path begins.
    let here = std::env::current_dir().unwrap_or_default();
    for number in numbers.iter().copied() {
        let file = archive.file(number);
        let encoding = archive.encoding(number);
        let encoding = encoding.ok_or_else(|| unknown_format(&file.name, "rows of float32"))?;
        let rules = RecordingRules::new(encoding, missing_leads, archive.is_zero_padded(number));
        // Files of one archive, which follow each other, have the same.
        if known.last() != Some(&rules) {
            known.push(rules);
        }
        files.push(ReopenedFile::new(&here.join(&file.path), known.len() - 1)?);
    }
    Ok((known, files))
}

/// Rows of the index; `numbers` are those of the files that the view lists.
fn view_rows<'a>(
    archive: &'a dyn Archive,
    parts: &'a [Vec<KeptExam>],
    numbers: &'a [usize],
    with_digests: bool,
) -> impl Iterator<Item = ViewRow> + 'a {
    parts.iter().flatten().flat_map(move |kept| {
        // Every file that holds an exam is in the list.
        let part = numbers.binary_search(&kept.file).unwrap_or(usize::MAX);
        let (row, digest) = (kept.row, with_digests.then(|| kept.digest()));
        let names = segment_names(&archive.save_file(kept.idx), kept.segments);
        names.enumerate().map(move |(cut, segment)| ViewRow {
            segment,
            part,
            row,
            cut,
            digest,
        })
    })
}
