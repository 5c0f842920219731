//! Segments of a recording.

use super::step::{RecipeStep, ShortRecording, Take};
use crate::error::{Error, Result};

/// Lead-major rows of a recording or a segment.
pub(super) type Rows = Vec<Vec<f64>>;

/// Cuts the rows as a step `segments` says.
pub(super) fn cut(step: &RecipeStep, mut rows: Rows) -> Result<Vec<Rows>> {
    let RecipeStep::Segments {
        take,
        samples,
        count,
        every,
        short,
    } = step
    else {
        return Ok(vec![rows]);
    };
    let n = rows.first().map_or(0, Vec::len);
    if n < *samples {
        match short {
            ShortRecording::Drop => return Ok(Vec::new()),
            ShortRecording::Refuse => {
                return Err(Error::TooShort {
                    step: "segments",
                    samples: n,
                    least: *samples,
                });
            }
            ShortRecording::PadRight => pad(&mut rows, 0, *samples),
            ShortRecording::PadBoth => pad(&mut rows, (samples - n) / 2, *samples),
        }
    }
    let n = n.max(*samples);
    let segment = |start: usize| {
        rows.iter()
            .map(|row| row[start..start + samples].to_vec())
            .collect()
    };
    Ok(
        starts(*take, n, *samples, (count.unwrap_or(1), every.unwrap_or(1)))
            .into_iter()
            .map(segment)
            .collect(),
    )
}

fn pad(rows: &mut Rows, before: usize, samples: usize) {
    for row in rows {
        let mut padded = vec![0.0; before];
        padded.append(row);
        padded.resize(samples, 0.0);
        *row = padded;
    }
}

/// First samples of the segments of `length` in `n` samples.
fn starts(take: Take, n: usize, length: usize, (count, every): (usize, usize)) -> Vec<usize> {
    let last = n - length;
    match take {
        Take::First => vec![0],
        Take::Tile => (0..n / length).map(|i| i * length).collect(),
        Take::Stride => (0..=last).step_by(every).collect(),
        // numpy.linspace, rounded down: the last is exact, the others are multiples of the rounded step.
        Take::Even => {
            let step = last as f64 / count.saturating_sub(1).max(1) as f64;
            let at = |i: usize| match i + 1 == count && i > 0 {
                true => last,
                false => (i as f64 * step) as usize,
            };
            (0..count).map(at).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_start_where_each_way_says() {
        assert_eq!(starts(Take::First, 10, 4, (1, 1)), [0]);
        assert_eq!(starts(Take::Tile, 10, 4, (1, 1)), [0, 4]);
        assert_eq!(starts(Take::Even, 10, 4, (3, 1)), [0, 3, 6]);
        assert_eq!(starts(Take::Even, 11, 4, (3, 1)), [0, 3, 7]);
        assert_eq!(starts(Take::Even, 10, 4, (1, 1)), [0]);
        assert_eq!(starts(Take::Stride, 10, 4, (1, 3)), [0, 3, 6]);
    }

    #[test]
    fn a_short_recording_is_refused_dropped_or_padded() {
        let made = |short| {
            let step = RecipeStep::Segments {
                take: Take::Tile,
                samples: 5,
                count: None,
                every: None,
                short,
            };
            cut(&step, vec![vec![1.0, 2.0]])
        };
        assert!(made(ShortRecording::Refuse).is_err());
        assert!(made(ShortRecording::Drop).unwrap().is_empty());
        assert_eq!(
            made(ShortRecording::PadRight).unwrap(),
            [[[1.0, 2.0, 0.0, 0.0, 0.0]]]
        );
        assert_eq!(
            made(ShortRecording::PadBoth).unwrap(),
            [[[0.0, 1.0, 2.0, 0.0, 0.0]]]
        );
    }
}
