//! One exam in memory: patient, ECG, and its true measurements.

use std::cell::RefCell;
use std::f64::consts::TAU;

use ndarray::Array2;

use crate::SAMPLE_RATE;
use crate::cohort::{ExamPlan, ReleasePermutations, plan_exam};
use crate::error::Error;
use crate::labels::{Conduction, Finding, Labels, Rhythm};
use crate::leads::{INDEPENDENT, LeadVectors, from_electrodes};
use crate::morphology::BeatTemplate;
use crate::noise;
use crate::options::SynthOptions;
use crate::planes::Planes;
use crate::random::{Purpose, RandomStream};
use crate::rhythm::{Beat, BeatOrigin, Respiration, draw_beats};
use crate::wave::{Bump, scale_vector, turned_frontal};

/// Units of a tracing per millivolt. CODE-15 states none; its QRS complexes are about 1.8 times as high as
/// ones in millivolts would be.
pub const UNITS_PER_MILLIVOLT: f64 = 1.8;

/// Gain of I, II and V1 to V6 for the fibrillating atria, which are under V1, against that of a distant dipole.
const ATRIAL_PROXIMITY: [f64; INDEPENDENT] = [1.0, 1.0, 1.35, 0.6, 0.5, 0.6, 0.7, 0.7];

/// Samples of an ECG that is drawn: their rate, their number, their unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sampling {
    /// Samples a second.
    pub rate: f64,
    pub samples: usize,
    pub units_per_millivolt: f64,
}

impl Sampling {
    /// Samples as CODE-15 has them.
    fn of_code15(plan: &ExamPlan) -> Self {
        Self {
            rate: SAMPLE_RATE,
            samples: plan.samples,
            units_per_millivolt: UNITS_PER_MILLIVOLT,
        }
    }
}

/// A constant of about a microvolt in the leads, so that a noiseless ECG has no row of zeros: rows of zeros are
/// padding.
const REST: [f32; 9] = [
    -0.0006, 0.0009, 0.0005, 0.0011, 0.0008, 0.0007, 0.0012, 0.0006, 0.0009,
];

thread_local! {
    /// Buffers of half a megabyte that each thread keeps, overwritten by every exam.
    static SHEET: RefCell<(Planes, noise::NoiseBuffers)> = RefCell::default();
}

/// Synthetic exam, without planted faults: those are added when a release is written.
#[derive(Debug, Clone)]
pub struct Exam {
    /// Row of exams.csv.
    pub index: u64,
    /// Key of the exam.
    pub exam_id: i64,
    /// Key of the patient.
    pub patient_id: i64,
    /// Years.
    pub age: u32,
    /// Sex.
    pub is_male: bool,
    /// The ECG, (samples, 12), leads as in [`crate::LEAD_NAMES`], 400 Hz, without padding; 4096 or 2934 samples.
    /// About [`UNITS_PER_MILLIVOLT`] units are a millivolt.
    pub samples: Array2<f32>,
    /// True labels and measurements.
    pub truth: ExamTruth,
}

/// Labels and measurements of an exam that are true by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct ExamTruth {
    /// CODE-15's labels.
    pub labels: Labels,
    /// The rhythm.
    pub rhythm: Rhythm,
    /// Conduction to the ventricles.
    pub conduction: Conduction,
    /// Findings other than CODE-15's six diagnoses.
    pub findings: Vec<Finding>,
    /// Beats a minute: 60 over the mean interval between the R peaks below.
    pub heart_rate: f64,
    /// P onset (a tenth of its height) to QRS onset, milliseconds; none in atrial fibrillation.
    pub pr_ms: Option<f64>,
    /// QRS duration, milliseconds: from where any lead first exceeds 3 % of the greatest deflection to where one last does.
    pub qrs_ms: f64,
    /// QRS onset to the end of the T wave's steepest tangent, milliseconds; the mean over beats that are not
    /// premature.
    pub qt_ms: f64,
    /// Mean frontal QRS axis from the areas in I and aVF, degrees.
    pub axis_deg: f64,
    /// Times of the largest deflection of any lead in each beat whose peak is in the recording; seconds from its first sample.
    pub r_peaks: Vec<f64>,
    /// Number of these beats that are premature.
    pub premature: usize,
}

/// Generator of the exams of one set of options, each alone and in any order.
#[derive(Debug, Clone)]
pub struct Generator {
    options: SynthOptions,
    layout: ReleasePermutations,
}

