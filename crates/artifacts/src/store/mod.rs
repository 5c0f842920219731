//! Where the samples of segments are: a few array files for all (`packed`, `packed16`), nowhere but in the raw files
//! (`view`), or one `.mat` file each (`mat`).
//!
//! | store | directory holds | a segment is |
//! |---|---|---|
//! | `packed` | `part-00000.npy` …, float32 (segments, leads, samples), and `index.csv`: segment, part, row | read |
//! | `packed16` | the same in float16 | read and widened |
//! | `view` | `view.json`: recipe and raw files; `index.csv`: segment, part, row, cut | computed from the raw file |
//! | `mat` | one `.mat` a segment | read, and rounded to float32 |
//!
//! Beside each lies a file `<directory>.store.json`, which says at which rate and in which unit the samples are: see [`About`].
//! `packed`, `view` and `mat` give the same float32 values to the bit.

mod about;
mod packed;
mod view;

pub use about::About;
pub use packed::{PackedWriter, PartFile, Values, write_packed_index};
pub use view::{RawPart, View, ViewRow};

use crate::error::{Error, Result};
use crate::formats::mat5;
use crate::key;
use packed::Packed;
use std::path::{Path, PathBuf};
use view::ViewReader;

/// The keys of a packed store or a view.
pub const INDEX_FILE: &str = "index.csv";
/// Directory of a packed store or a view inside the signals directory.
pub const PACKED_DIR: &str = "segments";
/// Directory of the segments of a `mat` store inside the signals directory.
pub const MAT_DIR: &str = "segmented";

/// Reads segments by path, from any number of threads.
///
/// Neighbours in the raw files are best read one after the other by the same thread: a view then computes a recording
/// once for all of its segments.
pub struct SegmentReader {
    root: PathBuf,
    about: Option<About>,
    kind: Store,
}

/// Which of two is meant cannot be known.
fn twice(index: &Path, segment: &str) -> Error {
    Error::invalid(index, format!("segment `{segment}` stands there twice"))
}

enum Store {
    Packed(Packed),
    View(ViewReader),
    Mat,
}

impl SegmentReader {
    /// Opens the store at `root`: a view or a packed store if it has an index, else a directory of `.mat` files.
    ///
    /// # Errors
    /// The directory, the index or a part cannot be read, the index points outside the parts, or the raw files of a view
    /// are not those that it was made from.
    pub fn open(root: &Path) -> Result<Self> {
        if !root.is_dir() {
            return Err(Error::invalid(
                root,
                "no such segment store; run the signals stage, or correct the manifest's first line",
            ));
        }
        let index = root.join(INDEX_FILE);
        let kind = if root.join(view::FILE).is_file() {
            Store::View(ViewReader::open(root, &index)?)
        } else if index.is_file() {
            Store::Packed(Packed::open(root, &index)?)
        } else {
            Store::Mat
        };
        Ok(Self {
            root: root.to_owned(),
            about: About::read(root)?,
            kind,
        })
    }

    /// What its segments are, where the store says so.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// (leads, samples) of the segment at `path`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn shape(&self, path: &str) -> Result<(usize, usize)> {
        match &self.kind {
            Store::Packed(packed) => Ok(packed.shape(packed.locate(path).ok_or_else(|| self.unknown(path))?)),
            Store::View(view) => match view.locate(path) {
                Some(_) => Ok(view.shape()),
                None => Err(self.unknown(path)),
            },
            Store::Mat => self.read_mat(path).map(|(leads, samples, _)| (leads, samples)),
        }
    }

    /// Reads the segment at `path`, lead-major, as float32.
    ///
    /// # Errors
    /// There is no such segment, its size is not `out`'s, or it cannot be read.
    pub fn read(&self, path: &str, out: &mut [f32]) -> Result<()> {
        match &self.kind {
            Store::Packed(packed) => {
                let place = packed.locate(path).ok_or_else(|| self.unknown(path))?;
                self.fits(path, packed.shape(place), out.len())?;
                packed.read(place, out)
            }
            Store::View(view) => {
                let place = view.locate(path).ok_or_else(|| self.unknown(path))?;
                self.fits(path, view.shape(), out.len())?;
                view.read(place, out)
            }
            Store::Mat => {
                let (leads, samples, feats) = self.read_mat(path)?;
                self.fits(path, (leads, samples), out.len())?;
                for (lead, row) in out.chunks_exact_mut(samples).enumerate() {
                    for (t, v) in row.iter_mut().enumerate() {
                        *v = feats[t * leads + lead] as f32;
                    }
                }
                Ok(())
            }
        }
    }

    fn fits(&self, path: &str, (leads, samples): (usize, usize), wanted: usize) -> Result<()> {
        let found = leads * samples;
        if found == wanted {
            return Ok(());
        }
        let what = format!(
            "segment `{path}` has {found} values where the first one had {wanted}; all must be of one shape"
        );
        Err(Error::invalid(&self.root, what))
    }

    fn unknown(&self, path: &str) -> Error {
        let what = format!("the store has no segment `{}`", key::of_path(path));
        Error::invalid(&self.root, what)
    }

    fn read_mat(&self, path: &str) -> Result<(usize, usize, Vec<f64>)> {
        let ((leads, samples), feats) = mat5::MatFile::read(&self.root.join(path))?.f64_matrix("feats")?;
        Ok((leads, samples, feats))
    }
}
