//! Patients with several exams, their ages, diagnoses and findings.
//!
//! Exam `index` (the row of exams.csv) is shuffled to a slot; 64 slots are a block, and each block is
//! divided among patients. So every exam can be planned alone, at any size of the release. A patient's disease is
//! drawn once and kept at each visit with some probability, else drawn anew: shares stay exact, and bundle
//! branch block mostly stays too.

use crate::borderline::Borderline;
use crate::diagnosis::{Diagnosis, draw_findings};
use crate::fault::ArchiveFault;
use crate::labels::{Conduction, Finding, Labels, Rhythm};
use crate::mix::Shares;
use crate::options::{MAX_EXAMS, SynthOptions};
use crate::permutation::Permutation;
use crate::random::{Purpose, RandomStream};

/// Number of slots in a block, which is the largest number of exams of a patient.
const BLOCK: u64 = 64;
/// Probability that a patient has one exam more: 345,779 exams of 233,770 patients are 1.479 exams a patient.
const ANOTHER_EXAM: f64 = 0.324;
/// Samples of a long and a short recording at 400 Hz.
pub(crate) const LONG: usize = 4096;
const SHORT: usize = 2934;

/// Permutations of one release.
#[derive(Debug, Clone)]
pub(crate) struct ReleasePermutations {
    exam_ids: Permutation,
    patient_ids: Permutation,
    slots: Permutation,
    storage: Permutation,
    faults: Permutation,
}

impl ReleasePermutations {
    pub(crate) fn new(options: &SynthOptions) -> Self {
        let of = |number, len| Permutation::new(options.seed, number, len);
        Self {
            exam_ids: of(1, MAX_EXAMS),
            patient_ids: of(2, MAX_EXAMS),
            slots: of(3, options.exams),
            storage: of(4, options.exams),
            faults: of(5, options.exams),
        }
    }

    /// Index of the exam at row `position`, counted through all parts.
    pub(crate) fn index_at(&self, position: u64) -> u64 {
        self.storage.forward(position)
    }

    fn part_of(&self, options: &SynthOptions, index: u64) -> u64 {
        options.part_of_position(self.storage.inverse(index))
    }

    fn fault_of(&self, options: &SynthOptions, index: u64) -> Option<ArchiveFault> {
        let mut rank = self.faults.forward(index);
        for (fault, count) in options.faults.listed() {
            if rank < count {
                return Some(fault);
            }
            rank -= count;
        }
        None
    }
}

/// Anatomy of a patient, which is the same in each exam.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anatomy {
    /// Mean frontal QRS axis of a healthy heart here, degrees.
    pub axis: f64,
    /// Voltage as a share of the average.
    pub voltage: f64,
    /// Turn of the heart in the horizontal plane, radians, positive towards the front.
    pub turn: f64,
}

/// Plan of an exam: everything but its signal.
#[derive(Debug, Clone)]
pub(crate) struct ExamPlan {
    pub index: u64,
    pub exam_id: i64,
    pub patient_id: i64,
    pub first_visit: bool,
    pub is_male: bool,
    pub age: u32,
    pub nn_predicted_age: f32,
    /// True and years until death, or false and years until last seen; known for the first exam only.
    pub follow_up: Option<(bool, f64)>,
    pub rhythm: Rhythm,
    pub conduction: Conduction,
    pub first_degree_block: bool,
    pub normal: bool,
    pub findings: Vec<Finding>,
    pub anatomy: Anatomy,
    pub borderline: Borderline,
    pub samples: usize,
    pub part: u64,
    pub fault: Option<ArchiveFault>,
}

impl ExamPlan {
    pub(crate) fn labels(&self) -> Labels {
        Labels {
            first_degree_block: self.first_degree_block,
            rbbb: self.conduction == Conduction::RightBlock,
            lbbb: self.conduction == Conduction::LeftBlock,
            sb: self.rhythm == Rhythm::SinusBradycardia,
            st: self.rhythm == Rhythm::SinusTachycardia,
            af: self.rhythm == Rhythm::AtrialFibrillation,
            normal: self.normal,
        }
    }

    pub(crate) fn has(&self, finding: Finding) -> bool {
        self.findings.contains(&finding)
    }
}

/// Plans exam `index`, which is under `options.exams`.
pub(crate) fn plan_exam(options: &SynthOptions, layout: &ReleasePermutations, index: u64) -> ExamPlan {
    let shares = options.mix.shares();
    let slot = layout.slots.forward(index);
    let (patient, visit) = patient_of(options.seed, slot);
    let person = Patient::draw(options.seed, patient, visit, &shares);
    let mut stream = RandomStream::new(options.seed, Purpose::Plan, index);
    let state = person.state.at_visit(&mut stream, &shares);
    let age = (person.first_age + person.years).floor() as u32;
    let slow = state.slow && state.rhythm != Rhythm::AtrialFibrillation;
    let six = slow || state.rhythm != Rhythm::Sinus || state.conduction != Conduction::Normal;
    let normal = state.healthy && !six;
    let findings = if normal {
        Vec::new()
    } else {
        draw_findings(&mut stream, &state, six)
    };
    ExamPlan {
        index,
        exam_id: layout.exam_ids.forward(index) as i64 + 1,
        patient_id: layout.patient_ids.forward(patient) as i64 + 1,
        first_visit: visit == 0,
        is_male: person.is_male,
        age,
        nn_predicted_age: (f64::from(age) + stream.normal(0.0, 8.5)).clamp(12.0, 105.0) as f32,
        follow_up: (visit == 0).then_some(person.follow_up),
        rhythm: state.rhythm,
        conduction: state.conduction,
        first_degree_block: slow,
        normal,
        findings,
        anatomy: person.anatomy,
        borderline: Borderline::draw(options, index, &state, age),
        samples: if stream.chance(options.long_share) {
            LONG
        } else {
            SHORT
        },
        part: layout.part_of(options, index),
        fault: layout.fault_of(options, index),
    }
}

