//! A model's saliency, as shades behind an ECG.

use crate::error::Result;
use crate::keyed_rows::KeyedRows;
use crate::paper::ShadedSpan;
use ecgfm_artifacts::columns::SEGMENT;
use ecgfm_artifacts::formats::npy::NpyReader;
use ecgfm_artifacts::logits::InferenceRecord;
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::stage_params::SaliencyPer;
use ecgfm_artifacts::table::{self, Column, ColumnKind, OtherColumns, TextColumn};
use ecgfm_artifacts::{extra_outputs, logits};
use std::collections::HashMap;
use std::path::Path;

/// Meaning of the shades where saliency is per query.
const PER_QUERY: &str = "how strongly each moment attends to one other (ECG-FM's saliency), scaled per segment; no explanation of a decision";

/// Meaning of the shades where saliency is per key.
const PER_KEY: &str = "how strongly any moment attends to this one (last layer), scaled per segment; no explanation of a decision";

/// Meaning of the shades, by the record of the infer stage in `dir`. A record that does not say it is from the time when
/// saliency was always per key.
///
/// # Errors
/// The record cannot be read.
pub fn describe_shades(dir: &Path) -> Result<&'static str> {
    let per_query = InferenceRecord::read(dir)?.saliency_per == Some(SaliencyPer::Query);
    Ok(if per_query { PER_QUERY } else { PER_KEY })
}

/// Begin of the names of files of saliency, before the subset's name.
const OUTPUT: &str = "saliency";

/// The saliency of a run, of whatever subsets inference wrote it for as (segments, tokens): read where it is asked for.
pub struct SaliencyFiles {
    subsets: Vec<SaliencyFile>,
    meaning: &'static str,
}

/// The saliency of a subset.
struct SaliencyFile {
    values: NpyReader,
    /// Rows by key of the segment.
    rows: KeyedRows,
}

impl SaliencyFiles {
    /// Opens what there is in the directory of an infer stage.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn open(dir: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let mut subsets = Vec::new();
        for name in names {
            let subset = name
                .strip_prefix("saliency_")
                .and_then(|rest| rest.strip_suffix(".npy"));
            if let Some(subset) = subset {
                subsets.extend(SaliencyFile::open(dir, subset)?);
            }
        }
        Ok(Self {
            subsets,
            meaning: describe_shades(dir)?,
        })
    }

    /// Meaning of the shades.
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// The shades of a recording whose segments of `seconds` begin at its first sample; none where it has none.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn spans_of_recording(&self, stem: &str, seconds: f64) -> Result<Vec<ShadedSpan>> {
        let mut shades = Vec::new();
        for subset in &self.subsets {
            let rows = (0..).map_while(|i| Some((i, subset.row(&format!("{stem}_{i}"))?)));
            for (at, row) in rows {
                let mut tokens = vec![0.0; subset.values.row_len()];
                subset
                    .values
                    .read_rows(row, 1, &mut tokens)
                    .map_err(ecgfm_artifacts::Error::from)?;
                shades.extend(spans_of(&tokens, f64::from(at) * seconds, seconds));
            }
        }
        Ok(shades)
    }
}

impl SaliencyFile {
    /// None where each head is for itself, which is too much for one drawing.
    fn open(dir: &Path, subset: &str) -> Result<Option<Self>> {
        let path = dir.join(extra_outputs::file_name(OUTPUT, subset));
        let values = NpyReader::open(&path).map_err(ecgfm_artifacts::Error::from)?;
        if values.header().shape.len() != 2 {
            return Ok(None);
        }
        let path = dir.join(logits::index_file(subset));
        let column = Column::new(SEGMENT, ColumnKind::Text);
        let frame = table::read(&path, &[column], OtherColumns::Ignore)?;
        let keys = table::str_column(&path, &frame, SEGMENT)?.iter();
        let keys: TextColumn = keys.take(values.rows()).map(Option::unwrap_or_default).collect();
        let rows = KeyedRows::new(keys);
        Ok(Some(Self { values, rows }))
    }

    fn row(&self, key: &str) -> Option<usize> {
        self.rows.rows(key).first().map(|row| *row as usize)
    }
}

/// Saliency of every segment of a subset, where inference wrote it as (segments, tokens).
pub(crate) fn read_saliency(dir: &Path, subset: &str) -> Result<HashMap<String, Vec<f32>>> {
    if !exists(&dir.join(extra_outputs::file_name(OUTPUT, subset)))? {
        return Ok(HashMap::new());
    }
    let (shape, values) = extra_outputs::read(dir, OUTPUT, subset)?;
    let &[rows, tokens] = shape.as_slice() else {
        // Each head for itself is too much for one drawing.
        return Ok(HashMap::new());
    };
    let path = dir.join(logits::index_file(subset));
    let frame = table::read(
        &path,
        &[Column::new(SEGMENT, ColumnKind::Text)],
        OtherColumns::Ignore,
    )?;
    let keys = table::str_column(&path, &frame, SEGMENT)?;
    let of = |(row, segment): (usize, Option<&str>)| {
        let values = values.get(row * tokens..(row + 1) * tokens)?;
        Some((segment?.to_owned(), values.to_vec()))
    };
    Ok(keys.iter().take(rows).enumerate().filter_map(of).collect())
}

/// A segment's tokens as shades, the strongest 1 and the weakest 0, in pieces of a tenth of a second.
pub(crate) fn spans_of(tokens: &[f32], start: f64, seconds: f64) -> Vec<ShadedSpan> {
    let (low, high) = tokens
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
    if high.partial_cmp(&low) != Some(std::cmp::Ordering::Greater) {
        return Vec::new();
    }
    let pieces = (seconds * 10.0).round().max(1.0) as usize;
    let piece = |at: usize| {
        let (from, to) = (
            at * tokens.len() / pieces,
            ((at + 1) * tokens.len()).div_ceil(pieces),
        );
        let strongest = tokens[from..to.min(tokens.len())]
            .iter()
            .copied()
            .fold(low, f32::max);
        ShadedSpan {
            from: start + seconds * at as f64 / pieces as f64,
            to: start + seconds * (at + 1) as f64 / pieces as f64,
            weight: f64::from((strongest - low) / (high - low)),
        }
    };
    (0..pieces).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legend_says_what_the_record_says() {
        let dir = tempfile::tempdir().unwrap();
        let said = |record: &str| {
            std::fs::write(dir.path().join("infer.json"), record).unwrap();
            describe_shades(dir.path()).unwrap()
        };
        assert_eq!(describe_shades(dir.path()).unwrap(), PER_KEY);
        assert_eq!(said("{\"saliency_per\": \"query\"}"), PER_QUERY);
        assert_eq!(said("{\"saliency_per\": \"key\"}"), PER_KEY);
        assert_eq!(said("{\"precision\": \"float32\"}"), PER_KEY);
    }

    #[test]
    fn the_strongest_token_is_the_strongest_shade_at_its_place() {
        let mut tokens = vec![0.1; 156];
        tokens[78] = 0.9;
        let shades = spans_of(&tokens, 5.0, 5.0);
        assert_eq!(shades.len(), 50);
        let strong: Vec<&ShadedSpan> = shades.iter().filter(|s| s.weight > 0.0).collect();
        assert!(
            strong
                .iter()
                .all(|s| s.weight == 1.0 && (s.from - 7.5).abs() < 0.11),
            "{strong:?}"
        );
        assert!(spans_of(&[0.5; 10], 0.0, 5.0).is_empty(), "all alike say nothing");
    }
}
