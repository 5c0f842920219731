//! Diagnoses of a patient, how they change from visit to visit, and the findings that go with them.

use crate::labels::{Conduction, Finding, Rhythm};
use crate::mix::Shares;
use crate::random::RandomStream;

/// Diagnosis of a patient, in groups within which diagnoses exclude each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnosis {
    pub rhythm: Rhythm,
    pub conduction: Conduction,
    /// First-degree block wherever there are P waves.
    pub slow: bool,
    pub healthy: bool,
}

impl Diagnosis {
    pub(crate) fn draw(stream: &mut RandomStream, shares: &Shares) -> Self {
        Self {
            rhythm: draw_rhythm(stream, shares),
            conduction: draw_conduction(stream, shares),
            slow: stream.chance(shares.slow_given_p_waves()),
            healthy: draw_healthy(stream, shares),
        }
    }

    /// Diagnosis at a visit: each group is kept with a probability of its own, else drawn anew.
    pub(crate) fn at_visit(self, stream: &mut RandomStream, shares: &Shares) -> Self {
        let keep = [0.5, 0.9, 0.7, 0.6].map(|p| stream.chance(p));
        let anew = Self::draw(stream, shares);
        Self {
            rhythm: if keep[0] { self.rhythm } else { anew.rhythm },
            conduction: if keep[1] { self.conduction } else { anew.conduction },
            slow: if keep[2] { self.slow } else { anew.slow },
            healthy: if keep[3] { self.healthy } else { anew.healthy },
        }
    }

    /// Mean and standard deviation of the age at the first exam.
    pub(crate) fn age(&self) -> (f64, f64) {
        let old =
            self.slow || self.conduction != Conduction::Normal || self.rhythm == Rhythm::AtrialFibrillation;
        match (old, self.healthy) {
            (true, _) => (69.0, 12.0),
            (false, true) => (46.0, 16.0),
            (false, false) => (56.0, 17.0),
        }
    }
}

fn draw_rhythm(stream: &mut RandomStream, shares: &Shares) -> Rhythm {
    let sinus = (1.0 - shares.sb - shares.st - shares.af).max(0.0);
    stream.weighted(&[
        (Rhythm::Sinus, sinus),
        (Rhythm::SinusBradycardia, shares.sb),
        (Rhythm::SinusTachycardia, shares.st),
        (Rhythm::AtrialFibrillation, shares.af),
    ])
}

fn draw_conduction(stream: &mut RandomStream, shares: &Shares) -> Conduction {
    let normal = (1.0 - shares.rbbb - shares.lbbb).max(0.0);
    stream.weighted(&[
        (Conduction::Normal, normal),
        (Conduction::RightBlock, shares.rbbb),
        (Conduction::LeftBlock, shares.lbbb),
    ])
}

fn draw_healthy(stream: &mut RandomStream, shares: &Shares) -> bool {
    let none = shares.none_of_six();
    stream.chance(if none > 0.0 {
        (shares.normal / none).min(1.0)
    } else {
        0.0
    })
}

/// Findings other than the six diagnoses; at least one where none of the six holds.
pub(crate) fn draw_findings(stream: &mut RandomStream, state: &Diagnosis, six: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let blocked = state.conduction != Conduction::Normal;
    if !six {
        let first = stream.below(3);
        for group in 0..3 {
            if group == first || stream.chance(0.2) {
                found.push(stream.weighted(match group {
                    0 => &Finding::OF_QRS[..],
                    1 => &Finding::OF_REPOLARISATION[..],
                    _ => &Finding::OF_RHYTHM[..],
                }));
            }
        }
    } else {
        if !blocked && stream.chance(0.25) {
            found.push(stream.weighted(&Finding::OF_QRS));
        }
        if !blocked && stream.chance(0.25) {
            found.push(stream.weighted(&Finding::OF_REPOLARISATION[..3]));
        }
        if state.rhythm != Rhythm::SinusTachycardia && stream.chance(0.1) {
            found.push(Finding::PrematureVentricular);
        }
    }
    found
}
