//! Eight independent leads of a recording that is being drawn, lead after lead.

use ndarray::Array2;

use crate::leads::{INDEPENDENT, LEADS, twelve_leads};
use crate::wave::Bump;

/// I, II, V1 to V6 in millivolts, each `samples` long.
#[derive(Debug, Default)]
pub(crate) struct Planes {
    samples: usize,
    /// Samples a second.
    rate: f64,
    values: Vec<f32>,
    /// Buffer for the weights of one bump, reused for the next.
    weights: Vec<f32>,
}

impl Planes {
    /// Sets the length to `samples` at `rate` samples a second, and each sample of a lead to its value of `rest`.
    pub(crate) fn start(&mut self, samples: usize, rate: f64, rest: [f32; INDEPENDENT]) {
        (self.samples, self.rate) = (samples, rate);
        self.values.clear();
        for value in rest {
            self.values.resize(self.values.len() + samples, value);
        }
    }

    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Samples a second.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// Samples of one lead: 0 is I, 1 II, 2 to 7 V1 to V6.
    pub(crate) fn lead_mut(&mut self, lead: usize) -> &mut [f32] {
        &mut self.values[lead * self.samples..][..self.samples]
    }

    fn lead(&self, lead: usize) -> &[f32] {
        &self.values[lead * self.samples..][..self.samples]
    }

    /// Adds `bump`, moved by `by` seconds, with the height `heights` in each lead; its own vector is not used.
    /// Parts outside the recording are cut.
    pub(crate) fn add_bump(&mut self, bump: &Bump, by: f64, heights: [f32; INDEPENDENT]) {
        let (start, end) = bump.support();
        let first = ((start + by) * self.rate).ceil().clamp(0.0, self.samples as f64) as usize;
        let last = ((end + by) * self.rate).ceil().clamp(0.0, self.samples as f64) as usize;
        if first >= last {
            return;
        }
        let from_centre = (first as f64 - (bump.centre + by) * self.rate) as f32;
        let rise = (1.0 / (bump.rise * self.rate)) as f32;
        let fall = (1.0 / (bump.fall * self.rate)) as f32;
        self.weights.clear();
        self.weights.extend((0..last - first).map(|i| {
            let distance = from_centre + i as f32;
            let u = distance * if distance < 0.0 { rise } else { fall };
            let inside = (1.0 - u * u).max(0.0);
            inside * inside * inside
        }));
        for (lead, height) in heights.into_iter().enumerate() {
            let values = &mut self.values[lead * self.samples..][first..last];
            for (value, weight) in values.iter_mut().zip(&self.weights) {
                *value += height * weight;
            }
        }
    }

    /// Twelve leads, (samples, 12), each independent one times `gain`.
    pub(crate) fn finish(&self, gain: f32) -> Array2<f32> {
        let leads: [&[f32]; INDEPENDENT] = std::array::from_fn(|lead| self.lead(lead));
        let mut rows = Vec::with_capacity(self.samples * LEADS);
        for i in 0..self.samples {
            rows.extend_from_slice(&twelve_leads(leads.map(|lead| lead[i] * gain)));
        }
        Array2::from_shape_vec((self.samples, LEADS), rows).expect("one row a sample was pushed above")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_is_drawn_where_it_lies_and_cut_at_the_edges() {
        let mut planes = Planes::default();
        planes.start(400, 400.0, [0.0; INDEPENDENT]);
        let bump = Bump::new(0.5, 0.1, 0.1, [0.0; 3]);
        planes.add_bump(&bump, 0.0, [1.0; INDEPENDENT]);
        planes.add_bump(&bump, -0.5, [1.0; INDEPENDENT]);
        planes.add_bump(&bump, -9.0, [1.0; INDEPENDENT]);
        planes.add_bump(&bump, 9.0, [1.0; INDEPENDENT]);
        let lead = planes.lead(3);
        assert!((lead[200] - 1.0).abs() < 1e-6 && (lead[0] - 1.0).abs() < 1e-6);
        assert!(lead[40..160].iter().all(|v| *v == 0.0));
        assert!((f64::from(lead[220]) - bump.weight(0.55)).abs() < 1e-6);
    }

    #[test]
    fn finishing_keeps_every_sample() {
        let mut planes = Planes::default();
        planes.start(7, 400.0, [1.0; INDEPENDENT]);
        let rows = planes.finish(2.0);
        assert_eq!(rows.dim(), (7, 12));
        assert_eq!(rows[[6, 3]], -2.0);
    }
}
