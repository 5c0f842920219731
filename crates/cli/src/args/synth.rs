//! `ecgfm synth`.

use clap::Args;
use std::path::PathBuf;

const ABOUT_SYNTH: &str = "\
Every ECG is computed: a heart vector draws P, QRS and T loops beat by beat and is projected on twelve leads, so that \
III = II - I and the augmented leads hold; electrodes add baseline wander, mains hum and muscle noise. No patient is in it, \
and nothing learnt from it says anything about patients.

Labels come first and the ECG is built to meet them:
  1dAVb       PR over 200 ms
  RBBB, LBBB  wide QRS; rSR' in V1 and broad S in I and V6, or QS in V1 and broad notched R in I and V6
  SB, ST      sinus rhythm under 56, over 102 beats a minute
  AF          irregular, no P wave, fibrillatory waves
  normal_ecg  nothing abnormal; an ECG that is neither normal nor one of the six has another finding
With --overlap, about a third of the exams of each class lie near the cut, and some beyond it.

What is written in the layout code15:
  exams.csv, exams_part0.hdf5 ...   400 Hz, zero padding on both sides, a dummy row at the end of each part
  synth_truth.csv                   rate, PR, QRS, QT, axis, findings and R peaks of every exam (in all layouts)
  faults.csv                        the faults that were planted, by exam
  SYNTHETIC.md, synth.json          that it is synthetic, and how to make it again (in all layouts)

In the other layouts the same ECGs have 10 s at 500 Hz, in millivolts, and what is known about them is said as there:
  ptbxl           WFDB of 500 and 100 Hz, ptbxl_database.csv with scp_codes and strat_fold
  physionet2021   WFDB as .mat files, SNOMED CT codes in the comment Dx
  mimic_iv_ecg    WFDB, record_list.csv, machine_measurements.csv with statements as text
  folder          WFDB, CSV and MUSE files side by side, exams.csv
  muse            MUSE XML of eight leads, exams.csv

Examples:
  ecgfm synth --out data/sample --exams 2000 --mix balanced
  ecgfm synth --out data/hard --exams 2000 --mix balanced --overlap 1
  ecgfm synth --out data/bad --faults '{flat_lead: 5, nan: 5, swapped_leads: 5, short_recording: 5, missing_exam: 5}'
  ecgfm synth --out data/full --exams 345779
  ecgfm synth --out data/ptbxl --layout ptbxl --exams 100
  ecgfm run code15 --profile full --set vars.raw=data/sample --set vars.checkpoint=...";

/// `ecgfm synth`
#[derive(Debug, Args)]
#[command(after_help = ABOUT_SYNTH)]
pub struct SynthArgs {
    /// Directory to write; it must not exist yet.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Layout of the archive: code15, ptbxl, physionet2021, mimic_iv_ecg, folder or muse.
    #[arg(long, value_name = "LAYOUT", default_value = "code15")]
    pub layout: String,
    /// Number of exams, 1 to 4,194,304; CODE-15 has 345,779.
    #[arg(long, default_value_t = 400)]
    pub exams: u32,
    /// A whole number, 0 or more: the same options and seed give the same bytes, with any number of threads.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Share of exams with each label: `prevalence` (as in CODE-15), `balanced` (.15 each), or shares from 0 to 1 such
    /// as '{RBBB: 0.2, AF: 0.1, normal_ecg: 0.4}', of 1dAVb, RBBB, LBBB, SB, ST, AF, normal_ecg.
    #[arg(long, default_value = "prevalence")]
    pub mix: String,
    /// Noise of the electrodes, 0 to 20: 0 none, 1 as in a tidy archive, 3 bad.
    #[arg(long, default_value_t = 1.0)]
    pub noise: f64,
    /// How far classes overlap near the cuts of the labels, 0 to 1: 0 not at all, 1 as readers of ECGs disagree. Noise then differs between
    /// exams, and is most at 75 years and over.
    #[arg(long, default_value_t = 0.0)]
    pub overlap: f64,
    /// In the layout code15, exams to plant a fault in, one fault each, such as '{flat_lead: 3, nan: 2}'. Also swapped_leads, short_recording,
    /// missing_exam, all_zero, wrong_trace_file, duplicate_id, duplicate_tracing.
    #[arg(long, default_value = "{}")]
    pub faults: String,
    /// In the layout code15, exams in one HDF5 part at most, 1 to 20,000.
    #[arg(long, default_value_t = 20_000)]
    pub exams_per_part: u32,
    /// Number of HDF5 parts, instead of --exams-per-part: each gets the same number of exams, or one more; 1 to 4,194,304, and no more than exams. CODE-15 has 18.
    #[arg(long, value_name = "N", conflicts_with = "exams_per_part")]
    pub parts: Option<u32>,
    /// In the layout code15, share of recordings of 4096 samples (10.2 s), 0 to 1; the others have 2934 (7.3 s).
    #[arg(long, default_value_t = 0.45)]
    pub long_share: f64,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
