//! Waves of the heart vector as sums of smooth bumps of finite length, so that onsets and offsets are exact.

use crate::leads::LeadVectors;

/// Deflection of the heart vector: `vector`·(1 − u²)³, where u goes from −1 at `centre − rise` over 0
/// at the centre to 1 at `centre + fall`. Times in seconds (or, in a pattern, in shares of its length), the
/// vector in millivolts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bump {
    pub centre: f64,
    pub rise: f64,
    pub fall: f64,
    pub vector: [f64; 3],
}

/// Zero of the steepest tangent of a bump's falling side, as a share of `fall`: the bump falls most
/// steeply at u = 1/√5, from (4/5)³ with slope −96/(25√5), which reaches zero at u = √5/3.
pub(crate) const TANGENT_END: f64 = 0.745_355_992_499_929_9;

impl Bump {
    pub(crate) const fn new(centre: f64, rise: f64, fall: f64, vector: [f64; 3]) -> Self {
        Self {
            centre,
            rise,
            fall,
            vector,
        }
    }

    /// Share of the vector at time `t`, 0 to 1.
    pub(crate) fn weight(&self, t: f64) -> f64 {
        let distance = t - self.centre;
        let u = distance / if distance < 0.0 { self.rise } else { self.fall };
        let inside = (1.0 - u * u).max(0.0);
        inside * inside * inside
    }

    /// Start and end.
    pub(crate) fn support(&self) -> (f64, f64) {
        (self.centre - self.rise, self.centre + self.fall)
    }
}

/// Visible extent of a wave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub onset: f64,
    pub offset: f64,
    /// Time of the largest deflection of any lead.
    pub peak: f64,
}

/// Wave of several bumps.
#[derive(Debug, Clone)]
pub(crate) struct Wave(pub Vec<Bump>);

impl Wave {
    fn at(&self, t: f64) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for bump in &self.0 {
            let weight = bump.weight(t);
            for (s, v) in sum.iter_mut().zip(bump.vector) {
                *s += weight * v;
            }
        }
        sum
    }

    /// Extent in which any of the twelve leads deflects by more than `share` of the greatest deflection.
    pub(crate) fn extent(&self, leads: &LeadVectors, share: f64) -> Extent {
        // Steps of less than a millisecond in a QRS complex of 0.1 s.
        const STEPS: usize = 160;
        let start = self.0.iter().map(|b| b.support().0).fold(f64::INFINITY, f64::min);
        let end = self
            .0
            .iter()
            .map(|b| b.support().1)
            .fold(f64::NEG_INFINITY, f64::max);
        let time = |step: usize| start + (end - start) * step as f64 / STEPS as f64;
        let size: Vec<f64> = (0..=STEPS)
            .map(|step| leads.greatest(self.at(time(step))))
            .collect();
        let (mut top, mut most) = (0, 0.0);
        for (step, &value) in size.iter().enumerate() {
            if value > most {
                (top, most) = (step, value);
            }
        }
        let seen = |step: &usize| size[*step] > share * most;
        let onset = (0..=STEPS).find(seen).unwrap_or(0);
        let offset = (0..=STEPS).rfind(seen).unwrap_or(STEPS);
        Extent {
            onset: time(onset),
            offset: time(offset),
            peak: time(top),
        }
    }

    /// Wave moved so that `from` is at 0, then stretched by `factor`.
    pub(crate) fn fitted(mut self, from: f64, factor: f64) -> Self {
        for bump in &mut self.0 {
            bump.centre = (bump.centre - from) * factor;
            bump.rise *= factor;
            bump.fall *= factor;
        }
        self
    }

    /// Wave moved by `by` seconds.
    pub(crate) fn moved(mut self, by: f64) -> Self {
        for bump in &mut self.0 {
            bump.centre += by;
        }
        self
    }

    /// Wave with `change` applied to every vector.
    pub(crate) fn changed(mut self, change: impl Fn([f64; 3]) -> [f64; 3]) -> Self {
        for bump in &mut self.0 {
            bump.vector = change(bump.vector);
        }
        self
    }

    /// Integral of the heart vector over the wave, in millivolt seconds: (1 − u²)³ has area 16/35 a side.
    pub(crate) fn area(&self) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for bump in &self.0 {
            for (s, v) in sum.iter_mut().zip(bump.vector) {
                *s += v * (bump.rise + bump.fall) * 16.0 / 35.0;
            }
        }
        sum
    }
}

/// `v` turned in the frontal plane by `angle` radians, from the left towards the feet.
pub(crate) fn turned_frontal(v: [f64; 3], angle: f64) -> [f64; 3] {
    let (sin, cos) = angle.sin_cos();
    [v[0] * cos - v[1] * sin, v[0] * sin + v[1] * cos, v[2]]
}

/// `v` turned in the horizontal plane by `angle` radians, from the left towards the front.
pub(crate) fn turned_horizontal(v: [f64; 3], angle: f64) -> [f64; 3] {
    let (sin, cos) = angle.sin_cos();
    [v[0] * cos + v[2] * sin, v[1], v[2] * cos - v[0] * sin]
}

/// `v` times `factor`.
pub(crate) fn scale_vector(v: [f64; 3], factor: f64) -> [f64; 3] {
    v.map(|component| component * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steepest_tangent_ends_where_the_constant_says() {
        let bump = Bump::new(0.0, 1.0, 1.0, [1.0, 0.0, 0.0]);
        let u = 1.0 / 5.0_f64.sqrt();
        let slope = (bump.weight(u + 1e-6) - bump.weight(u - 1e-6)) / 2e-6;
        assert!((u - bump.weight(u) / slope - TANGENT_END).abs() < 1e-6);
    }

    #[test]
    fn a_bump_is_nothing_outside_its_support() {
        let bump = Bump::new(0.3, 0.1, 0.2, [1.0, 2.0, 3.0]);
        assert_eq!(bump.weight(0.19), 0.0);
        assert_eq!(bump.weight(0.51), 0.0);
        assert_eq!(bump.weight(0.3), 1.0);
    }
}
