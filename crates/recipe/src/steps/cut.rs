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
    match short {
        ShortRecording::Drop if n < *samples => return Ok(Vec::new()),
        ShortRecording::Refuse if n < *samples => {
            return Err(Error::TooShort {
                step: "segments",
                samples: n,
                least: *samples,
            });
        }
        _ => {}
    }
    let padded = n.max(*samples);
    let parameters = (count.unwrap_or(1), every.unwrap_or(1));
    check_room(
        &rows,
        segment_count(*take, padded, *samples, parameters),
        *samples,
    )?;
    if n < *samples {
        let before = if *short == ShortRecording::PadBoth {
            (samples - n) / 2
        } else {
            0
        };
        pad(&mut rows, before, *samples);
    }
    let segment = |start: usize| {
        rows.iter()
            .map(|row| row[start..start + samples].to_vec())
            .collect()
    };
    Ok(starts(*take, padded, *samples, parameters)
        .into_iter()
        .map(segment)
        .collect())
}

/// Most values that all segments of a recording, or its resampled leads, may have beyond its own: 1 GiB.
pub(super) const MOST_VALUES: usize = 1 << 27;

/// Refuses segments that overlap so much, or are so many, that they would not fit into memory.
fn check_room(rows: &Rows, segments: usize, samples: usize) -> Result<()> {
    let own = rows.iter().map(Vec::len).sum::<usize>();
    let values = segments.saturating_mul(samples).saturating_mul(rows.len());
    match values <= MOST_VALUES.max(own) {
        true => Ok(()),
        false => Err(Error::StepValue {
            step: "segments",
            problem: format!(
                "{segments} segments of {samples} samples are more than are made of one recording"
            ),
        }),
    }
}

/// Number of the segments of `length` in `n` samples.
fn segment_count(take: Take, n: usize, length: usize, (count, every): (usize, usize)) -> usize {
    match take {
        Take::First => 1,
        Take::Tile => n / length,
        Take::Even => count,
        Take::Stride => (n - length) / every + 1,
    }
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
        for (take, n, parameters) in [
            (Take::First, 10, (1, 1)),
            (Take::Tile, 11, (1, 1)),
            (Take::Even, 11, (3, 1)),
            (Take::Stride, 11, (1, 3)),
        ] {
            assert_eq!(
                segment_count(take, n, 4, parameters),
                starts(take, n, 4, parameters).len(),
                "{take:?}"
            );
        }
    }

    #[test]
    fn segments_that_would_not_fit_into_memory_are_refused() {
        let step = |take, count, every| RecipeStep::Segments {
            take,
            samples: 5000,
            count,
            every,
            short: ShortRecording::Refuse,
        };
        let rows = || vec![vec![0.0; 100_000]; 12];
        assert!(cut(&step(Take::Stride, None, Some(100)), rows()).is_ok());
        for step in [
            step(Take::Stride, None, Some(1)),
            step(Take::Even, Some(usize::MAX), None),
        ] {
            let message = cut(&step, rows()).unwrap_err().to_string();
            assert!(
                message.contains("segments of 5000 samples are more than"),
                "{message}"
            );
        }
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
