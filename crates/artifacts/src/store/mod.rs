//! Stores of the samples of segments: a few array files for all (`packed`, `packed16`), nowhere but in the raw files
//! (`view`), or one `.mat` file each (`mat`).
//!
//! | store | directory holds | a segment is |
//! |---|---|---|
//! | `packed` | `part-00000.npy` …, float32 (segments, rows, samples), and `index.csv`: segment, part, row | read |
//! | `packed16` | the same in float16 | read and widened |
//! | `view` | `view.json`: recipe and raw files; `index.csv`: segment, part, row, cut | computed from the raw file |
//! | `view` of other files than HDF5 | the same; `files.csv`: path, size | computed from the raw file |
//! | `mat` | one `.mat` a segment | read, and rounded to float32 |
//!
//! Beside each lies a file `<directory>.store.json`, which says at which rate and in which unit the samples are: see [`StoreInfo`].
//! `packed`, `view` and `mat` give the same float32 values to the bit. A segment's rows are leads, or one row where the recipe puts
//! the leads one after another.

mod digest;
mod index;
mod info;
mod lead_supply;
mod packed;
mod raw_part;
mod reopened;
mod view;
mod view_reader;

pub use digest::RecordingDigest;
pub use index::INDEX_FILE;
pub use info::StoreInfo;
pub use lead_supply::{lead_supply, withheld_leads};
pub use packed::{PackedWriter, PartFile, SampleType, write_packed_index};
pub use raw_part::RawPart;
pub use reopened::{RecordingRules, ReopenedFile};
pub use view::{ViewRow, ViewStore};

use crate::columns::IDX;
use crate::error::{Error, Result};
use crate::formats::mat5;
use crate::key;
use crate::presence::{is_dir, is_file};
use packed::PackedReader;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use view_reader::ViewReader;

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
    info: Option<StoreInfo>,
    /// (leads, samples) of the segment that was asked for first, which all others must have.
    shape: OnceLock<(usize, usize)>,
    kind: OpenStore,
}

enum OpenStore {
    Packed(PackedReader),
    View(Box<ViewReader>),
    Mat,
}

impl SegmentReader {
    /// Opens the store at `root`: a view or a packed store if it has an index, else a directory of `.mat` files.
    ///
    /// # Errors
    /// The directory, the index or a part cannot be read, the index points outside the parts, or the raw files of a view
    /// are not those that it was made from.
    pub fn open(root: &Path) -> Result<Self> {
        if !is_dir(root)? {
            return Err(Error::advised(
                root,
                "no such segment store; run the signals stage, or correct the manifest's first line",
                "where the segments were moved, set `segments` to where they are now",
            ));
        }
        let index = root.join(INDEX_FILE);
        let kind = if is_file(&root.join(view::FILE))? {
            OpenStore::View(Box::new(ViewReader::open(root, &index)?))
        } else if is_file(&index)? {
            OpenStore::Packed(PackedReader::open(root, &index)?)
        } else {
            OpenStore::Mat
        };
        Ok(Self {
            root: root.to_owned(),
            info: StoreInfo::read(root)?,
            shape: OnceLock::new(),
            kind,
        })
    }

    /// Properties of the segments, where the store has them.
    pub fn info(&self) -> Option<&StoreInfo> {
        self.info.as_ref()
    }

