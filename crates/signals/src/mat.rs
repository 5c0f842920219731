//! The three kinds of `.mat` file of an exam, as the Python scripts write them: the same variables, in the same order,
//! of the same types and shapes.
//!
//! | directory | `feats` | and |
//! |---|---|---|
//! | `org` | float32 or float64 (leads, samples), as the recording is: trimmed, nothing else | rates, sizes, `idx` |
//! | `preprocessed` | float64 (leads, samples): resampled, standardised | the same, `mean` and `std` (leads, 1) |
//! | `segmented` | float64 (leads, samples of a segment) | the same, `segment_i` |
//!
//! Without standardising there is no `mean` and no `std`.

use crate::error::Result;
use crate::kept::KeptExam;
use crate::measured::StoredSample;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::formats::file_sum::FileSum;
use ecgfm_artifacts::formats::mat5::{MatData, MatWriter};
use ecgfm_artifacts::formats::pages::{PageBuffer, write_file};
use ecgfm_artifacts::key;
use ecgfm_artifacts::recipe::Recipe;
use ecgfm_artifacts::recipe::processed::Processed;
use ecgfm_artifacts::store::MAT_DIR;
use std::io;
use std::path::{Path, PathBuf};

/// Directory of the trimmed recordings.
pub(crate) const ORG_DIR: &str = "org";
/// Directory of the resampled and standardised recordings.
pub(crate) const PREPROCESSED_DIR: &str = "preprocessed";

/// The directories of a `mat` store.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    org: PathBuf,
    preprocessed: PathBuf,
    segmented: PathBuf,
}

impl Folders {
    /// Makes them in `out`.
    pub(crate) fn create(out: &Path) -> Result<Self> {
        let folders = Self {
            org: out.join(ORG_DIR),
            preprocessed: out.join(PREPROCESSED_DIR),
            segmented: out.join(MAT_DIR),
        };
        [&folders.org, &folders.preprocessed, &folders.segmented]
            .into_iter()
            .try_for_each(|d| create_dir(d))?;
        Ok(folders)
    }

    /// The directory that they are in.
    pub(crate) fn parent(&self) -> &Path {
        self.org.parent().unwrap_or(&self.org)
    }
}

/// Makes the directory `dir`, and those above it.
pub(crate) fn create_dir(dir: &Path) -> Result<()> {
    Ok(std::fs::create_dir_all(dir).map_err(ArtifactError::io("create", dir))?)
}

/// Writes all files of one exam, and adds them to the sum of the directory that their directories are in.
pub(crate) fn write<S: StoredSample>(
    folders: &Folders,
    (buffer, sum): (&mut PageBuffer, &mut FileSum),
    (exam, save_file): (&KeptExam, &str),
    made: &Processed<'_, S>,
    recipe: &Recipe,
) -> Result<()> {
    let (leads, org_size) = (made.leads(), made.org_samples());
    let rate = f64::from(recipe.sample_rate());
    let variables = |current_rate: f64, current_size: usize| Variables {
        rates: [exam.sample_rate, current_rate],
        sizes: [org_size as i64, current_size as i64],
        idx: exam.idx as i64,
        leads,
    };
    // Sample by sample is column by column of (leads, samples): what MATLAB stores.
    let moments = made.moments().map(|m| [&m.mean[..], &m.std[..]]);
    create((buffer, sum), &folders.org.join(save_file), |mat| {
        variables(exam.sample_rate, org_size).put(mat, S::mat_data(made.org()), None)
    })?;
    create((buffer, sum), &folders.preprocessed.join(save_file), |mat| {
        variables(rate, made.samples()).put(mat, MatData::F64(made.preprocessed()), moments)
    })?;
    for (i, segment) in made.segments().enumerate() {
        let path = folders
            .segmented
            .join(format!("{}.mat", key::segment_key(save_file, i)));
        create((buffer, sum), &path, |mat| {
            variables(rate, recipe.segment_samples()).put(mat, MatData::F64(segment), moments)?;
            mat.put("segment_i", [1, 1], MatData::I64(&[i as i64]))
        })?;
    }
    Ok(())
}

/// What every file has besides its signal.
struct Variables {
    /// Original and current sample rate, in Hz.
    rates: [f64; 2],
    /// Original and current samples per lead.
    sizes: [i64; 2],
    idx: i64,
    leads: usize,
}

impl Variables {
    fn put(
        &self,
        mat: &mut MatWriter<&mut PageBuffer>,
        feats: MatData<'_>,
        moments: Option<[&[f64]; 2]>,
    ) -> io::Result<()> {
        let one = |mat: &mut MatWriter<&mut PageBuffer>, name: &str, value: i64| {
            mat.put(name, [1, 1], MatData::I64(&[value]))
        };
        for (name, rate) in ["org_sample_rate", "curr_sample_rate"]
            .into_iter()
            .zip(self.rates)
        {
            match rate.fract() == 0.0 {
                true => one(mat, name, rate as i64)?,
                false => mat.put(name, [1, 1], MatData::F64(&[rate]))?,
            }
        }
        one(mat, "org_sample_size", self.sizes[0])?;
        one(mat, "curr_sample_size", self.sizes[1])?;
        mat.put("feats", [self.leads, self.sizes[1] as usize], feats)?;
        one(mat, "idx", self.idx)?;
        for (name, values) in ["mean", "std"].into_iter().zip(moments.into_iter().flatten()) {
            mat.put(name, [self.leads, 1], MatData::F64(values))?;
        }
        Ok(())
    }
}

fn create(
    (buffer, sum): (&mut PageBuffer, &mut FileSum),
    path: &Path,
    fill: impl FnOnce(&mut MatWriter<&mut PageBuffer>) -> io::Result<()>,
) -> Result<()> {
    buffer.clear();
    let written = MatWriter::new(&mut *buffer).and_then(|mut mat| {
        fill(&mut mat)?;
        mat.finish().map(drop)
    });
    let written = written.and_then(|()| write_file(path, buffer));
    written.map_err(ArtifactError::io("write", path))?;
    let name_of = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let folder = path.parent().map_or_else(String::new, name_of);
    sum.add_file(&format!("{folder}/{}", name_of(path)), buffer.bytes());
    Ok(())
}
