//! Whether the six limb leads agree with each other, and which mistake would explain it where they do not.
//!
//! Three electrodes make six leads, so that four laws tie them (Einthoven 1908; Goldberger 1942):
//!
//! ```text
//! II = I + III     aVR = −(I + II) / 2     aVL = (I − III) / 2     aVF = (II + III) / 2
//! ```
//!
//! They hold for every sample and every heart. What they leave over is measured as its standard deviation, so that an
//! offset of a lead, which standardising takes out, does not count, on every [`STRIDE`]th sample: leads that are mixed up
//! are so from the first sample to the last. A law is broken ([`is_broken`]) where that is above [`LEAST`] and above
//! [`SHARE`] of the leads' own deviation.
//!
//! **Seen** are limb leads in another order, a limb lead exchanged with a chest lead, one that is inverted, missing, of
//! another gain or from another time (as where a printout of 3 × 4 leads was digitised). **Not seen** are electrodes
//! that were exchanged on the patient: leads computed from them keep the laws, as with right arm for left arm. Nor are
//! chest leads exchanged with each other, which no law ties.

use crate::leads::COUNT;
use crate::sample::Sample;
use multiversion::multiversion;

/// Number of limb leads, the first of the twelve.
pub const LIMB: usize = 6;
/// Every which sample is looked at: a hundred and more of an ECG of 10 s, which tell an exchange as well as all do, at a
/// thirtieth of the time. It shares no divisor with the sample rates in use, or else mains hum, 8 samples of 400 Hz long,
/// would look like an offset.
pub const STRIDE: usize = 29;
/// What rounding may leave over, in millivolts. Of three leads that are rounded to steps of q, Einthoven's law leaves a
/// deviation of √3 · q/√12 = q/2 at most; recorders round to 0.01 mV or finer, and this is four times what that gives.
pub const LEAST: f32 = 0.02;
/// The share of the limb leads' own deviation that may be left over. Filters that leads went through one by one, and
/// movements that drive one of them into its limits, leave some. Among the ten ECGs published with ECG-FM the most is
/// 0.02, or 0.06 over all samples; the least after an exchange of any two limb leads is 0.36 (a test holds both).
pub const SHARE: f32 = 0.1;

/// A law: what it is called, the leads it ties, and by how much each of the limb leads enters.
#[derive(Debug, PartialEq)]
pub struct Law {
    /// Name in tables.
    pub name: &'static str,
    /// The leads it ties.
    pub leads: &'static str,
    /// Their sum under these weights is 0.
    weights: [f64; LIMB],
}

/// The four laws.
pub const LAWS: [Law; 4] = [
    Law {
        name: "einthoven",
        leads: "I II III",
        weights: [1.0, -1.0, 1.0, 0.0, 0.0, 0.0],
    },
    Law {
        name: "goldberger_avr",
        leads: "I II aVR",
        weights: [0.5, 0.5, 0.0, 1.0, 0.0, 0.0],
    },
    Law {
        name: "goldberger_avl",
        leads: "I III aVL",
        weights: [-0.5, 0.0, 0.5, 0.0, 1.0, 0.0],
    },
    Law {
        name: "goldberger_avf",
        leads: "II III aVF",
        weights: [0.0, -0.5, -0.5, 0.0, 0.0, 1.0],
    },
];

/// Deviation of what each of [`LAWS`] leaves over, in the unit of the leads, in float32. `samples` are sample-major, twelve leads
/// each; `mean` is the leads' mean. NaN or infinite where the samples are, or are too large to be squared.
///
/// ```
/// use ecgfm_recipe::limb::deviations;
/// let sample = |i: f32, iii: f32| {
///     let ii = i + iii;
///     [i, ii, iii, -(i + ii) / 2.0, (i - iii) / 2.0, (ii + iii) / 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
/// };
/// let samples: Vec<f32> = (0..700).flat_map(|t| sample((t as f32).sin(), (t as f32 * 0.3).cos())).collect();
/// let mean = ecgfm_recipe::quality::measure(&samples, 12).mean;
/// assert!(deviations(&samples, &mean).iter().all(|left| *left < 1e-6));
/// ```
pub fn deviations<S: Sample>(samples: &[S], mean: &[f32]) -> [f32; LAWS.len()] {
    let mut offset = [0f32; COUNT];
    offset.iter_mut().zip(mean).for_each(|(o, m)| *o = *m);
    let rows = samples.as_chunks::<COUNT>().0;
    let count = rows.len().div_ceil(STRIDE) as f32;
    squares(rows, left_over(&offset)).map(|sum| (sum / count).sqrt())
}

/// What every law leaves of one sample.
#[inline(always)]
fn left_over(sample: &[f32; COUNT]) -> [f32; LAWS.len()] {
    // As three numbers with their weights, each law is the same to the processor.
    const SECOND: [f32; 4] = [1.0, 0.5, -0.5, -0.5];
    const THIRD: [f32; 4] = [-1.0, 0.5, 0.5, -0.5];
    let [i, ii, iii, avr, avl, avf, ..] = *sample;
    let (first, second, third) = ([i, avr, avl, avf], [iii, i, i, ii], [ii, ii, iii, iii]);
    std::array::from_fn(|law| first[law] + SECOND[law] * second[law] + THIRD[law] * third[law])
}

