//! The parts of a release, and where in them each exam is.

use crate::dataset::{self, PART_EXTENSION, PART_PREFIX};
use crate::error::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::formats::code15::PartReader;
use ecgfm_artifacts::formats::tracings::Placement;
use ecgfm_artifacts::recipe::leads;
use ecgfm_artifacts::rejected::Reason;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Samples of one lead that a part may hold; CODE-15 has 4096. More is taken for damage.
const MAX_SAMPLES: usize = 1 << 22;

/// Where a tracing is. Ordered as tracings are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Number of the part in the catalogue.
    pub(crate) part: usize,
    /// Row in the part.
    pub(crate) row: usize,
}

/// A part's file name, and the part or why it cannot be read.
struct Entry {
    name: String,
    part: std::result::Result<PartReader, String>,
}

/// All parts of a release, open.
pub(crate) struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    /// Every row of every part, by exam, dummies left out.
    places: Vec<(i64, Place)>,
}

impl Catalog {
    /// Opens every part in the directory `raw`.
    pub(crate) fn open(raw: &Path) -> Result<Self> {
        let names = named_parts(raw)?;
        // Each in a process of its own, where the program asked for that.
        let opened: Vec<Result<Entry>> = names
            .into_par_iter()
            .map(|name| {
                let part = open_part(raw, &name)?;
                Ok(Entry { name, part })
            })
            .collect();
        let entries = opened.into_iter().collect::<Result<Vec<Entry>>>()?;
        let by_name = entries
            .iter()
            .enumerate()
            .map(|(i, e)| (e.name.clone(), i))
            .collect();
        let mut places = Vec::new();
        for (part, entry) in entries.iter().enumerate() {
            let ids = entry.part.as_ref().map(PartReader::exam_ids).unwrap_or_default();
            // The release ends every part with a row of zeros for exam 0; other writers put it elsewhere, or nowhere.
            let real = ids.iter().enumerate().filter(|(_, id)| **id != 0);
            places.extend(real.map(|(row, id)| (*id, Place { part, row })));
        }
        places.sort_unstable();
        Ok(Self {
            entries,
            by_name,
            places,
        })
    }

    /// Number of parts.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The exam of every tracing, as often as it is there.
    pub(crate) fn exams(&self) -> impl Iterator<Item = i64> {
        self.places.iter().map(|(id, _)| *id)
    }

    /// The parts that cannot be read, and why.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .filter_map(|e| Some((e.name.as_str(), e.part.as_ref().err()?.as_str())))
    }

    /// The parts that are read without the HDF5 library, with their numbers and how their rows lie.
    pub(crate) fn direct_parts(&self) -> impl Iterator<Item = (usize, &PartReader, Placement)> {
        let parts = self.entries.iter().enumerate();
        parts.filter_map(|(number, entry)| {
            let part = entry.part.as_ref().ok()?;
            Some((number, part, part.placement()?))
        })
    }

    /// Whether all parts that can be read are read without the HDF5 library.
    pub(crate) fn check_direct(&self) -> Result<()> {
        let slow = self.entries.iter().find_map(|e| {
            let part = e.part.as_ref().ok().filter(|p| p.placement().is_none())?;
            Some((&e.name, part.layout()))
        });
        match slow {
            None => Ok(()),
            Some((name, layout)) => {
                let what = format!(
                    "is `view`, which reads float32 that lies plain or in chunks of gzip; {name} is stored otherwise \
                     ({layout}): use `packed`"
                );
                Err(Error::parameter("store", what))
            }
        }
    }

    /// The part at a place that [`Self::find`] gave.
    pub(crate) fn part(&self, place: Place) -> Option<&PartReader> {
        self.entries.get(place.part)?.part.as_ref().ok()
    }

    /// Where the tracing of an exam is: in the part that the table names, once.
    pub(crate) fn find(
        &self,
        exam_id: i64,
        trace_file: &str,
    ) -> std::result::Result<Place, (Reason, String)> {
        if trace_file.is_empty() {
            return Err((Reason::UnknownTraceFile, "`trace_file` is empty".to_owned()));
        }
        let Some(&named) = self.by_name.get(trace_file) else {
            let (first, n) = (self.entries.first().map_or("", |e| e.name.as_str()), self.len());
            let detail = format!(
                "`{}` is none of the {n} parts that are there ({first} and so on)",
                trace_file.escape_debug()
            );
            return Err((Reason::UnknownTraceFile, detail));
        };
        if let Err(why) = &self.entries[named].part {
            return Err((Reason::UnreadablePart, why.clone()));
        }
        let start = self.places.partition_point(|(id, _)| *id < exam_id);
        let everywhere = self.places[start..]
            .iter()
            .take_while(|(id, _)| *id == exam_id)
            .map(|(_, place)| *place);
        let everywhere: Vec<Place> = everywhere.collect();
        let here: Vec<Place> = everywhere.iter().copied().filter(|p| p.part == named).collect();
        match (here[..].as_ref(), everywhere.first()) {
            ([place], _) => Ok(*place),
            ([], None) => Err((Reason::MissingTracing, format!("no part holds exam {exam_id}"))),
            ([], Some(other)) => {
                let other_name = &self.entries[other.part].name;
                let detail = format!(
                    "exam {exam_id} is not in {trace_file} but in {other_name}, row {}",
                    other.row
                );
                Err((Reason::WrongTraceFile, detail))
            }
            (rows, _) => {
                let rows: Vec<String> = rows.iter().map(|p| p.row.to_string()).collect();
                let detail = format!("{trace_file} holds exam {exam_id} in rows {}", rows.join(", "));
                Err((Reason::DuplicateTracing, detail))
            }
        }
    }
}

