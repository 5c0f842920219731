//! A store without samples: which raw files it reads, and how.

use crate::error::{Error, Result};
use crate::kept::KeptExam;
use crate::kept_exams::KeptExams;
use crate::table_paths::segment_names;
use ecgfm_archives::{Archive, FoundFile};
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
        (!known).then(|| (file.name.clone(), recordings.storage()))
    });
    match own {
        None => Ok(()),
        Some((name, storage)) => Err(unknown_format(&name, &storage)),
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
    kept: &KeptExams,
) -> Result<()> {
    if let Some(rate) = rate_of_standard_rows(archive, kept) {
        let (numbers, files) = raw_parts(archive)?;
        let view = ViewStore::of_rows(recipe, rate, files).map_err(Error::of_recipe)?;
        let rows = view_rows(archive, &numbers, false);
        return kept.read_by_part(|exams| Ok(view.write(dir, exams.flat_map(rows), std::iter::empty())?));
    }
    let mut numbers: Vec<usize> =
        kept.read_by_part(|exams| Ok(exams.map(|(_, exam)| exam.file).collect()))?;
    numbers.sort_unstable();
    numbers.dedup();
    let (rules, rules_from) = find_rules(archive, missing_leads, &numbers)?;
    let view = ViewStore::of_files(recipe, rules).map_err(Error::of_recipe)?;
    // Asked for once: it is where every relative path begins.
    let here = std::env::current_dir().unwrap_or_default();
    let files = numbers.iter().enumerate().map(|(place, number)| {
        let rules = rules_from
            .partition_point(|from| *from <= place)
            .saturating_sub(1);
        ReopenedFile::new(&here.join(&archive.file(*number).path), rules)
    });
    let rows = view_rows(archive, &numbers, true);
    kept.read_by_part(|exams| Ok(view.write(dir, exams.flat_map(rows), files)?))
}

/// Where the rows of a file are, where they are twelve leads of float32 at known bytes.
fn standard_rows(file: &dyn RecordingFile) -> Option<DirectRows> {
    file.direct_rows().filter(|rows| rows.shape[2] == leads::COUNT)
}

/// The sample rate of all recordings, in Hz, where every file that can be read holds float32 at known bytes in the standard leads, and
/// all are treated alike.
fn rate_of_standard_rows(archive: &dyn Archive, kept: &KeptExams) -> Option<f64> {
    let mut files = archive.files().enumerate();
    let padded = archive.is_zero_padded(0);
    let is_plain = |encoding: Encoding| {
        let stated = encoding.leads.is_some() || encoding.millivolts.is_some() || encoding.axes.is_some();
        !stated && encoding.missing.is_none() && !encoding.is_complete
    };
    let is_standard = |(number, file): (usize, FoundFile<'_>)| match &file.recordings {
        Ok(file) => {
            standard_rows(file.as_ref()).is_some()
                && archive.encoding(number).is_none_or(is_plain)
                && archive.is_zero_padded(number) == padded
        }
        Err(_) => true,
    };
    let rates = kept.rates();
    let first = rates.first().copied().unwrap_or_default();
    (files.all(is_standard) && rates.len() <= 1).then(|| f64::from_bits(first))
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

/// The rules by which the files of these numbers are read, and the place among them of the first that each is for.
fn find_rules(
    archive: &dyn Archive,
    missing_leads: MissingLeads,
    numbers: &[usize],
) -> Result<(Vec<RecordingRules>, Vec<usize>)> {
    let (mut known, mut rules_from) = (Vec::new(), Vec::new());
    for (place, number) in numbers.iter().copied().enumerate() {
        let encoding = archive.encoding(number);
        let encoding =
            encoding.ok_or_else(|| unknown_format(&archive.file(number).name, "rows of float32"))?;
        let rules = RecordingRules::new(encoding, missing_leads, archive.is_zero_padded(number));
        // Files of one archive, which follow each other, have the same.
        if known.last() != Some(&rules) {
            known.push(rules);
            rules_from.push(place);
        }
    }
    Ok((known, rules_from))
}

/// Rows of the index for an exam; `numbers` are those of the files that the view lists.
fn view_rows<'a>(
    archive: &'a dyn Archive,
    numbers: &'a [usize],
    with_digests: bool,
) -> impl FnMut((usize, KeptExam)) -> Vec<ViewRow> + 'a {
    move |(_, kept)| {
        // Every file that holds an exam is in the list.
        let part = numbers.binary_search(&kept.file).unwrap_or(usize::MAX);
        let (row, digest) = (kept.row, with_digests.then(|| kept.digest()));
        let names = segment_names(&archive.save_file(kept.idx), kept.segments);
        let rows = names.enumerate().map(|(cut, segment)| ViewRow {
            segment,
            part,
            row,
            cut,
            digest,
        });
        rows.collect()
    }
}
