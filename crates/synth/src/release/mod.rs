//! Writing a release as CODE-15, or another archive, is published, and in addition the true measurements, which only synthetic
//! ECGs have.

mod card;
mod context;
mod files;
mod parts;
mod plant;
mod tables;

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::exam::Generator;
use crate::layout::ReleaseLayout;
use crate::options::SynthOptions;

use context::ReleaseContext;
pub use context::ReleaseSummary;
pub use files::exams_header;

/// Writes a release into `out_dir`, a directory that is empty or does not exist:
///
/// | file | holds |
/// |---|---|
/// | exams.csv | CODE-15's table |
/// | exams_part0.hdf5 … | CODE-15's tracings, each part ending in a dummy row |
/// | synth_truth.csv | rate, intervals, axis, R peaks and findings of every exam, by exam_id |
/// | faults.csv | the planted faults, by exam_id |
/// | SYNTHETIC.md, synth.json | statement that the ECGs are synthetic, and the options; synth.json is written last |
///
/// Of other layouts than CODE-15's, SYNTHETIC.md says which files there are; synth_truth.csv and the last two are in all.
///
/// The bytes depend on the options only, not on the number of threads (the current rayon pool's). `progress` is
/// called with the number of exams written since its last call, `cancelled` is asked between blocks of exams. About 50 MB of
/// memory are used whatever the number of exams.
///
/// # Errors
/// [`Error::Option`], [`Error::NotEmpty`], [`Error::Io`], [`Error::Part`], and [`Error::Cancelled`] where
/// `cancelled` returned true.
pub fn generate_release(
    options: &SynthOptions,
    out_dir: &Path,
    progress: &dyn Fn(u64),
    cancelled: &dyn Fn() -> bool,
) -> Result<ReleaseSummary, Error> {
    let generator = Generator::new(options)?;
    prepare_directory(out_dir)?;
    let job = ReleaseContext {
        generator: &generator,
        out: out_dir,
        progress,
        cancelled,
    };
    let mut summary = ReleaseSummary::default();
    if options.layout == ReleaseLayout::Code15 {
        write_code15(&job, &mut summary)?;
    } else {
        files::write_files(&job, &mut summary)?;
    }
    card::write_cards(options, &summary, out_dir)?;
    Ok(summary)
}

fn write_code15(job: &ReleaseContext<'_>, summary: &mut ReleaseSummary) -> Result<(), Error> {
    summary.parts = job.options().part_count();
    let mut planted = parts::write_parts(job, summary)?;
    planted.sort_by_key(|fault| fault.index);
    tables::write_exams(job, summary)?;
    tables::write_faults(&job.out.join("faults.csv"), &planted)
}

fn prepare_directory(out: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io {
        path: out.to_owned(),
        source,
    };
    fs::create_dir_all(out).map_err(failed)?;
    if fs::read_dir(out).map_err(failed)?.next().is_some() {
        return Err(Error::NotEmpty { path: out.to_owned() });
    }
    Ok(())
}
