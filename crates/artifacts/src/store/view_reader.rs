//! A view, open: segments computed from the raw files when they are read.

use super::digest::RecordingDigest;
use super::index::duplicate_segment;
use super::lead_supply::{lead_supply, withheld_leads};
use super::raw_part::RawPart;
use super::reopened::{CHANGED, OpenedFile, open_files};
use super::view::{FILE, ViewStore};
use crate::columns::{CUT, DIGEST, PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::key;
use crate::recipe::sample::Sample;
use crate::recipe::steps::{SegmentRecipe, Workspace};
use crate::recipe::{self, Scratch};
use crate::recordings::{Recording, Samples};
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::DataFrame;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Recording and position that a segment is cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ViewLocation {
    part: usize,
    row: usize,
    cut: usize,
    digest: Option<RecordingDigest>,
}

/// A view, open.
pub(super) struct ViewReader {
    root: PathBuf,
    /// For recordings that are filled with zeros at both ends, and for others.
    recipes: [SegmentRecipe; 2],
    files: Vec<OpenedFile>,
    locations: HashMap<String, ViewLocation>,
    /// Tells one open view from another.
    number: u64,
}

/// Recording that a thread processed last: its other segments are likely to be read next.
#[derive(Default)]
struct LastRecording {
    /// View, part and row.
    of: Option<(u64, usize, usize)>,
    recording: Recording,
    scratch: Scratch,
    work: Workspace,
    segments: Vec<f32>,
}

thread_local! {
    static LAST_RECORDING: RefCell<LastRecording> = RefCell::default();
}

static OPENED: AtomicU64 = AtomicU64::new(0);

impl ViewReader {
    pub(super) fn open(root: &Path, index: &Path) -> Result<Self> {
        let view = ViewStore::read(root)?;
        let recipe = |zero_padded| {
            let recipe = view.recipe(zero_padded);
            recipe.map_err(|e| Error::invalid(&root.join(FILE), e.to_string()))
        };
        let recipes = [recipe(true)?, recipe(false)?];
        let index = ViewIndex::read(index, !view.recordings.is_empty())?;
        let files = match view.recordings.is_empty() {
            true => open_parts(view)?,
            false => open_files(root, &view.recordings, &index.files_of_several()?)?,
        };
        Ok(Self {
            root: root.to_owned(),
            recipes,
            locations: index.locations(&files)?,
            files,
            number: OPENED.fetch_add(1, Ordering::Relaxed),
        })
    }

    pub(super) fn locate(&self, path: &str) -> Option<ViewLocation> {
        self.locations.get(key::of_path(path)).copied()
    }

    /// (leads, samples).
    pub(super) fn shape(&self) -> (usize, usize) {
        let [recipe, _] = &self.recipes;
        (recipe.rows(), recipe.samples())
    }

    pub(super) fn read(&self, place: ViewLocation, out: &mut [f32]) -> Result<()> {
        LAST_RECORDING.with_borrow_mut(|last| {
            let wanted = Some((self.number, place.part, place.row));
            if last.of != wanted {
                // Not there until it is whole.
                last.of = None;
                self.compute(place, last)?;
                last.of = wanted;
            }
            let start = place.cut * out.len();
            let segment = last.segments.get(start..start + out.len()).ok_or_else(|| {
                let what = format!(
                    "row {} of part {} has no segment {}",
                    place.row, place.part, place.cut
                );
                Error::invalid(&self.root, what)
            })?;
            out.copy_from_slice(segment);
            Ok(())
        })
    }

    /// Computes all segments of a recording.
    fn compute(&self, place: ViewLocation, last: &mut LastRecording) -> Result<()> {
        let (file, recording) = (&self.files[place.part], &mut last.recording);
        let [padded, unpadded] = &self.recipes;
        let recipe = if file.zero_padded { padded } else { unpadded };
        let path = file.recordings.path();
        file.recordings.read(place.row, recording)?;
        if let Some(policy) = file.missing_leads {
            let arranged = recording.use_standard_leads(lead_supply(recipe, policy));
            arranged.map_err(|problem| Error::invalid(path, format!("{problem}; it {CHANGED}")))?;
        }
        let (rate, without) = (recording.sample_rate, withheld_leads(recipe, recording));
        let found = FoundRecording {
            recipe,
            digest: place.digest,
            without,
        };
        let buffers = (&mut last.scratch, &mut last.work, &mut last.segments);
        let cut = match &recording.samples {
            Samples::Float32(samples) => found.cut_segments(samples, rate, buffers),
            Samples::Float64(samples) => found.cut_segments(samples, rate, buffers),
        };
        match cut {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::invalid(path, CHANGED)),
            Err(error) => Err(Error::invalid(&self.root, error.to_string())),
        }
    }
}

