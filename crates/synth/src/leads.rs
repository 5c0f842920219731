//! Projection of the heart vector to the twelve leads.
//!
//! The vector is in Frank's axes: x to the left, y to the feet, z to the back, in millivolts. The eight
//! independent leads are its products with fixed lead vectors, Dower's (Dower, Machado and Osborne,
//! "On deriving the electrocardiogram from vectorcardiographic leads", Clin. Cardiol. 3, 1980). The other
//! four follow from I and II as in every electrocardiograph.

use crate::random::RandomStream;

/// Number of leads of an ECG.
pub const LEADS: usize = 12;
/// Names of the leads in CODE-15's order.
pub const LEAD_NAMES: [&str; LEADS] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];
/// Number of independent leads: I, II, V1 to V6.
pub(crate) const INDEPENDENT: usize = 8;

/// Dower's lead vectors of I, II, V1 to V6.
const DOWER: [[f64; 3]; INDEPENDENT] = [
    [0.632, -0.235, 0.059],
    [0.235, 1.066, -0.132],
    [-0.515, 0.157, -0.917],
    [0.044, 0.164, -1.387],
    [0.882, 0.098, -1.277],
    [1.213, 0.127, -0.601],
    [1.125, 0.127, -0.086],
    [0.831, 0.076, 0.230],
];

/// Gain of each lead against that of a distant dipole: V2 to V4 are near the heart. Chosen so that QRS heights have
/// the proportions of recordings of CODE-15.
const PROXIMITY: [f64; INDEPENDENT] = [1.0, 1.0, 1.0, 1.15, 1.35, 1.4, 1.15, 1.05];

/// The lead vectors of one exam: Dower's, with the electrodes placed a little differently each time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeadVectors([[f64; 3]; INDEPENDENT]);

impl LeadVectors {
    /// Lead vectors as an electrode placement with chance deviations gives them.
    pub(crate) fn placed(stream: &mut RandomStream) -> Self {
        let mut vectors = DOWER;
        for (lead, vector) in vectors.iter_mut().enumerate() {
            // Chest electrodes are near the heart, so that a rib's distance matters. Limb electrodes are far from it.
            let (gain, shift) = if lead < 2 { (0.02, 0.01) } else { (0.06, 0.04) };
            let gain = PROXIMITY[lead] * stream.normal(1.0, gain);
            for component in vector {
                *component = *component * gain + stream.normal(0.0, shift);
            }
        }
        Self(vectors)
    }

    /// I, II, V1 to V6 of heart vector `v`, in millivolts.
    pub(crate) fn project(&self, v: [f64; 3]) -> [f64; INDEPENDENT] {
        self.0
            .map(|lead| lead[0] * v[0] + lead[1] * v[1] + lead[2] * v[2])
    }

    /// The greatest deflection of any of the twelve leads for heart vector `v`.
    pub(crate) fn greatest(&self, v: [f64; 3]) -> f64 {
        let independent = self.project(v);
        let [i, ii, ..] = independent;
        let derived = [ii - i, (i + ii) / 2.0, i - ii / 2.0, ii - i / 2.0];
        independent
            .iter()
            .chain(&derived)
            .fold(0.0, |most: f64, x| most.max(x.abs()))
    }

    /// The frontal axis of heart vector `v` in degrees, from I and aVF: 0° to the left, 90° to the feet.
    pub(crate) fn axis(&self, v: [f64; 3]) -> f64 {
        let [i, ii, ..] = self.project(v);
        // aVF is weaker than I by √3/2 for the same vector in Einthoven's triangle.
        (2.0 / 3.0_f64.sqrt() * (ii - i / 2.0)).atan2(i).to_degrees()
    }
}

/// The twelve leads from the eight independent ones (I, II, V1 to V6), each derived one rounded once.
pub(crate) fn twelve_leads(independent: [f32; INDEPENDENT]) -> [f32; LEADS] {
    let [i, ii, v1, v2, v3, v4, v5, v6] = independent;
    [
        i,
        ii,
        ii - i,
        -(i + ii) / 2.0,
        i - ii / 2.0,
        ii - i / 2.0,
        v1,
        v2,
        v3,
        v4,
        v5,
        v6,
    ]
}

/// The eight leads as nine electrodes (RA, LA, LL, V1 to V6) see them: I = LA − RA, II = LL − RA, and the chest
/// leads against Wilson's central terminal, the mean of RA, LA and LL.
pub(crate) fn from_electrodes(e: [f32; 9]) -> [f32; INDEPENDENT] {
    let [ra, la, ll, v1, v2, v3, v4, v5, v6] = e;
    let centre = (ra + la + ll) / 3.0;
    [
        la - ra,
        ll - ra,
        v1 - centre,
        v2 - centre,
        v3 - centre,
        v4 - centre,
        v5 - centre,
        v6 - centre,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_leads_are_those_of_the_electrodes() {
        let electrodes = [0.3_f32, -0.2, 0.9, 0.1, 0.0, 0.5, -0.4, 0.2, 0.7];
        let [ra, la, ll, ..] = electrodes;
        let leads = twelve_leads(from_electrodes(electrodes));
        let goldberger = [ra - (la + ll) / 2.0, la - (ra + ll) / 2.0, ll - (ra + la) / 2.0];
        assert!((leads[2] - (ll - la)).abs() < 1e-6);
        for (derived, direct) in leads[3..6].iter().zip(goldberger) {
            assert!((derived - direct).abs() < 1e-6);
        }
    }

    #[test]
    fn the_axis_of_a_vector_to_the_feet_is_near_ninety_degrees() {
        let vectors = LeadVectors(DOWER);
        assert!((vectors.axis([0.0, 1.0, 0.0]) - 90.0).abs() < 15.0);
        assert!(vectors.axis([1.0, 0.0, 0.0]).abs() < 15.0);
    }
}
