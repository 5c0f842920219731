//! Shape of one heart beat: vector loops of P, QRS and T for each way of conduction and each finding.
//!
//! Patterns give QRS bumps in shares of the QRS duration; they are then stretched so that the complex as seen in
//! the twelve leads lasts exactly as long as intended. The vectors were chosen so that, through Dower's lead
//! vectors, each pattern meets its textbook criteria (Surawicz and others, AHA/ACCF/HRS recommendations for the
//! standardization and interpretation of the electrocardiogram, part III, 2009).

use std::borrow::Cow;

use crate::cohort::ExamPlan;
use crate::labels::{Conduction, Finding, Rhythm};
use crate::leads::LeadVectors;
use crate::random::RandomStream;
use crate::wave::{Bump, TANGENT_END, Wave, scale_vector, turned_frontal, turned_horizontal};

/// Share of the greatest deflection that a lead exceeds from the beginning to the end of a QRS complex.
const QRS_SEEN: f64 = 0.03;
/// Share of the greatest deflection that a lead exceeds from the beginning to the end of a P wave, which is small.
const P_SEEN: f64 = 0.1;

/// Septum, apex, free wall of the left ventricle, base: the normal sequence.
const NORMAL: [Bump; 4] = [
    Bump::new(0.16, 0.187, 0.211, [-0.14, -0.06, -0.22]),
    Bump::new(0.36, 0.281, 0.281, [0.55, 0.48, -0.42]),
    Bump::new(0.52, 0.281, 0.292, [0.95, 0.62, 0.62]),
    Bump::new(0.76, 0.234, 0.281, [-0.16, -0.12, 0.50]),
];
/// The normal sequence in the first half, then the right ventricle alone and slowly: to the right and front.
const RIGHT_BLOCK: [Bump; 6] = [
    Bump::new(0.09, 0.105, 0.129, [-0.14, -0.05, -0.24]),
    Bump::new(0.21, 0.152, 0.164, [0.60, 0.36, -0.42]),
    Bump::new(0.31, 0.164, 0.187, [1.10, 0.40, 0.42]),
    Bump::new(0.44, 0.140, 0.164, [0.15, -0.10, 0.16]),
    Bump::new(0.61, 0.211, 0.234, [-0.50, 0.00, -0.72]),
    Bump::new(0.79, 0.234, 0.246, [-0.40, 0.10, -0.45]),
];
/// From right to left through the septum, then the left ventricle in two humps: to the left and back. What fills
/// the gap between the humps points back only, so that the notch shows to the left and hardly in V1.
const LEFT_BLOCK: [Bump; 4] = [
    Bump::new(0.14, 0.164, 0.211, [0.20, 0.08, 0.06]),
    Bump::new(0.36, 0.304, 0.281, [0.98, 0.26, 1.12]),
    Bump::new(0.50, 0.211, 0.211, [-0.02, 0.06, 0.42]),
    Bump::new(0.66, 0.292, 0.398, [1.08, 0.12, 1.12]),
];
/// The normal sequence with a small late force of the right ventricle.
const INCOMPLETE_RIGHT_BLOCK: [Bump; 5] = [
    Bump::new(0.13, 0.152, 0.187, [-0.14, -0.06, -0.22]),
    Bump::new(0.30, 0.234, 0.246, [0.55, 0.48, -0.42]),
    Bump::new(0.44, 0.234, 0.246, [0.95, 0.62, 0.62]),
    Bump::new(0.61, 0.175, 0.199, [-0.05, -0.10, 0.36]),
    Bump::new(0.83, 0.199, 0.199, [-0.26, -0.05, -0.40]),
];
/// The inferior wall is silent: first forces upward for 40 ms.
const INFERIOR_Q: [Bump; 4] = [
    Bump::new(0.21, 0.246, 0.269, [0.06, -0.52, -0.12]),
    Bump::new(0.40, 0.257, 0.281, [0.60, 0.10, -0.42]),
    Bump::new(0.56, 0.257, 0.281, [0.92, 0.42, 0.60]),
    Bump::new(0.78, 0.211, 0.257, [-0.12, 0.00, 0.45]),
];
/// The anterior wall is silent: no forces to the front.
const ANTERIOR_Q: [Bump; 4] = [
    Bump::new(0.20, 0.234, 0.257, [0.02, 0.02, 0.42]),
    Bump::new(0.38, 0.257, 0.281, [0.22, 0.30, 0.55]),
    Bump::new(0.55, 0.257, 0.292, [0.92, 0.50, 0.72]),
    Bump::new(0.78, 0.211, 0.257, [0.10, -0.10, 0.22]),
];
/// A ventricular beat from the right ventricle's outflow tract, and one from the left ventricle.
const ECTOPIC: [[Bump; 2]; 2] = [
    [
        Bump::new(0.38, 0.445, 0.398, [0.45, 1.15, 0.95]),
        Bump::new(0.68, 0.328, 0.374, [0.35, 0.70, 0.70]),
    ],
    [
        Bump::new(0.36, 0.421, 0.374, [-0.85, -0.55, -1.10]),
        Bump::new(0.66, 0.328, 0.398, [-0.60, -0.75, -0.60]),
    ],
];
/// Right, then left atrium; seconds.
const P_WAVE: [Bump; 2] = [
    Bump::new(0.000, 0.058, 0.064, [0.035, 0.110, -0.045]),
    Bump::new(0.036, 0.056, 0.066, [0.070, 0.055, 0.050]),
];

