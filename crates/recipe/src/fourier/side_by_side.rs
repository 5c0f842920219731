//! Resampling of up to twelve leads side by side: two are one complex signal, and a register holds four.
//!
//! Sound: all that is `unsafe` is the call of a function that is compiled for AVX2, after the processor was asked for it. Memory is
//! only reached through slices.
#![allow(unsafe_code)]

use super::plan::Plan;
use super::resampling::{Halves, Resampling};
use super::transform::{Quad, Row, backward, filter, forward, turn_tile};
use std::collections::BTreeMap;

/// Pairs of lengths whose plans are kept, at most.
const MOST_PLANS: usize = 16;

/// Plans and buffers.
#[derive(Debug, Default)]
pub(super) struct SideBySide {
    plans: BTreeMap<(usize, usize), Option<Resampling>>,
    buffer: Vec<Quad>,
    other: Vec<Quad>,
}

impl SideBySide {
    /// Resamples leads of equal length in place; says whether the processor and the lengths allow it.
    pub(super) fn resample(&mut self, leads: &mut [Vec<f64>], samples: usize) -> bool {
        let from = leads.first().map_or(0, Vec::len);
        let can = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        if !can || leads.iter().any(|lead| lead.len() != from) {
            return false;
        }
        if from == samples {
            return true;
        }
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        let plan = self.plans.entry((from, samples));
        let Some(plan) = plan.or_insert_with(|| Resampling::new(from, samples)) else {
            return false;
        };
        let buffers = (&mut self.buffer, &mut self.other);
        for leads in leads.chunks_mut(12) {
            // SAFETY: the processor has what the functions are compiled for.
            match leads.len() {
                1..=4 => unsafe { resample_rows::<1>(plan, leads, samples, buffers.0, buffers.1) },
                _ => unsafe { resample_rows::<3>(plan, leads, samples, buffers.0, buffers.1) },
            }
        }
        true
    }
}

#[target_feature(enable = "avx2,fma")]
fn resample_rows<const V: usize>(
    plan: &Resampling,
    leads: &mut [Vec<f64>],
    samples: usize,
    buffer: &mut Vec<Quad>,
    other: &mut Vec<Quad>,
) {
    match plan {
        Resampling::Halved { plan, response } => {
            buffer.resize(V * samples, Quad::default());
            let rows = buffer.as_chunks_mut::<V>().0;
            put_side_by_side::<V, 2>(leads, rows);
            filter(plan, response, rows);
            add_kept(rows, leads);
        }
        Resampling::Copied {
            forward: of_leads,
            backward: of_result,
            moves,
            halves,
        } => {
            buffer.resize(V * of_leads.length, Quad::default());
            other.clear();
            other.resize(V * samples, Quad::default());
            let (rows, made) = (buffer.as_chunks_mut::<V>().0, other.as_chunks_mut::<V>().0);
            put_side_by_side::<V, 1>(leads, rows);
            forward(&of_leads.stages, rows);
            copy_spectrum((of_leads, rows), (of_result, made), moves, *halves);
            backward(&of_result.stages, made);
            separate(made, leads);
        }
    }
}

/// Makes rows of every `EACH`th sample of the leads, the last of each `EACH`. Lanes without a lead are 0.
#[target_feature(enable = "avx2,fma")]
fn put_side_by_side<const V: usize, const EACH: usize>(leads: &[Vec<f64>], rows: &mut [Row<V>]) {
    for v in 0..V {
        let empty: &[f64] = &[];
        let four: [&[f64]; 4] = std::array::from_fn(|l| leads.get(4 * v + l).map_or(empty, |lead| &lead[..]));
        let at = |lead: usize, i: usize| four[lead].get(EACH * i + EACH - 1).copied().unwrap_or(0.0);
        let whole = if four[3].is_empty() { 0 } else { rows.len() / 4 * 4 };
        let (tiles, rest) = rows.split_at_mut(whole);
        for (number, rows) in tiles.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let tile = turn_tile(std::array::from_fn(|l| {
                let samples = &four[l][4 * EACH * number..][..4 * EACH];
                std::array::from_fn(|i| samples[EACH * i + EACH - 1])
            }));
            for (row, quad) in rows.iter_mut().zip(tile) {
                row[v].0 = quad;
            }
        }
        for (i, row) in (whole..).zip(rest) {
            row[v].0 = std::array::from_fn(|l| at(l, i));
        }
    }
}