impl Generator {
    /// A generator for `options`.
    ///
    /// # Errors
    /// [`Error::Option`] where an option is out of range.
    pub fn new(options: &SynthOptions) -> Result<Self, Error> {
        options.validate()?;
        Ok(Self {
            options: options.clone(),
            layout: ReleasePermutations::new(options),
        })
    }

    /// Exam number `index`, the row of exams.csv. The same for the same options, whatever was made before.
    ///
    /// # Errors
    /// [`Error::Option`] where `index` is not under the number of exams.
    pub fn exam(&self, index: u64) -> Result<Exam, Error> {
        if index >= self.options.exams {
            return Err(Error::Option {
                option: "exams",
                value: self.options.exams.to_string(),
                hint: format!("exam {index} was asked for: indices start at 0 and end before this number"),
            });
        }
        Ok(self.draw(&self.plan(index)))
    }

    /// Options of the generator.
    pub fn options(&self) -> &SynthOptions {
        &self.options
    }

    pub(crate) fn layout(&self) -> &ReleasePermutations {
        &self.layout
    }

    pub(crate) fn plan(&self, index: u64) -> ExamPlan {
        plan_exam(&self.options, &self.layout, index)
    }

    /// Draws the exam that `plan` describes, as CODE-15 has it.
    pub(crate) fn draw(&self, plan: &ExamPlan) -> Exam {
        self.draw_sampled(plan, Sampling::of_code15(plan))
    }

    /// Draws the exam that `plan` describes, sampled in another way: the beats are the same, and so are the waves, which are
    /// computed for each sample; the noise is another.
    pub(crate) fn draw_sampled(&self, plan: &ExamPlan, sampling: Sampling) -> Exam {
        let mut stream = RandomStream::new(self.options.seed, Purpose::Heart, plan.index);
        let heart = Heart::draw(plan, sampling, &mut stream);
        let samples = SHEET.with_borrow_mut(|(planes, room)| {
            heart.beat(planes, &mut stream);
            let mut stream = RandomStream::new(self.options.seed, Purpose::Noise, plan.index);
            let level = self.options.noise * plan.borderline.noise();
            noise::add_noise(planes, level, room, &mut stream);
            planes.finish(heart.gain)
        });
        Exam {
            index: plan.index,
            exam_id: plan.exam_id,
            patient_id: plan.patient_id,
            age: plan.age,
            is_male: plan.is_male,
            samples,
            truth: heart.truth(plan),
        }
    }
}

/// Exam number `index` of `options`, in memory. For many, make a [`Generator`] once.
///
/// # Errors
/// [`Error::Option`] where an option or the index is out of range.
pub fn make_exam(options: &SynthOptions, index: u64) -> Result<Exam, Error> {
    Generator::new(options)?.exam(index)
}

/// Heart of an exam: its beat, its rhythm, and the effect of breathing.
struct Heart {
    leads: LeadVectors,
    template: BeatTemplate,
    beats: Vec<Beat>,
    respiration: Respiration,
    /// Sway of voltage (share) and axis (radians) with respiration.
    sway: (f64, f64),
    fibrillating: bool,
    /// Height of fibrillatory waves as a share of the usual.
    atria_height: f64,
    sampling: Sampling,
    gain: f32,
}

impl Heart {
    fn draw(plan: &ExamPlan, sampling: Sampling, stream: &mut RandomStream) -> Self {
        let leads = LeadVectors::placed(stream);
        let template = BeatTemplate::draw(plan, &leads, stream);
        let respiration = Respiration::draw(stream);
        let sway = (stream.between(0.01, 0.06), stream.between(0.5, 4.0).to_radians());
        let gain = (sampling.units_per_millivolt * stream.normal(0.0, 0.1).exp()) as f32;
        // Of the plan, not of what is drawn of it: the beats of an exam are the same at any rate.
        let seconds = plan.samples as f64 / SAMPLE_RATE;
        let beats = draw_beats(plan, &respiration, seconds, stream);
        let fibrillating = plan.rhythm == Rhythm::AtrialFibrillation;
        Self {
            leads,
            template,
            beats,
            respiration,
            sway,
            fibrillating,
            atria_height: plan.borderline.atria_height(),
            sampling,
            gain,
        }
    }