/// Repolarisation of the ventricles: the T wave and the ST segment before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repolarisation {
    t: [f64; 3],
    st: [f64; 3],
}

impl Repolarisation {
    /// The bumps for a QRS of `qrs` seconds and a QT interval of `qt`, from the QRS onset. The T wave's steepest
    /// tangent ends at `qt`, which is how QT is read.
    pub(crate) fn bumps(&self, qrs: f64, qt: f64) -> [Bump; 2] {
        let jt = qt - qrs;
        let fall = 0.42 * jt;
        [
            Bump::new(qt - TANGENT_END * fall, 0.66 * jt, fall, self.t),
            Bump::new(qrs + 0.24 * jt, 0.24 * jt + 0.03, 0.5 * jt, self.st),
        ]
    }
}

/// Ventricular beat: complex, its length in seconds, recovery, and time of its R peak.
#[derive(Debug, Clone)]
pub(crate) struct EctopicBeat {
    pub qrs: Wave,
    pub seconds: f64,
    pub recovery: Repolarisation,
    pub peak: f64,
}

/// Beat of an exam. Times are in seconds from the QRS onset.
#[derive(Debug, Clone)]
pub(crate) struct BeatTemplate {
    pub p: Option<Wave>,
    /// The P wave of a premature atrial beat.
    pub ectopic_p: Option<Wave>,
    pub qrs: Wave,
    pub recovery: Repolarisation,
    pub ectopic: EctopicBeat,
    pub pr: Option<f64>,
    pub qrs_seconds: f64,
    /// Time of the largest deflection of any lead.
    pub peak: f64,
    /// QT at 60 beats a minute.
    pub qtc: f64,
    /// Mean frontal QRS axis, degrees.
    pub axis: f64,
}

