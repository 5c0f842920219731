//! A store without samples: which rows of which raw files hold the segments, and the recipe that makes them.
//!
//! `view.json` holds the recipe and, for every raw file, its path, what tells it from another file, and how its rows lie
//! in it; `index.csv` holds segment, part, row and cut: the raw file's place in that list, the row of the recording, and
//! the segment's number in it. A segment is computed when it is read, to the same bits that a packed store holds.

use super::{INDEX_FILE, twice};
use crate::columns::{CUT, PART, ROW, SEGMENT};
use crate::error::{Error, Result};
use crate::formats::tracings::{BlockTable, Compression, Placement, StoredBlock, TracingRows};
use crate::key;
use crate::pandas::{Cell, RowWriter};
use crate::recipe::recipe::{Options, Recipe, Scratch};
use crate::table::{self, Column, Kind, Others};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What makes a directory a view.
pub(super) const FILE: &str = "view.json";
const FORMAT_VERSION: u32 = 1;
/// Bytes of a raw file that are hashed at each of three places.
const SAMPLED: usize = 1 << 16;

/// What a view is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    format_version: u32,
    /// How recordings become segments.
    recipe: Options,
    /// The raw files.
    parts: Vec<RawPart>,
}

/// One raw file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPart {
    /// Where it is.
    path: PathBuf,
    /// Its bytes.
    size: u64,
    /// BLAKE3 of samples of it: start, middle and end.
    sample: String,
    /// TracingRows, samples, leads.
    shape: [usize; 3],
    /// How the rows lie in it.
    rows: Lie,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Lie {
    Contiguous {
        offset: u64,
    },
    Blocks {
        shape: [usize; 3],
        shuffled: bool,
        deflated: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lzf: bool,
        /// Bits of the value of what was never written, which JSON could not always say as a number.
        fill_bits: u32,
        /// Place along rows, samples and leads; first byte; bytes; filters left out.
        blocks: Vec<(usize, usize, usize, u64, u64, u32)>,
    },
}

impl From<Placement> for Lie {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Contiguous { offset } => Self::Contiguous { offset },
            Placement::Blocks(table) => Self::Blocks {
                shape: table.shape,
                shuffled: table.shuffled,
                deflated: table.compression == Compression::Deflate,
                lzf: table.compression == Compression::Lzf,
                fill_bits: table.fill.to_bits(),
                blocks: (table.blocks.iter())
                    .map(|b| {
                        (
                            b.place[0],
                            b.place[1],
                            b.place[2],
                            b.at,
                            b.size,
                            b.skipped_filters,
                        )
                    })
                    .collect(),
            },
        }
    }
}

impl From<Lie> for Placement {
    fn from(lie: Lie) -> Self {
        match lie {
            Lie::Contiguous { offset } => Self::Contiguous { offset },
            Lie::Blocks {
                shape,
                shuffled,
                deflated,
                lzf,
                fill_bits,
                blocks,
            } => Self::Blocks(BlockTable {
                shape,
                shuffled,
                compression: match (deflated, lzf) {
                    (false, false) => Compression::None,
                    (true, _) => Compression::Deflate,
                    (false, true) => Compression::Lzf,
                },
                fill: f32::from_bits(fill_bits),
                blocks: (blocks.into_iter())
                    .map(|(row, sample, lead, at, size, skipped_filters)| StoredBlock {
                        place: [row, sample, lead],
                        at,
                        size,
                        skipped_filters,
                    })
                    .collect(),
            }),
        }
    }
}

impl RawPart {
    /// The file at `path`, of (rows, samples, leads).
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(path: &Path, shape: [usize; 3], placement: Placement) -> Result<Self> {
        let path = std::path::absolute(path).map_err(Error::io("resolve", path))?;
        let (size, sample) = fingerprint(&path)?;
        Ok(Self {
            path,
            size,
            sample,
            shape,
            rows: placement.into(),
        })
    }

    fn open(self) -> Result<TracingRows> {
        let (size, sample) = fingerprint(&self.path)?;
        if (size, &sample) != (self.size, &self.sample) {
            let what = "is not the file that the signals stage read: run that again, or put the file back";
            return Err(Error::invalid(&self.path, what));
        }
        Ok(TracingRows::open(&self.path, self.shape, self.rows.into())?)
    }
}

fn fingerprint(path: &Path) -> Result<(u64, String)> {
    let read = || -> io::Result<(u64, String)> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let (mut hash, mut bytes) = (blake3::Hasher::new(), vec![0; SAMPLED.min(size as usize)]);
        let last = size - bytes.len() as u64;
        for at in [0, last / 2, last] {
            file.read_exact_at(&mut bytes, at)?;
            hash.update(&bytes);
        }
        Ok((size, hash.finalize().to_hex().to_string()))
    };
    read().map_err(Error::io("read", path))
}

/// A segment in the index of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// Its key.
    pub segment: String,
    /// Place of the raw file in the view's list.
    pub part: usize,
    /// Row of the recording in it.
    pub row: usize,
    /// Number of the segment in the recording.
    pub cut: usize,
}

