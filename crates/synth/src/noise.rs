//! Noise of electrodes: wander, mains, muscle, motion.
//!
//! Each of the nine electrodes (RA, LA, LL, V1 to V6) has noise of its own; the leads are differences of
//! electrodes, so noise obeys Einthoven's law as the heart does.

use std::f64::consts::TAU;

use crate::leads::from_electrodes;
use crate::planes::Planes;
use crate::random::RandomStream;

/// RA, LA, LL, V1 to V6. RL is the ground that the others are measured against.
const ELECTRODES: usize = 9;
/// Shared courses: mains and three wanders (sine and cosine each), and a ramp.
const COURSES: usize = 9;

/// Buffers for the noise of one exam, reused for the next.
#[derive(Debug, Default)]
pub(crate) struct NoiseBuffers {
    courses: Vec<f32>,
    electrodes: Vec<f32>,
    bytes: Vec<u8>,
}

/// Adds noise at `level` (1 as in a tidy archive, 0 none) to the leads, in millivolts.
pub(crate) fn add_noise(planes: &mut Planes, level: f64, room: &mut NoiseBuffers, stream: &mut RandomStream) {
    if level == 0.0 {
        return;
    }
    add_shared_noise(planes, level, &mut room.courses, stream);
    add_muscle_noise(planes, level, room, stream);
    add_motion(planes, level, stream);
}

/// Offset, wander and mains: courses that all electrodes share, each with strengths of its own.
fn add_shared_noise(planes: &mut Planes, level: f64, courses: &mut Vec<f32>, stream: &mut RandomStream) {
    let samples = planes.samples();
    // CODE-15 is Brazilian: 60 Hz. A tenth at 50 Hz, as in most other archives.
    let mains = if stream.chance(0.9) { 60.0 } else { 50.0 } + stream.normal(0.0, 0.03);
    let wanders = [
        stream.between(0.18, 0.33),
        stream.between(0.04, 0.12),
        stream.between(0.3, 0.6),
    ];
    courses.clear();
    for frequency in [mains, wanders[0], wanders[1], wanders[2]] {
        append_oscillation(courses, frequency, planes.rate(), samples);
    }
    courses.extend((0..samples).map(|i| (i as f32 / samples as f32) - 0.5));

    let hum = level * stream.normal(-5.1, 0.8).exp().min(0.05);
    let (sin, cos) = stream.between(0.0, TAU).sin_cos();
    let sway = level * stream.normal(0.0, 0.5).exp().min(3.0);
    let hums: [f64; ELECTRODES] = std::array::from_fn(|_| hum * stream.normal(1.0, 0.4));
    let mut swaying = |size| std::array::from_fn(|_| (sway * stream.normal(0.0, size)) as f32);
    let strengths: [[f32; ELECTRODES]; COURSES] = [
        hums.map(|each| (each * cos) as f32),
        hums.map(|each| (each * sin) as f32),
        swaying(0.014),
        swaying(0.014),
        swaying(0.035),
        swaying(0.035),
        swaying(0.008),
        swaying(0.008),
        swaying(0.06),
    ];
    let offsets = std::array::from_fn(|_| (level * stream.normal(0.0, 0.08)) as f32);
    let offsets = from_electrodes(offsets);
    let strengths = strengths.map(from_electrodes);
    for (lead, offset) in offsets.into_iter().enumerate() {
        let plane = planes.lead_mut(lead);
        plane.iter_mut().for_each(|value| *value += offset);
        for (course, strength) in courses.chunks_exact(samples).zip(&strengths) {
            let strength = strength[lead];
            for (value, x) in plane.iter_mut().zip(course) {
                *value += strength * x;
            }
        }
    }
}

/// Appends sine and cosine of `frequency` hertz at `rate` samples a second, by turning a unit vector step by step.
fn append_oscillation(courses: &mut Vec<f32>, frequency: f64, rate: f64, samples: usize) {
    let (sin, cos) = (TAU * frequency / rate).sin_cos();
    let start = courses.len();
    courses.resize(start + 2 * samples, 0.0);
    let (sines, cosines) = courses[start..].split_at_mut(samples);
    let (mut s, mut c) = (0.0_f64, 1.0_f64);
    for (sine, cosine) in sines.iter_mut().zip(cosines) {
        (*sine, *cosine) = (s as f32, c as f32);
        (s, c) = (s * cos + c * sin, c * cos - s * sin);
    }
}