impl BeatTemplate {
    pub(crate) fn draw(plan: &ExamPlan, leads: &LeadVectors, stream: &mut RandomStream) -> Self {
        let pattern = vary_pattern(&qrs_pattern(plan), stream);
        let voltage = plan.anatomy.voltage * voltage_of(plan, stream);
        let pattern = pattern.changed(|v| turned_horizontal(scale_vector(v, voltage), plan.anatomy.turn));
        let angle = frontal_turn(plan, &pattern, leads, stream);
        let pattern = pattern.changed(|v| turned_frontal(v, angle));
        let qrs_seconds = qrs_duration(plan, stream);
        let (qrs, peak) = stretch_pattern(pattern, leads, qrs_seconds);
        let recovery = recovery_wave(plan, &qrs, angle, stream);
        let (p, ectopic_p, pr) = atrial_waves(plan, leads, stream);
        Self {
            axis: leads.axis(qrs.area()),
            qtc: qtc(plan, qrs_seconds, stream),
            ectopic: ectopic_beat(leads, stream),
            p,
            ectopic_p,
            qrs,
            recovery,
            pr,
            qrs_seconds,
            peak,
        }
    }

    /// QT after an RR interval of `rr` seconds (Fridericia).
    pub(crate) fn qt(&self, rr: f64) -> f64 {
        self.qtc * rr.cbrt()
    }
}

/// Bumps of the QRS complex: those of a partial block are both ways' of conduction, each in proportion.
fn qrs_pattern(plan: &ExamPlan) -> Cow<'static, [Bump]> {
    let Some(block) = &plan.borderline.block else {
        return Cow::Borrowed(pattern_of(plan, plan.conduction));
    };
    let degree = plan.borderline.block_degree(block, plan.conduction);
    let parts = [(Conduction::Normal, 1.0 - degree), (block.side, degree)];
    let bumps = parts.into_iter().flat_map(|(conduction, share)| {
        pattern_of(plan, conduction).iter().map(move |bump| Bump {
            vector: scale_vector(bump.vector, share),
            ..*bump
        })
    });
    Cow::Owned(bumps.collect())
}

fn pattern_of(plan: &ExamPlan, conduction: Conduction) -> &'static [Bump] {
    match conduction {
        Conduction::RightBlock => &RIGHT_BLOCK,
        Conduction::LeftBlock => &LEFT_BLOCK,
        Conduction::Normal if plan.has(Finding::IncompleteRbbb) => &INCOMPLETE_RIGHT_BLOCK,
        Conduction::Normal if plan.has(Finding::InferiorQ) => &INFERIOR_Q,
        Conduction::Normal if plan.has(Finding::AnteriorQ) => &ANTERIOR_Q,
        Conduction::Normal => &NORMAL,
    }
}

/// Pattern with every force changed a little, as each heart differs.
fn vary_pattern(pattern: &[Bump], stream: &mut RandomStream) -> Wave {
    Wave(
        pattern
            .iter()
            .map(|bump| {
                let gain = stream.normal_within(1.0, 0.13, 0.7, 1.35);
                Bump {
                    rise: bump.rise * stream.between(0.94, 1.06),
                    fall: bump.fall * stream.between(0.94, 1.06),
                    vector: bump
                        .vector
                        .map(|component| component * gain + stream.normal(0.0, 0.03)),
                    ..*bump
                }
            })
            .collect(),
    )
}

/// Stretches `pattern` so that it is visible for `seconds` from 0 on; returns it with the time of its peak.
fn stretch_pattern(pattern: Wave, leads: &LeadVectors, seconds: f64) -> (Wave, f64) {
    let seen = pattern.extent(leads, QRS_SEEN);
    let factor = seconds / (seen.offset - seen.onset);
    (
        pattern.fitted(seen.onset, factor),
        (seen.peak - seen.onset) * factor,
    )
}

fn voltage_of(plan: &ExamPlan, stream: &mut RandomStream) -> f64 {
    if plan.has(Finding::LeftVentricularHypertrophy) {
        // Divided by the patient's own voltage, so that hypertrophy is visible in a small heart too.
        stream.between(1.6, 1.95) / plan.anatomy.voltage.sqrt()
    } else if plan.has(Finding::LowVoltage) {
        stream.between(0.26, 0.34) / plan.anatomy.voltage
    } else {
        stream.between(0.95, 1.05)
    }
}