/// Opens the raw files whose rows lie at known bytes.
fn open_parts(view: ViewStore) -> Result<Vec<OpenedFile>> {
    let (rate, zero_padded) = (view.source_rate(), view.trims_padding());
    let open = |part: RawPart| -> Result<OpenedFile> {
        Ok(OpenedFile {
            recordings: Box::new(part.open(rate)?),
            missing_leads: None,
            zero_padded,
        })
    };
    view.parts.into_iter().map(open).collect()
}

/// A recording as it was found in its place.
struct FoundRecording<'a> {
    recipe: &'a SegmentRecipe,
    digest: Option<RecordingDigest>,
    /// Leads that it lacks, and that a step of the recipe supplies.
    without: &'a [&'static str],
}

impl FoundRecording<'_> {
    /// Computes all segments into `segments`. Returns false where it is another recording than the one of the digest.
    fn cut_segments<S: Sample>(
        &self,
        samples: &[S],
        rate: f64,
        (scratch, work, segments): (&mut Scratch, &mut Workspace, &mut Vec<f32>),
    ) -> recipe::Result<bool> {
        let trimmed = self.recipe.trim(samples, rate, scratch)?;
        let found = || RecordingDigest::of_quality(rate, trimmed.org_samples(), &trimmed.measure());
        if self.digest.is_some_and(|digest| digest != found()) {
            return Ok(false);
        }
        self.recipe
            .make_segments(trimmed, samples, self.without, work, segments)?;
        Ok(true)
    }
}

/// The index of a view.
struct ViewIndex<'a> {
    path: &'a Path,
    frame: DataFrame,
    has_digests: bool,
}

impl<'a> ViewIndex<'a> {
    fn read(path: &'a Path, has_digests: bool) -> Result<Self> {
        let columns = [
            Column::new(SEGMENT, ColumnKind::Text),
            Column::new(PART, ColumnKind::Int),
            Column::new(ROW, ColumnKind::Int),
            Column::new(CUT, ColumnKind::Int),
            Column::new(DIGEST, ColumnKind::Text),
        ];
        let columns = if has_digests { &columns[..] } else { &columns[..4] };
        Ok(Self {
            path,
            frame: table::read(path, columns, OtherColumns::Ignore)?,
            has_digests,
        })
    }

    /// Numbers of the files of which another row than the first is named.
    fn files_of_several(&self) -> Result<HashSet<usize>> {
        let [part, row] = [PART, ROW].map(|name| table::int_column(self.path, &self.frame, name));
        let rows = part?.iter().zip(row?.iter());
        let several = rows.filter(|(_, row)| row.is_some_and(|row| row > 0));
        Ok(several
            .filter_map(|(part, _)| usize::try_from(part?).ok())
            .collect())
    }

    /// Where each segment is, by its name.
    fn locations(&self, files: &[OpenedFile]) -> Result<HashMap<String, ViewLocation>> {
        let (index, frame) = (self.path, &self.frame);
        let rows: Vec<usize> = files
            .iter()
            .map(|file| file.recordings.exam_ids().len())
            .collect();
        let segments = table::str_column(index, frame, SEGMENT)?;
        let [part, row, cut] = [PART, ROW, CUT].map(|name| table::int_column(index, frame, name));
        let (part, row, cut) = (part?, row?, cut?);
        let digests = self.has_digests.then(|| table::str_column(index, frame, DIGEST));
        let digests = digests.transpose()?;
        let mut locations = HashMap::with_capacity(frame.height());
        let places = part.iter().zip(row.iter()).zip(cut.iter()).enumerate();
        for (segment, (at, ((part, row), cut))) in segments.iter().zip(places) {
            let number = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok());
            let segment = segment.unwrap_or_default();
            let digest = digests.map(|digests| digests.get(at).and_then(|text| text.parse().ok()));
            let (Some(part), Some(row), Some(cut), None | Some(Some(_))) =
                (number(part), number(row), number(cut), digest)
            else {
                let what = format!("segment `{segment}`: part, row and cut must be numbers from 0 on");
                return Err(Error::invalid(index, what));
            };
            if rows.get(part).is_none_or(|rows| row >= *rows) {
                let what = format!("segment `{segment}`: there is no row {row} in part {part}");
                return Err(Error::invalid(index, what));
            }
            let digest = digest.flatten();
            let location = ViewLocation {
                part,
                row,
                cut,
                digest,
            };
            if locations.insert(segment.to_owned(), location).is_some() {
                return Err(duplicate_segment(index, segment));
            }
        }
        Ok(locations)
    }
}
