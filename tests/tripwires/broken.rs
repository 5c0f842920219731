//! The breaks.

use ecgfm_artifacts::store::{PackedWriter, SegmentReader};
use ecgfm_formats::code15::PartReader;
use ecgfm_recipe::leads;
use ecgfm_recipe::processed::lead_major;
use ecgfm_recipe::standardize::{ConstantLeads, standardize};
use ecgfm_recipe::strip::strip;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use std::path::Path;

const SAMPLES: usize = 2500;

/// What is done wrong to every segment.
#[derive(Debug, Clone, Copy)]
pub enum Break {
    /// Two leads exchanged.
    SwappedLeads(usize, usize),
    /// Output sample j taken at input position 0.8·j, not j·(n−1)/(m−1).
    ResampledAtFourFifths,
    /// Mean and deviation of the segment, not of the recording.
    StandardisedPerSegment,
}

/// The sample's segment store, done wrong.
pub fn store(run: &Path, which: Break) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = PackedWriter::new(dir.path(), leads::COUNT, SAMPLES).unwrap();
    let segments = std::fs::read_to_string(run.join("signals/segments/index.csv")).unwrap();
    let right = SegmentReader::open(&run.join("signals/segments")).unwrap();
    let part = PartReader::open(&run.join("synth/exams_part0.hdf5")).unwrap();
    let mut segment = vec![0f32; leads::COUNT * SAMPLES];
    for line in segments.lines().skip(1) {
        let key = line.split(',').next().unwrap();
        right.read(key, &mut segment).unwrap();
        match which {
            Break::SwappedLeads(a, b) => {
                let (low, high) = segment.split_at_mut(a.max(b) * SAMPLES);
                low[a.min(b) * SAMPLES..][..SAMPLES].swap_with_slice(&mut high[..SAMPLES]);
            }
            Break::StandardisedPerSegment => {
                let mut samples = vec![0f64; segment.len()];
                for (i, value) in segment.iter().enumerate() {
                    samples[i % SAMPLES * leads::COUNT + i / SAMPLES] = f64::from(*value);
                }
                standardize(&mut samples, leads::COUNT, ConstantLeads::Zero);
                lead_major(&samples, leads::COUNT, &mut segment);
            }
            Break::ResampledAtFourFifths => resampled(&part, key, &mut segment),
        }
        writer.push(key, &segment).unwrap();
    }
    writer.finish().unwrap();
    dir
}

/// The segment `code_15_<exam>_<i>` by the wrong rule.
fn resampled(part: &PartReader, key: &str, out: &mut [f32]) {
    let mut words = key.rsplit('_');
    let i: usize = words.next().unwrap().parse().unwrap();
    let exam: i64 = words.next().unwrap().parse().unwrap();
    let row = part.exam_ids().iter().position(|id| *id == exam).unwrap();
    let mut tracing = vec![0f32; part.row_len()];
    part.read_row(row, &mut tracing).unwrap();
    let tracing = stripped(&tracing);
    let n = tracing.len() / leads::COUNT;
    let mut wrong = Vec::new();
    for j in 0..n * 5 / 4 {
        let at = 0.8 * j as f64;
        let low = (at as usize).min(n - 2);
        for lead in 0..leads::COUNT {
            let [a, b] = [low, low + 1].map(|t| f64::from(tracing[t * leads::COUNT + lead]));
            wrong.push(a + (b - a) * (at - low as f64));
        }
    }
    standardize(&mut wrong, leads::COUNT, ConstantLeads::Zero);
    let size = leads::COUNT * SAMPLES;
    lead_major(&wrong[i * size..(i + 1) * size], leads::COUNT, out);
}

/// Without the zero padding.
pub fn stripped(tracing: &[f32]) -> Vec<f32> {
    let kept = strip(tracing, leads::COUNT);
    tracing[kept.start * leads::COUNT..kept.end * leads::COUNT].to_vec()
}

/// Two leads of a recording (sample-major) exchanged.
pub fn swapped(tracing: &[f32], a: usize, b: usize) -> Vec<f32> {
    let mut swapped = tracing.to_vec();
    swapped
        .chunks_exact_mut(leads::COUNT)
        .for_each(|sample| sample.swap(a, b));
    swapped
}

/// `labels.csv` with every row under another's idx.
pub fn shuffled_labels(path: &Path) -> tempfile::TempPath {
    let text = std::fs::read_to_string(path).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let (keys, mut truths): (Vec<&str>, Vec<&str>) =
        rows.lines().map(|row| row.split_once(',').unwrap()).unzip();
    truths.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    let rows: Vec<String> = keys
        .iter()
        .zip(truths)
        .map(|(key, truth)| format!("{key},{truth}\n"))
        .collect();
    file(".csv", &format!("{header}\n{}", rows.concat()))
}

/// The model's label set with every name one place too late.
pub fn off_by_one_label_set() -> tempfile::TempPath {
    let text = ecgfm_artifacts::labelset::Definition::Labels
        .text("physionet2021")
        .unwrap();
    let (head, labels) = text.split_once("labels:\n").unwrap();
    let mut labels: Vec<&str> = labels.lines().collect();
    labels.rotate_right(1);
    file(".yaml", &format!("{head}labels:\n{}\n", labels.join("\n")))
}

fn file(suffix: &str, text: &str) -> tempfile::TempPath {
    let file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file.into_temp_path()
}