/// The turn in the frontal plane that gives the exam its axis, radians.
fn frontal_turn(plan: &ExamPlan, pattern: &Wave, leads: &LeadVectors, stream: &mut RandomStream) -> f64 {
    let target = if plan.has(Finding::LeftAxis) {
        stream.between(-62.0, -38.0)
    } else if plan.has(Finding::RightAxis) {
        stream.between(101.0, 127.0)
    } else if plan.conduction != Conduction::Normal
        || plan.has(Finding::InferiorQ)
        || plan.has(Finding::AnteriorQ)
    {
        // The axis follows from these patterns.
        return stream.normal_within(0.0, 8.0, -16.0, 16.0).to_radians();
    } else {
        (plan.anatomy.axis + stream.normal(0.0, 3.0)).clamp(-22.0, 86.0)
    };
    let mut angle = 0.0_f64;
    // Leads do not turn with the vector by equal steps, so approach the axis by some steps.
    for _ in 0..4 {
        let axis = leads.axis(turned_frontal(pattern.area(), angle));
        let miss = (target - axis + 180.0).rem_euclid(360.0) - 180.0;
        angle += miss.to_radians();
    }
    angle
}

/// QRS duration, seconds.
fn qrs_duration(plan: &ExamPlan, stream: &mut RandomStream) -> f64 {
    let apart = match plan.conduction {
        Conduction::RightBlock => stream.normal_within(0.140, 0.010, 0.124, 0.168),
        Conduction::LeftBlock => stream.normal_within(0.147, 0.011, 0.126, 0.178),
        Conduction::Normal if plan.has(Finding::IncompleteRbbb) => stream.between(0.102, 0.114),
        Conduction::Normal => {
            let mean = if plan.is_male { 0.093 } else { 0.087 };
            stream.normal_within(mean, 0.007, 0.072, 0.107)
        }
    };
    let near = plan.borderline.block.map(|block| block.seconds);
    plan.borderline.moved(apart, near)
}

/// QT at 60 beats a minute, seconds. A block's late depolarisation comes on top.
fn qtc(plan: &ExamPlan, qrs: f64, stream: &mut RandomStream) -> f64 {
    if plan.has(Finding::LongQt) {
        return stream.between(0.490, 0.550);
    }
    let mean = if plan.is_male { 0.403 } else { 0.412 };
    stream.normal_within(mean, 0.013, 0.370, 0.442) + 0.7 * (qrs - 0.095).max(0.0)
}

/// T wave and ST segment that follow from the complex and the findings.
fn recovery_wave(plan: &ExamPlan, qrs: &Wave, angle: f64, stream: &mut RandomStream) -> Repolarisation {
    let size = stream.between(0.75, 1.3);
    let jitter: [f64; 3] = std::array::from_fn(|_| stream.normal(0.0, 0.02));
    let healthy = |t: [f64; 3]| {
        let t = std::array::from_fn(|axis| t[axis] * size + jitter[axis]);
        turned_frontal(turned_horizontal(t, plan.anatomy.turn), angle * 0.35)
    };
    let mut recovery = |conduction| match conduction {
        Conduction::LeftBlock => {
            // Against the complex, in proportion to it.
            let against = scale_vector(qrs.area(), -3.1 * size);
            (against, scale_vector(against, 0.28))
        }
        // Against the terminal force only: inverted in V1, upright to the left.
        Conduction::RightBlock => (healthy([0.32, 0.20, 0.20]), [0.02, 0.0, 0.05]),
        Conduction::Normal => {
            let t = healthy([0.28, 0.20, -0.15]);
            (t, scale_vector(t, stream.between(0.08, 0.2)))
        }
    };
    let (mut t, mut st) = match &plan.borderline.block {
        None => recovery(plan.conduction),
        Some(block) => {
            let degree = plan.borderline.block_degree(block, plan.conduction);
            let (none, full) = (recovery(Conduction::Normal), recovery(block.side));
            (between(none.0, full.0, degree), between(none.1, full.1, degree))
        }
    };
    for finding in &plan.findings {
        (t, st) = match finding {
            Finding::LeftVentricularHypertrophy => {
                // Strain: ST and T away from the left.
                ([-0.26 * size, -0.06, -0.30 * size], [-0.09, -0.03, -0.10])
            }
            Finding::LowVoltage => (scale_vector(t, 0.5), scale_vector(st, 0.5)),
            Finding::InferiorQ => ([0.22 * size, -0.24, -0.18], [0.0, 0.0, 0.0]),
            Finding::AnteriorQ => ([-0.08, 0.12, 0.26 * size], [0.0, 0.0, -0.06]),
            Finding::TInversion => (scale_vector(t, -stream.between(0.6, 1.1)), [0.0, 0.0, 0.0]),
            Finding::TFlat => (scale_vector(t, stream.between(0.02, 0.18)), [0.0, 0.0, 0.0]),
            Finding::StDepression => {
                let deep = stream.between(0.09, 0.16);
                (scale_vector(t, 0.5), [-deep, -0.8 * deep, 0.5 * deep])
            }
            _ => (t, st),
        };
    }
    Repolarisation { t, st }
}