    /// Draws all beats, and the atria's waves where they fibrillate.
    fn beat(&self, planes: &mut Planes, stream: &mut RandomStream) {
        planes.start(self.sampling.samples, self.sampling.rate, from_electrodes(REST));
        for beat in &self.beats {
            let breath = self.respiration.at(beat.onset);
            let sway = (1.0 - self.sway.0 * breath, self.sway.1 * breath);
            let mut draw = |bumps: &[Bump]| {
                for bump in bumps {
                    let vector = turned_frontal(scale_vector(bump.vector, sway.0), sway.1);
                    planes.add_bump(bump, beat.onset, self.leads.project(vector).map(|x| x as f32));
                }
            };
            let qt = self.template.qt(beat.adapted_rr);
            if beat.origin == BeatOrigin::Ventricular {
                let ectopic = &self.template.ectopic;
                draw(&ectopic.qrs.0);
                draw(
                    &ectopic
                        .recovery
                        .bumps(ectopic.seconds, qt + 0.4 * (ectopic.seconds - 0.09)),
                );
                continue;
            }
            let atrial = beat.origin == BeatOrigin::Atrial;
            let p = if atrial {
                &self.template.ectopic_p
            } else {
                &self.template.p
            };
            if let Some(p) = p {
                draw(&p.0);
            }
            draw(&self.template.qrs.0);
            draw(&self.template.recovery.bumps(self.template.qrs_seconds, qt));
        }
        if self.fibrillating {
            add_fibrillation(planes, &self.leads, self.atria_height, stream);
        }
    }

    fn truth(&self, plan: &ExamPlan) -> ExamTruth {
        let seconds = self.sampling.samples as f64 / self.sampling.rate;
        let (mut r_peaks, mut premature, mut qt, mut usual) = (Vec::new(), 0, 0.0, 0.0);
        for beat in &self.beats {
            let ventricular = beat.origin == BeatOrigin::Ventricular;
            let peak = beat.onset
                + if ventricular {
                    self.template.ectopic.peak
                } else {
                    self.template.peak
                };
            if !(0.0..seconds).contains(&peak) {
                continue;
            }
            r_peaks.push(peak);
            premature += usize::from(beat.origin != BeatOrigin::Usual);
            if beat.origin == BeatOrigin::Usual {
                qt += self.template.qt(beat.adapted_rr);
                usual += 1.0;
            }
        }
        let span = r_peaks.last().unwrap_or(&0.0) - r_peaks.first().unwrap_or(&0.0);
        ExamTruth {
            labels: plan.labels(),
            rhythm: plan.rhythm,
            conduction: plan.conduction,
            findings: plan.findings.clone(),
            heart_rate: 60.0 * (r_peaks.len().saturating_sub(1)) as f64 / span,
            pr_ms: self.template.pr.map(|pr| 1e3 * pr),
            qrs_ms: 1e3 * self.template.qrs_seconds,
            qt_ms: 1e3 * qt / usual,
            axis_deg: self.template.axis,
            r_peaks,
            premature,
        }
    }
}

/// Adds fibrillatory waves, of `share` of the usual height: two unsteady oscillations of 4 to 9 Hz, most in V1, then in II.
fn add_fibrillation(planes: &mut Planes, leads: &LeadVectors, share: f64, stream: &mut RandomStream) {
    let samples = planes.samples();
    let frequency = stream.between(4.8, 8.2);
    let height = share * stream.between(0.045, 0.12);
    let sources = [
        (frequency, [-0.10, 0.45, -0.85]),
        (frequency * stream.between(0.86, 0.94), [-0.05, -0.30, -0.55]),
    ];
    let mut course = vec![0.0_f32; samples];
    for (frequency, vector) in sources {
        let wobble = (
            stream.between(0.3, 0.9),
            stream.between(0.0, TAU),
            stream.between(0.4, 1.2),
        );
        let swell = (stream.between(0.2, 0.6), stream.between(0.0, TAU));
        let start = stream.between(0.0, TAU);
        for (i, value) in course.iter_mut().enumerate() {
            let t = i as f64 / planes.rate();
            let phase = TAU * frequency * t + start + wobble.2 * (TAU * wobble.0 * t + wobble.1).sin();
            let envelope = 0.7 + 0.3 * (TAU * swell.0 * t + swell.1).sin();
            // A second harmonic gives the sawtooth look of coarse waves.
            *value = (envelope * (phase.sin() + 0.3 * (2.0 * phase).sin())) as f32;
        }
        let heights: [f64; INDEPENDENT] = leads.project(scale_vector(vector, height));
        for (lead, height) in heights.into_iter().enumerate() {
            let height = (height * ATRIAL_PROXIMITY[lead]) as f32;
            for (value, x) in planes.lead_mut(lead).iter_mut().zip(&course) {
                *value += height * x;
            }
        }
    }
}
