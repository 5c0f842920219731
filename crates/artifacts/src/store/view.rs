//! A store without samples: which rows of which raw files hold the segments, and the recipe that makes them.
//!
//! `view.json` holds the recipe and, for every raw file, its path, what tells it from another file, and how its rows lie
//! in it; `index.csv` holds segment, part, row and cut: the raw file's place in that list, the row of the recording, and
//! the segment's number in it. A segment is computed when it is read, to the same bits that a packed store holds.

use super::index::{INDEX_FILE, duplicate_segment};
use super::raw_part::RawPart;
use crate::columns::{CUT, PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::key;
use crate::pandas::Cell;
use crate::recipe::sample::Sample;
use crate::recipe::standardize::ConstantLeads;
use crate::recipe::{self, EcgFm, Recipe, Scratch};
use crate::recordings::{DirectFile, Recording, RecordingFile, Samples};
use crate::table::{self, Column, ColumnKind, OtherColumns};
use serde::{Deserialize, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// File that makes a directory a view.
pub(super) const FILE: &str = "view.json";
const FORMAT_VERSION: u32 = 1;
/// Recipe and raw files of a view: the content of `view.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewStore {
    format_version: u32,
    /// Recipe by which recordings become segments.
    recipe: ViewRecipe,
    /// The raw files.
    parts: Vec<RawPart>,
}

/// The recipe of ECG-FM and the sample rate of the recordings, as a view has them written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewRecipe {
    /// Sample rate of the recordings, in Hz.
    #[serde(serialize_with = "whole_as_integer")]
    source_rate: f64,
    /// Sample rate of the segments, in Hz.
    target_rate: u32,
    /// Length of a segment, in seconds.
    segment_seconds: f64,
    /// Positions of the leads that are kept; none keeps all twelve.
    leads: Option<Vec<usize>>,
    /// Treatment of constant leads.
    constant_leads: ConstantLeads,
    /// True where leads are standardised.
    standardize: bool,
    /// True where zeros at both ends are cut off, as in every view of CODE-15.
    #[serde(default = "is_true", skip_serializing_if = "Clone::clone")]
    trim_padding: bool,
}

fn is_true() -> bool {
    true
}

impl ViewRecipe {
    fn settings(&self) -> EcgFm {
        EcgFm {
            trim_padding: self.trim_padding,
            sample_rate: self.target_rate,
            segment_seconds: self.segment_seconds,
            leads: self.leads.as_deref().map(EcgFm::lead_names),
            constant_leads: self.constant_leads,
            standardize: self.standardize,
        }
    }
}

/// A segment in the index of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// Key of the segment.
    pub segment: String,
    /// Place of the raw file in the view's list.
    pub part: usize,
    /// Row of the recording in it.
    pub row: usize,
    /// Number of the segment in the recording.
    pub cut: usize,
}

impl ViewStore {
    /// Segments made with `settings` from the recordings of these files, which have `source_rate` Hz.
    ///
    /// # Errors
    /// `settings` name an unknown lead.
    pub fn new(settings: &EcgFm, source_rate: f64, parts: Vec<RawPart>) -> recipe::Result<Self> {
        Ok(Self {
            format_version: FORMAT_VERSION,
            recipe: ViewRecipe {
                source_rate,
                target_rate: settings.sample_rate,
                segment_seconds: settings.segment_seconds,
                leads: settings.lead_positions()?,
                constant_leads: settings.constant_leads,
                standardize: settings.standardize,
                trim_padding: settings.trim_padding,
            },
            parts,
        })
    }

    /// Writes the store into the existing directory `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path, rows: impl IntoIterator<Item = ViewRow>) -> Result<()> {
        let index = dir.join(INDEX_FILE);
        table::write_rows(&index, [SEGMENT, PART, ROW, CUT], |w| {
            for row in rows {
                let place = [row.part, row.row, row.cut].map(|n| Cell::Int(n as i64));
                w.row(std::iter::once(Cell::Text(&row.segment)).chain(place))?;
            }
            Ok(())
        })?;
        let path = dir.join(FILE);
        let mut json = serde_json::to_vec(self).map_err(|e| Error::io("write", &path)(e.into()))?;
        json.push(b'\n');
        crate::atomic::write_bytes(&path, &json)
    }
}

/// Recording and position that a segment is cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ViewLocation {
    part: usize,
    row: usize,
    cut: usize,
}