/// P wave, premature P wave and PR in seconds; none of them in fibrillation.
fn atrial_waves(
    plan: &ExamPlan,
    leads: &LeadVectors,
    stream: &mut RandomStream,
) -> (Option<Wave>, Option<Wave>, Option<f64>) {
    let apart = match plan.rhythm {
        _ if plan.first_degree_block => match plan.rhythm {
            Rhythm::SinusTachycardia => stream.between(0.212, 0.240),
            _ => stream.normal_within(0.236, 0.022, 0.212, 0.320),
        },
        Rhythm::SinusTachycardia => stream.normal_within(0.138, 0.014, 0.118, 0.165),
        _ => stream.normal_within(0.154, 0.017, 0.124, 0.190),
    };
    let pr = plan.borderline.moved(apart, plan.borderline.pr);
    let gain = stream.normal_within(1.0, 0.16, 0.65, 1.5) * plan.borderline.atria_height();
    let wave =
        jittered_p(stream).changed(|v| turned_horizontal(scale_vector(v, gain), plan.anatomy.turn * 0.5));
    let length = stream.between(0.088, 0.114);
    if plan.rhythm == Rhythm::AtrialFibrillation {
        return (None, None, None);
    }
    let seen = wave.extent(leads, P_SEEN);
    let wave = wave.fitted(seen.onset, length / (seen.offset - seen.onset));
    // From low in the atria: shorter PR, P upwards instead of downwards.
    let ectopic = wave
        .clone()
        .changed(|v| [0.8 * v[0], -0.6 * v[1], v[2]])
        .moved(0.01 - pr);
    (Some(wave.moved(-pr)), Some(ectopic), Some(pr))
}

/// The vector at `share` of the way from `from` to `to`.
fn between(from: [f64; 3], to: [f64; 3], share: f64) -> [f64; 3] {
    std::array::from_fn(|axis| from[axis] + share * (to[axis] - from[axis]))
}

fn jittered_p(stream: &mut RandomStream) -> Wave {
    Wave(
        P_WAVE
            .iter()
            .map(|bump| Bump {
                vector: bump.vector.map(|c| c + stream.normal(0.0, 0.006)),
                ..*bump
            })
            .collect(),
    )
}

fn ectopic_beat(leads: &LeadVectors, stream: &mut RandomStream) -> EctopicBeat {
    let pattern = vary_pattern(&ECTOPIC[stream.below(2)], stream);
    let seconds = stream.between(0.138, 0.172);
    let (qrs, peak) = stretch_pattern(pattern, leads, seconds);
    let t = scale_vector(qrs.area(), -4.0);
    EctopicBeat {
        qrs,
        seconds,
        recovery: Repolarisation {
            t,
            st: scale_vector(t, 0.25),
        },
        peak,
    }
}