/// Number of a slot's patient, through all blocks, and number of the visit, from 0.
fn patient_of(seed: u64, slot: u64) -> (u64, u64) {
    let (block, place) = (slot / BLOCK, slot % BLOCK);
    let mut stream = RandomStream::new(seed, Purpose::Patients, block);
    let (mut first, mut ordinal) = (0, 0);
    for here in 0..=place {
        if here > 0 && !stream.chance(ANOTHER_EXAM) {
            first = here;
            ordinal += 1;
        }
    }
    (block * BLOCK + ordinal, place - first)
}

/// Patient at one visit.
struct Patient {
    is_male: bool,
    first_age: f64,
    years: f64,
    follow_up: (bool, f64),
    state: Diagnosis,
    anatomy: Anatomy,
}

impl Patient {
    fn draw(seed: u64, patient: u64, visit: u64, shares: &Shares) -> Self {
        let mut stream = RandomStream::new(seed, Purpose::Person, patient);
        let is_male = stream.chance(0.403);
        let state = Diagnosis::draw(&mut stream, shares);
        let (mean, sd) = state.age();
        let first_age = stream.normal_within(mean, sd, 17.0, 96.0);
        let anatomy = Anatomy {
            axis: stream.normal_within(60.0 - 0.4 * first_age, 20.0, -18.0, 85.0),
            voltage: stream.normal_within(if is_male { 1.05 } else { 0.95 }, 0.13, 0.74, 1.3),
            turn: stream.normal_within(0.0, 0.16, -0.4, 0.4),
        };
        let follow_up = follow_up(&mut stream, first_age);
        // Exams of one patient lie months to years apart, all within about seven years.
        let years = (0..visit)
            .map(|_| stream.between(0.05, 1.9))
            .sum::<f64>()
            .min(7.0);
        Self {
            is_male,
            first_age,
            years,
            follow_up,
            state,
            anatomy,
        }
    }
}

/// True and years until death, or false and years until last seen, in whole days over 365.
fn follow_up(stream: &mut RandomStream, age: f64) -> (bool, f64) {
    // Mortality doubles about every eight years (Gompertz); 1.2 % a year at 60.
    let hazard = 0.012 * ((age - 60.0) / 11.5).exp();
    let dies_after = -(1.0 - stream.unit()).ln() / hazard;
    let seen = stream.between(0.2, 8.0);
    let years = dies_after.min(seen);
    (dies_after < seen, ((years * 365.0).floor() + 1.0) / 365.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::mix::Mix;

    #[test]
    fn patients_have_exams_as_often_as_in_code15_and_age_between_them() {
        let options = SynthOptions {
            exams: 20_000,
            ..SynthOptions::default()
        };
        let layout = ReleasePermutations::new(&options);
        let mut patients: HashMap<i64, Vec<ExamPlan>> = HashMap::new();
        for index in 0..options.exams {
            let plan = plan_exam(&options, &layout, index);
            patients.entry(plan.patient_id).or_default().push(plan);
        }
        let each = options.exams as f64 / patients.len() as f64;
        assert!((each - 1.479).abs() < 0.04, "{each} exams a patient");
        for exams in patients.values() {
            assert!(exams.iter().all(|e| e.is_male == exams[0].is_male));
            assert_eq!(exams.iter().filter(|e| e.follow_up.is_some()).count(), 1);
            let ages = || exams.iter().map(|e| e.age);
            assert!(ages().max().unwrap() - ages().min().unwrap() <= 7);
            let first = exams.iter().find(|e| e.first_visit).unwrap();
            assert_eq!(Some(first.age), ages().min());
        }
    }

    #[test]
    fn exam_ids_are_unique_and_positive() {
        let options = SynthOptions {
            exams: 5000,
            ..SynthOptions::default()
        };
        let layout = ReleasePermutations::new(&options);
        let mut ids: Vec<i64> = (0..5000)
            .map(|i| plan_exam(&options, &layout, i).exam_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5000);
        assert!(ids[0] > 0);
    }

    #[test]
    fn labels_hold_as_often_as_the_mix_says() {
        for mix in [Mix::Prevalence, Mix::Balanced] {
            let options = SynthOptions {
                exams: 30_000,
                mix,
                ..SynthOptions::default()
            };
            let layout = ReleasePermutations::new(&options);
            let mut counts = [0_u32; 7];
            for index in 0..options.exams {
                let labels = plan_exam(&options, &layout, index).labels();
                assert!(!(labels.normal && labels.any_of_six()));
                assert!(!(labels.af && (labels.first_degree_block || labels.sb || labels.st)));
                for (count, value) in counts.iter_mut().zip(labels.values()) {
                    *count += u32::from(value);
                }
            }
            let s = mix.shares();
            let expected = [s.first_degree_block, s.rbbb, s.lbbb, s.sb, s.st, s.af, s.normal];
            for ((name, count), p) in Labels::NAMES.iter().zip(counts).zip(expected) {
                let n = options.exams as f64;
                // Visits of one patient agree, so the spread is wider than binomial: at most by about 1.5.
                let bound = 1.5 * 4.0 * (p * (1.0 - p) / n).sqrt();
                let share = f64::from(count) / n;
                assert!((share - p).abs() < bound, "{name}: {share} against {p} ± {bound}");
            }
        }
    }
}