/// Muscle: broad-band noise of each electrode alone, sometimes a burst.
fn add_muscle_noise(planes: &mut Planes, level: f64, room: &mut NoiseBuffers, stream: &mut RandomStream) {
    let samples = planes.samples();
    let whole = level * stream.normal(-5.0, 0.5).exp().min(0.05);
    let sizes: [f64; ELECTRODES] = std::array::from_fn(|_| whole * stream.normal(0.0, 0.35).exp());
    let NoiseBuffers {
        electrodes, bytes, ..
    } = room;
    electrodes.resize(ELECTRODES * samples, 0.0);
    bytes.resize(4 * samples, 0);
    for (plane, size) in electrodes.chunks_exact_mut(samples).zip(sizes) {
        stream.fill(bytes);
        near_normal(bytes, size as f32, plane);
    }
    if stream.chance(0.12) {
        add_burst(
            &mut electrodes[stream.below(ELECTRODES) * samples..][..samples],
            planes.rate(),
            stream,
        );
    }
    let (limbs, chest) = electrodes.split_at_mut(3 * samples);
    let (right_arm, others) = limbs.split_at_mut(samples);
    let (left_arm, left_leg) = others.split_at(samples);
    for (lead, arm_or_leg) in [left_arm, left_leg].into_iter().enumerate() {
        for ((value, x), ra) in planes.lead_mut(lead).iter_mut().zip(arm_or_leg).zip(&*right_arm) {
            *value += x - ra;
        }
    }
    // The first plane is used up: it becomes the central terminal.
    for ((ra, la), ll) in right_arm.iter_mut().zip(left_arm).zip(left_leg) {
        *ra = (*ra + *la + *ll) * (1.0 / 3.0);
    }
    for (lead, plane) in chest.chunks_exact(samples).enumerate() {
        for ((value, x), centre) in planes.lead_mut(lead + 2).iter_mut().zip(plane).zip(&*right_arm) {
            *value += x - centre;
        }
    }
}

/// Noise of standard deviation `size` from four random bytes a sample (their sum is near enough normal), with the
/// low frequencies taken out as muscle has few of them.
fn near_normal(bytes: &[u8], size: f32, plane: &mut [f32]) {
    // Four bytes have variance (256² − 1)/3; the difference x − 0.6 x' multiplies it by 1.36.
    let factor = size / ((65_535.0_f32 / 3.0) * 1.36).sqrt();
    for (value, four) in plane.iter_mut().zip(bytes.chunks_exact(4)) {
        let sum: i32 = four.iter().map(|&byte| i32::from(byte)).sum();
        *value = (sum - 510) as f32 * factor;
    }
    let mut before = 0.0;
    for value in plane {
        let raw = *value;
        *value = raw - 0.6 * before;
        before = raw;
    }
}

/// Makes one electrode's muscle noise swell for half a second to two.
fn add_burst(plane: &mut [f32], rate: f64, stream: &mut RandomStream) {
    let length = (stream.between(0.5, 2.0) * rate) as usize;
    let start = stream.below(plane.len().saturating_sub(length).max(1));
    let gain = stream.between(2.0, 5.0) as f32;
    for (i, value) in plane[start..].iter_mut().take(length).enumerate() {
        let u = 2.0 * i as f32 / length as f32 - 1.0;
        *value *= 1.0 + gain * (1.0 - u * u);
    }
}

/// Motion: now and then an electrode's potential heaves and comes back.
fn add_motion(planes: &mut Planes, level: f64, stream: &mut RandomStream) {
    let events = stream.weighted(&[(0, 0.75), (1, 0.18), (2, 0.07)]);
    let seconds = planes.samples() as f64 / planes.rate();
    for _ in 0..events {
        let mut electrodes = [0.0_f32; ELECTRODES];
        electrodes[stream.below(ELECTRODES)] = (level * stream.normal(0.0, 0.18)) as f32;
        let bump = crate::wave::Bump::new(
            stream.between(0.0, seconds),
            stream.between(0.1, 0.5),
            stream.between(0.2, 0.9),
            [0.0; 3],
        );
        planes.add_bump(&bump, 0.0, from_electrodes(electrodes));
    }
}