/// A view, open.
pub(super) struct ViewReader {
    root: PathBuf,
    recipe: Recipe,
    parts: Vec<DirectFile>,
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
    segments: Vec<f32>,
}

thread_local! {
    static LAST_RECORDING: RefCell<LastRecording> = RefCell::default();
}

static OPENED: AtomicU64 = AtomicU64::new(0);

impl ViewReader {
    pub(super) fn open(root: &Path, index: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let view: ViewStore = crate::json::read_json(&path)?;
        if view.format_version != FORMAT_VERSION {
            let what = format!(
                "format {}; this version reads {FORMAT_VERSION}: run the signals stage again",
                view.format_version
            );
            return Err(Error::invalid(&path, what));
        }
        let recipe = view.recipe.settings().recipe();
        let recipe = recipe.map_err(|e| Error::invalid(&path, e.to_string()))?;
        let parts = view
            .parts
            .into_iter()
            .map(|part| part.open(view.recipe.source_rate))
            .collect::<Result<Vec<_>>>()?;
        let locations = read_locations(index, &parts)?;
        Ok(Self {
            root: root.to_owned(),
            recipe,
            parts,
            locations,
            number: OPENED.fetch_add(1, Ordering::Relaxed),
        })
    }

    pub(super) fn locate(&self, path: &str) -> Option<ViewLocation> {
        self.locations.get(key::of_path(path)).copied()
    }

    /// (leads, samples).
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.recipe.leads().len(), self.recipe.segment_samples())
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
        let recording = &mut last.recording;
        self.parts[place.part].read(place.row, recording)?;
        let (rate, scratch, segments) = (recording.sample_rate, &mut last.scratch, &mut last.segments);
        let cut = match &recording.samples {
            Samples::Float32(samples) => cut_segments(&self.recipe, (samples, rate), scratch, segments),
            Samples::Float64(samples) => cut_segments(&self.recipe, (samples, rate), scratch, segments),
        };
        cut.map_err(|e| Error::invalid(&self.root, e.to_string()))
    }
}

/// Computes all segments of a recording into `segments`.
fn cut_segments<S: Sample>(
    recipe: &Recipe,
    (samples, rate): (&[S], f64),
    scratch: &mut Scratch,
    segments: &mut Vec<f32>,
) -> recipe::Result<()> {
    let trimmed = recipe.trim(samples, rate, scratch)?;
    segments.resize(trimmed.segment_count() * recipe.segment_values(), 0.0);
    trimmed.write_segments(segments);
    Ok(())
}

/// Writes a rate that is a whole number of Hz without decimals.
fn whole_as_integer<S: Serializer>(rate: &f64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match rate.fract() == 0.0 {
        true => serializer.serialize_u64(*rate as u64),
        false => serializer.serialize_f64(*rate),
    }
}

fn read_locations(index: &Path, parts: &[DirectFile]) -> Result<HashMap<String, ViewLocation>> {
    let columns = [
        Column::new(SEGMENT, ColumnKind::Text),
        Column::new(PART, ColumnKind::Int),
        Column::new(ROW, ColumnKind::Int),
        Column::new(CUT, ColumnKind::Int),
    ];
    let frame = table::read(index, &columns, OtherColumns::Ignore)?;
    let segments = table::str_column(index, &frame, SEGMENT)?;
    let [part, row, cut] = [PART, ROW, CUT].map(|name| table::int_column(index, &frame, name));
    let (part, row, cut) = (part?, row?, cut?);
    let mut locations = HashMap::with_capacity(frame.height());
    for (((segment, part), row), cut) in segments.iter().zip(part.iter()).zip(row.iter()).zip(cut.iter()) {
        let number = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok());
        let segment = segment.unwrap_or_default();
        let place = match (number(part), number(row), number(cut)) {
            (Some(part), Some(row), Some(cut)) => ViewLocation { part, row, cut },
            _ => {
                let what = format!("segment `{segment}`: part, row and cut must be numbers from 0 on");
                return Err(Error::invalid(index, what));
            }
        };
        if parts.get(place.part).is_none_or(|p| place.row >= p.row_count()) {
            let what = format!(
                "segment `{segment}`: there is no row {} in part {}",
                place.row, place.part
            );
            return Err(Error::invalid(index, what));
        }
        if locations.insert(segment.to_owned(), place).is_some() {
            return Err(duplicate_segment(index, segment));
        }
    }
    Ok(locations)
}
