//! A model's saliency, as shades behind an ECG.

use crate::error::Result;
use crate::paper::ShadedSpan;
use ecgfm_artifacts::columns::SEGMENT;
use ecgfm_artifacts::logits::InferenceRecord;
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::stage_params::SaliencyPer;
use ecgfm_artifacts::table::{self, Column, ColumnKind, OtherColumns};
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

/// The shades of a recording whose segments of `seconds` begin at its first sample, out of whatever subset the directory of
/// an infer stage has saliency for; none where it has none.
///
/// # Errors
/// A file cannot be read.
pub fn spans_of_recording(dir: &Path, stem: &str, seconds: f64) -> Result<Vec<ShadedSpan>> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut shades = Vec::new();
    for name in names {
        let subset = name
            .strip_prefix("saliency_")
            .and_then(|rest| rest.strip_suffix(".npy"));
        if let Some(subset) = subset {
            let all = read_saliency(dir, subset)?;
            let of = (0..).map_while(|i| all.get(&format!("{stem}_{i}")));
            for (at, tokens) in of.enumerate() {
                shades.extend(spans_of(tokens, at as f64 * seconds, seconds));
            }
        }
    }
    Ok(shades)
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