/// Names of the parts, in the order of their numbers.
/// The names of the parts in the directory `raw`, in order.
///
/// # Errors
/// There are none.
pub(crate) fn named_parts(raw: &Path) -> Result<Vec<String>> {
    let names = part_names(raw)?;
    if names.is_empty() {
        return Err(no_parts(raw));
    }
    Ok(names)
}

fn part_names(raw: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(raw).map_err(ArtifactError::io("read", raw))? {
        let name = entry.map_err(ArtifactError::io("read", raw))?.file_name();
        if let Some(name) = name.to_str().filter(|n| part_number(n).is_some()) {
            names.push(name.to_owned());
        }
    }
    names.sort_by(|a, b| (part_number(a), a).cmp(&(part_number(b), b)));
    Ok(names)
}

fn part_number(name: &str) -> Option<u64> {
    name.strip_prefix(PART_PREFIX)?
        .strip_suffix(PART_EXTENSION)?
        .parse()
        .ok()
}

/// The part, or what is wrong with it. What the system is at fault for says nothing about the part, and is an error.
fn open_part(raw: &Path, name: &str) -> Result<std::result::Result<PartReader, String>> {
    let path = raw.join(name);
    let part = match PartReader::open(&path) {
        Ok(part) => part,
        Err(error) if error.fault().is_some() => return Err(error.into()),
        Err(error) => {
            let help = error.help().map_or_else(String::new, |help| format!("; {help}"));
            return Ok(Err(format!("{error}{help}")));
        }
    };
    if part.leads() != leads::COUNT || part.samples() > MAX_SAMPLES {
        let (samples, found) = (part.samples(), part.leads());
        let (path, wanted) = (path.display(), leads::COUNT);
        return Ok(Err(format!(
            "{path}: tracings of {samples} samples by {found} leads; there should be {wanted} leads and at most {MAX_SAMPLES} \
             samples: {}",
            advice_on_shape(samples, found)
        )));
    }
    Ok(Ok(part))
}

/// What to do about recordings of another shape.
fn advice_on_shape(samples: usize, found: usize) -> &'static str {
    /// Leads that do not follow from others: I, II, V1 to V6.
    const INDEPENDENT: usize = 8;
    match (samples, found) {
        (leads::COUNT, _) => "write the recordings as (exams, samples, leads)",
        (_, INDEPENDENT) => {
            "if they are I, II and V1 to V6, the other four follow: III = II - I, aVR = -(I + II) / 2, aVL = I - II / 2, \
             aVF = II - I / 2; write all twelve, in the order I, II, III, aVR, aVL, aVF, V1 to V6, in millivolts"
        }
        (_, leads::COUNT) => "so long a recording is taken for damage",
        _ => "write all twelve leads, in the order I, II, III, aVR, aVL, aVF, V1 to V6",
    }
}

fn no_parts(raw: &Path) -> Error {
    let zipped = std::fs::read_dir(raw).into_iter().flatten().flatten();
    let zipped = zipped
        .filter(|e| e.path().extension().is_some_and(|x| x == "zip"))
        .count();
    let help = match zipped {
        0 => dataset::HOW_TO_GET.to_owned(),
        n => format!(
            "unpack the {n} .zip files that are there: `unzip '{}/*.zip' -d {0}`",
            raw.display()
        ),
    };
    let what = format!("holds no {PART_PREFIX}<number>{PART_EXTENSION}");
    Error::BadInput {
        path: raw.to_owned(),
        what,
        help: Some(help),
    }
}