impl View {
    /// Segments made by `recipe` from those files.
    pub fn new(recipe: &Recipe, parts: Vec<RawPart>) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            recipe: recipe.options().clone(),
            parts,
        }
    }

    /// Writes the store into the existing directory `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path, rows: impl IntoIterator<Item = ViewRow>) -> Result<()> {
        let index = dir.join(INDEX_FILE);
        crate::atomic::write(&index, |out| {
            let written: io::Result<()> = (|| {
                let mut w = RowWriter::new(out, [SEGMENT, PART, ROW, CUT])?;
                for row in rows {
                    let place = [row.part, row.row, row.cut].map(|n| Cell::Int(n as i64));
                    w.row(std::iter::once(Cell::Text(&row.segment)).chain(place))?;
                }
                w.finish().map(drop)
            })();
            written.map_err(Error::io("write", &index))
        })?;
        let path = dir.join(FILE);
        let mut json = serde_json::to_vec(self).map_err(|e| Error::io("write", &path)(e.into()))?;
        json.push(b'\n');
        crate::atomic::write_bytes(&path, &json)
    }
}

/// Where a segment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    part: usize,
    row: usize,
    cut: usize,
}

/// A view, open.
pub(super) struct ViewReader {
    root: PathBuf,
    recipe: Recipe,
    parts: Vec<TracingRows>,
    places: HashMap<String, Place>,
    /// Tells one open view from another.
    number: u64,
}

/// What a thread computed last: segments of a recording that was just read are likely to be wanted next.
#[derive(Default)]
struct Last {
    /// View, part and row.
    of: Option<(u64, usize, usize)>,
    tracing: Vec<f32>,
    scratch: Scratch,
    segments: Vec<f32>,
}

thread_local! {
    static LAST: RefCell<Last> = RefCell::default();
}

static OPENED: AtomicU64 = AtomicU64::new(0);

impl ViewReader {
    pub(super) fn open(root: &Path, index: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let view: View = crate::json::read_json(&path)?;
        if view.format_version != FORMAT_VERSION {
            let what = format!(
                "format {}; this version reads {FORMAT_VERSION}: run the signals stage again",
                view.format_version
            );
            return Err(Error::invalid(&path, what));
        }
        let recipe = Recipe::new(view.recipe).map_err(|e| Error::invalid(&path, e.to_string()))?;
        let parts = view
            .parts
            .into_iter()
            .map(RawPart::open)
            .collect::<Result<Vec<_>>>()?;
        let places = read_index(index, &parts)?;
        Ok(Self {
            root: root.to_owned(),
            recipe,
            parts,
            places,
            number: OPENED.fetch_add(1, Ordering::Relaxed),
        })
    }

    pub(super) fn locate(&self, path: &str) -> Option<Place> {
        self.places.get(key::of_path(path)).copied()
    }

    /// (leads, samples).
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.recipe.leads().len(), self.recipe.segment_samples())
    }

    pub(super) fn read(&self, place: Place, out: &mut [f32]) -> Result<()> {
        LAST.with_borrow_mut(|last| {
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

    /// All segments of a recording.
    fn compute(&self, place: Place, last: &mut Last) -> Result<()> {
        let rows = &self.parts[place.part];
        last.tracing.resize(rows.row_len(), 0.0);
        rows.read_row(place.row, &mut last.tracing)?;
        let trimmed = self.recipe.trim(&last.tracing, &mut last.scratch);
        let trimmed = trimmed.map_err(|e| Error::invalid(&self.root, e.to_string()))?;
        let values = trimmed.segment_count() * self.recipe.segment_values();
        last.segments.resize(values, 0.0);
        trimmed.write_segments(&mut last.segments);
        Ok(())
    }
}

fn read_index(index: &Path, parts: &[TracingRows]) -> Result<HashMap<String, Place>> {
    let columns = [
        Column::new(SEGMENT, Kind::Text),
        Column::new(PART, Kind::Int),
        Column::new(ROW, Kind::Int),
        Column::new(CUT, Kind::Int),
    ];
    let frame = table::read(index, &columns, Others::Ignore)?;
    let segments = table::str_column(index, &frame, SEGMENT)?;
    let [part, row, cut] = [PART, ROW, CUT].map(|name| table::int_column(index, &frame, name));
    let (part, row, cut) = (part?, row?, cut?);
    let mut places = HashMap::with_capacity(frame.height());
    for (((segment, part), row), cut) in segments.iter().zip(part.iter()).zip(row.iter()).zip(cut.iter()) {
        let number = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok());
        let segment = segment.unwrap_or_default();
        let place = match (number(part), number(row), number(cut)) {
            (Some(part), Some(row), Some(cut)) => Place { part, row, cut },
            _ => {
                let what = format!("segment `{segment}`: part, row and cut must be numbers from 0 on");
                return Err(Error::invalid(index, what));
            }
        };
        if parts.get(place.part).is_none_or(|p| place.row >= p.shape()[0]) {
            let what = format!(
                "segment `{segment}`: there is no row {} in part {}",
                place.row, place.part
            );
            return Err(Error::invalid(index, what));
        }
        if places.insert(segment.to_owned(), place).is_some() {
            return Err(twice(index, segment));
        }
    }
    Ok(places)
}