/// Sums of squares of what is left over, around `offset`.
#[multiversion(targets("x86_64+avx+avx2"))]
fn squares<S: Sample>(rows: &[[S; COUNT]], offset: [f32; LAWS.len()]) -> [f32; LAWS.len()] {
    let mut sums = [[0f32; LAWS.len()]; 2];
    let mut add = |to: usize, row: &[S; COUNT]| {
        let left = left_over(&row.map(|v| v.to_f64() as f32));
        for law in 0..LAWS.len() {
            let centred = left[law] - offset[law];
            sums[to][law] += centred * centred;
        }
    };
    // Two sums side by side: one alone would wait for itself.
    let (pairs, rest) = rows.as_chunks::<{ 2 * STRIDE }>();
    for pair in pairs {
        add(0, &pair[0]);
        add(1, &pair[STRIDE]);
    }
    rest.iter().step_by(STRIDE).for_each(|row| add(0, row));
    std::array::from_fn(|law| sums[0][law] + sums[1][law])
}

/// The limb leads' own deviation: the root of their mean square. `std` is each lead's.
pub fn level(std: &[f32]) -> f32 {
    let squares: f32 = std.iter().take(LIMB).map(|s| s * s).sum();
    (squares / LIMB as f32).sqrt()
}

/// Whether a law that leaves `deviation` over is broken, among leads of that [`level`]. What is NaN or infinite is not
/// judged.
pub fn is_broken(deviation: f32, level: f32) -> bool {
    deviation.is_finite() && deviation > LEAST && deviation > SHARE * level
}

/// A mistake after which the leads would break the laws as they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// Two leads are in each other's place.
    Exchanged(usize, usize),
    /// A lead has the wrong sign.
    Inverted(usize),
    /// The limb leads are in another order: which lead is at each place.
    Order([usize; LIMB]),
}

/// The one mistake that, mended, leaves no law broken: the smallest, if there is exactly one of its size. An exchange of
/// two leads or a wrong sign is smaller than another order of all limb leads.
pub fn explain(samples: &[f32]) -> Option<Mistake> {
    let moments = LeadCovariances::of(samples);
    let smallest = exchanges().chain((0..LIMB).map(Mistake::Inverted));
    match moments.mended_by(smallest)[..] {
        [ref one] => return Some(one.clone()),
        [] => {}
        _ => return None,
    }
    match &moments.mended_by(orders())[..] {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Every exchange of a limb lead with another lead.
fn exchanges() -> impl Iterator<Item = Mistake> {
    let with = |a: usize| (a + 1..COUNT).map(move |b| Mistake::Exchanged(a, b));
    (0..LIMB).flat_map(with)
}

/// Every order of the limb leads but their own and those that an exchange makes.
fn orders() -> impl Iterator<Item = Mistake> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..LIMB {
        let longer = |order: &Vec<usize>| {
            let next = (0..LIMB).filter(|lead| !order.contains(lead));
            let next = next.map(|lead| order.iter().copied().chain([lead]).collect());
            next.collect::<Vec<_>>()
        };
        found = found.iter().flat_map(longer).collect();
    }
    let orders = found
        .into_iter()
        .filter_map(|order| <[usize; LIMB]>::try_from(order).ok());
    let moved = |order: &[usize; LIMB]| order.iter().enumerate().filter(|(at, lead)| at != *lead).count();
    orders.filter(move |order| moved(order) > 2).map(Mistake::Order)
}

/// Covariances of the leads, of every [`STRIDE`]th sample.
struct LeadCovariances([[f64; COUNT]; COUNT]);

impl LeadCovariances {
    fn of(samples: &[f32]) -> Self {
        let rows = samples.as_chunks::<COUNT>().0.iter().step_by(STRIDE);
        let rows: Vec<[f64; COUNT]> = rows.map(|row| row.map(f64::from)).collect();
        let count = rows.len().max(1) as f64;
        let mean: [f64; COUNT] = std::array::from_fn(|l| rows.iter().map(|row| row[l]).sum::<f64>() / count);
        let mut sums = [[0.0; COUNT]; COUNT];
        for row in &rows {
            let centred: [f64; COUNT] = std::array::from_fn(|l| row[l] - mean[l]);
            for (a, to) in sums.iter_mut().enumerate() {
                to.iter_mut()
                    .zip(centred)
                    .for_each(|(sum, value)| *sum += centred[a] * value);
            }
        }
        Self(sums.map(|row| row.map(|sum| sum / count)))
    }

    /// The mistakes that, mended, leave no law broken.
    fn mended_by(&self, mistakes: impl Iterator<Item = Mistake>) -> Vec<Mistake> {
        mistakes.filter(|mistake| self.keeps_laws(mistake)).collect()
    }

    /// Whether the leads keep all laws once the mistake is mended.
    fn keeps_laws(&self, mistake: &Mistake) -> bool {
        // Where each limb lead really is, and its sign.
        let (mut place, mut sign): ([usize; LIMB], _) = (std::array::from_fn(|lead| lead), [1.0; LIMB]);
        match mistake {
            Mistake::Exchanged(a, b) => {
                for (lead, other) in [(*a, *b), (*b, *a)] {
                    if lead < LIMB {
                        place[lead] = other;
                    }
                }
            }
            Mistake::Inverted(lead) => sign[*lead] = -1.0,
            Mistake::Order(order) => order.iter().enumerate().for_each(|(at, lead)| place[*lead] = at),
        }
        let std: [f32; LIMB] = place.map(|lead| self.0[lead][lead].sqrt() as f32);
        let level = level(&std);
        LAWS.iter().all(|law| {
            let mut variance = 0.0;
            for (a, b) in (0..LIMB).flat_map(|a| (0..LIMB).map(move |b| (a, b))) {
                let weights = law.weights[a] * sign[a] * law.weights[b] * sign[b];
                variance += weights * self.0[place[a]][place[b]];
            }
            let deviation = variance.max(0.0).sqrt() as f32;
            deviation.is_finite() && !is_broken(deviation, level)
        })
    }
}

#[cfg(test)]
mod tests;