    /// Samples a second: of the store, where it says so, else of the segment at `path`, where its file does.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn sample_rate(&self, path: &str) -> Result<Option<f64>> {
        match (&self.info, &self.kind) {
            (Some(info), _) => Ok(info.sample_rate),
            (None, OpenStore::Mat) => {
                let file = mat5::MatFile::read(&self.root.join(path))?;
                Ok(file.f64_scalar("curr_sample_rate").ok())
            }
            (None, _) => Ok(None),
        }
    }

    /// The row of the raw table that the segment at `path` comes from, where its file says so: those of a `mat` store do, as
    /// the reference writes them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn idx(&self, path: &str) -> Result<Option<i64>> {
        let OpenStore::Mat = self.kind else {
            return Ok(None);
        };
        let file = mat5::MatFile::read_small(&self.root.join(path))?;
        let has_it = file.arrays().iter().any(|array| array.name == IDX);
        Ok(has_it.then(|| file.i64_scalar(IDX)).transpose()?)
    }

    /// (leads, samples) of the segment at `path`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn shape(&self, path: &str) -> Result<(usize, usize)> {
        let shape = self.shape_of(path)?;
        self.shape.get_or_init(|| shape);
        Ok(shape)
    }

    fn shape_of(&self, path: &str) -> Result<(usize, usize)> {
        match &self.kind {
            OpenStore::Packed(packed) => {
                Ok(packed.shape(packed.locate(path).ok_or_else(|| self.unknown_segment(path))?))
            }
            OpenStore::View(view) => match view.locate(path) {
                Some(_) => Ok(view.shape()),
                None => Err(self.unknown_segment(path)),
            },
            OpenStore::Mat => self.read_mat(path).map(|(leads, samples, _)| (leads, samples)),
        }
    }

    /// Reads the segment at `path`, lead-major, as float32.
    ///
    /// # Errors
    /// There is no such segment, its size is not `out`'s, its shape not that of the first one, or it cannot be read.
    pub fn read(&self, path: &str, out: &mut [f32]) -> Result<()> {
        match &self.kind {
            OpenStore::Packed(packed) => {
                let place = packed.locate(path).ok_or_else(|| self.unknown_segment(path))?;
                self.check_shape(path, packed.shape(place), out.len())?;
                packed.read(place, out)
            }
            OpenStore::View(view) => {
                let place = view.locate(path).ok_or_else(|| self.unknown_segment(path))?;
                self.check_shape(path, view.shape(), out.len())?;
                view.read(place, out)
            }
            OpenStore::Mat => {
                let (leads, samples, feats) = self.read_mat(path)?;
                self.check_shape(path, (leads, samples), out.len())?;
                for (lead, row) in out.chunks_exact_mut(samples).enumerate() {
                    for (t, v) in row.iter_mut().enumerate() {
                        *v = feats[t * leads + lead] as f32;
                    }
                }
                Ok(())
            }
        }
    }

    fn check_shape(&self, path: &str, shape: (usize, usize), wanted: usize) -> Result<()> {
        let first = *self.shape.get_or_init(|| shape);
        // Samples by leads are as many values as leads by samples.
        if shape == first && shape.0 * shape.1 == wanted {
            return Ok(());
        }
        let (leads, samples) = shape;
        let what = format!(
            "segment `{path}` has {leads} leads of {samples} samples where the first one had {} of {} ({wanted} values in \
             all); all must be of one shape",
            first.0, first.1
        );
        Err(Error::invalid(&self.root, what))
    }

    fn unknown_segment(&self, path: &str) -> Error {
        let what = format!("the store has no segment `{}`", key::of_path(path));
        Error::invalid(&self.root, what)
    }

    fn read_mat(&self, path: &str) -> Result<(usize, usize, Vec<f64>)> {
        let ((leads, samples), feats) = mat5::MatFile::read(&self.root.join(path))?.f64_matrix("feats")?;
        Ok((leads, samples, feats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mat5::{MatData, MatWriter};
    use crate::formats::npy::{NpyDtype, NpyWriter};

    #[test]
    fn segments_of_another_shape_are_refused_though_they_hold_as_many_values() {
        let dir = tempfile::tempdir().unwrap();
        for (name, dims) in [("a_0.mat", [2, 3]), ("b_0.mat", [3, 2])] {
            let file = std::fs::File::create(dir.path().join(name)).unwrap();
            let mut mat = MatWriter::new(file).unwrap();
            mat.put("feats", dims, MatData::F64(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
                .unwrap();
            mat.finish().unwrap();
        }
        let reader = SegmentReader::open(dir.path()).unwrap();
        let mut out = [0.0; 6];
        assert_eq!(reader.shape("a_0.mat").unwrap(), (2, 3));
        reader.read("a_0.mat", &mut out).unwrap();
        let message = reader.read("b_0.mat", &mut out).unwrap_err().to_string();
        assert!(
            message.contains("`b_0.mat` has 3 leads of 2 samples where the first one had 2 of 3"),
            "{message}"
        );
    }

    #[test]
    fn parts_of_another_shape_are_refused_though_they_hold_as_many_values() {
        let dir = tempfile::tempdir().unwrap();
        for (part, shape) in [(0, [2, 3]), (1, [3, 2])] {
            let path = dir.path().join(format!("part-{part:05}.npy"));
            let mut writer = NpyWriter::create(&path, NpyDtype::F32, &shape).unwrap();
            writer.write_f32(&[0.0; 6]).unwrap();
            writer.finish().unwrap();
        }
        std::fs::write(
            dir.path().join(INDEX_FILE),
            "segment,part,row\na_0,0,0\nb_0,1,0\n",
        )
        .unwrap();
        let message = SegmentReader::open(dir.path()).err().unwrap().to_string();
        assert!(
            message.contains("part-00001.npy: its segments have 3 leads of 2 samples"),
            "{message}"
        );
    }
}