/// Makes leads of rows.
#[target_feature(enable = "avx2,fma")]
fn separate<const V: usize>(rows: &[Row<V>], leads: &mut [Vec<f64>]) {
    for (number, lead) in leads.iter_mut().enumerate() {
        lead.resize(rows.len(), 0.0);
        for (value, row) in lead.iter_mut().zip(rows) {
            *value = row[number / 4].0[number % 4];
        }
    }
}

/// Adds half of each second sample of the leads, from the first on, to rows, and makes leads of them.
#[target_feature(enable = "avx2,fma")]
fn add_kept<const V: usize>(rows: &[Row<V>], leads: &mut [Vec<f64>]) {
    let samples = rows.len();
    // Of the frequency at half the new rate, which stands for two, the samples between say nothing.
    let half_rate = samples.is_multiple_of(2);
    for (four, v) in leads.chunks_mut(4).zip(0..V) {
        let turned = four.iter().map(|lead| match half_rate {
            true => alternating_sum(lead) * 0.5 / samples as f64,
            false => 0.0,
        });
        let mut alternating = [0.0; 4];
        alternating
            .iter_mut()
            .zip(turned)
            .for_each(|(sum, of_lead)| *sum = of_lead);
        for (number, rows) in rows.chunks(4).enumerate() {
            let tile = turn_tile(std::array::from_fn(|i| {
                rows.get(i).map_or([0.0; 4], |row| row[v].0)
            }));
            for (lead, (values, turned)) in four.iter_mut().zip(tile.iter().zip(alternating)) {
                let signs = [turned, -turned, turned, -turned];
                // What is written has been read: the place of a sample is never beyond that of its double.
                for i in 0..rows.len() {
                    let at = 4 * number + i;
                    lead[at] = 0.5 * lead[2 * at] + values[i] + signs[i];
                }
            }
        }
        four.iter_mut().for_each(|lead| lead.truncate(samples));
    }
}

/// Sum of every second sample, each other with its sign turned.
fn alternating_sum(lead: &[f64]) -> f64 {
    let (fours, rest) = lead.as_chunks::<4>();
    let sum: f64 = fours.iter().map(|four| four[0] - four[2]).sum();
    sum + rest.first().unwrap_or(&0.0) - rest.get(2).unwrap_or(&0.0)
}

/// Puts the frequencies that both lengths have, each times its share, where they are transformed back from.
#[target_feature(enable = "avx2,fma")]
fn copy_spectrum<const V: usize>(
    (from, spectrum): (&Plan, &[Row<V>]),
    (to, made): (&Plan, &mut [Row<V>]),
    moves: &[(usize, usize)],
    halves: Option<Halves>,
) {
    let scale = 1.0 / from.length as f64;
    let scaled = |row: &Row<V>, by: f64| row.map(|quad| Quad(quad.0.map(|value| value * by)));
    for (at, place) in moves {
        made[*place] = scaled(&spectrum[*at], scale);
    }
    let Some(halves) = halves else { return };
    if from.length > to.length {
        let [a, b] = halves.of_longer.map(|at| spectrum[at]);
        let both = std::array::from_fn(|v| Quad(std::array::from_fn(|l| a[v].0[l] + b[v].0[l])));
        made[halves.of_shorter] = scaled(&both, scale);
    } else {
        for place in halves.of_longer {
            made[place] = scaled(&spectrum[halves.of_shorter], 0.5 * scale);
        }
    }
}
