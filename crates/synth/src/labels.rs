//! Labels of an exam: CODE-15's six diagnoses, the rhythm, and other findings.

use serde::{Deserialize, Serialize};

/// The heart's rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Sinus rhythm, 60 to 100 beats a minute where classes do not overlap.
    Sinus,
    /// Sinus bradycardia (SB): under 56 beats a minute where classes do not overlap.
    SinusBradycardia,
    /// Sinus tachycardia (ST): over 102 beats a minute where classes do not overlap.
    SinusTachycardia,
    /// Atrial fibrillation (AF): irregular, no P wave, fibrillatory waves. At any rate.
    AtrialFibrillation,
}

impl Rhythm {
    /// Name in synth_truth.csv.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sinus => "sinus",
            Self::SinusBradycardia => "sinus_bradycardia",
            Self::SinusTachycardia => "sinus_tachycardia",
            Self::AtrialFibrillation => "atrial_fibrillation",
        }
    }
}

/// Conduction of the impulse to the ventricles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduction {
    /// Through both bundle branches.
    Normal,
    /// Right bundle branch block (RBBB).
    RightBlock,
    /// Left bundle branch block (LBBB).
    LeftBlock,
}

/// CODE-15's labels of one exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Labels {
    /// First-degree atrioventricular block: PR over 200 ms where classes do not overlap.
    pub first_degree_block: bool,
    /// Right bundle branch block.
    pub rbbb: bool,
    /// Left bundle branch block.
    pub lbbb: bool,
    /// Sinus bradycardia.
    pub sb: bool,
    /// Sinus tachycardia.
    pub st: bool,
    /// Atrial fibrillation.
    pub af: bool,
    /// Nothing abnormal at all.
    pub normal: bool,
}

impl Labels {
    /// CODE-15's column names, in CODE-15's order, `normal_ecg` last.
    pub const NAMES: [&'static str; 7] = ["1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "normal_ecg"];

    /// The labels in the order of [`Labels::NAMES`].
    pub fn values(self) -> [bool; 7] {
        [
            self.first_degree_block,
            self.rbbb,
            self.lbbb,
            self.sb,
            self.st,
            self.af,
            self.normal,
        ]
    }

    /// True where one of the six diagnoses holds.
    pub fn any_of_six(self) -> bool {
        self.values()[..6].contains(&true)
    }
}

/// Finding other than the six diagnoses. An exam that is neither normal nor one of the six has at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Mean QRS axis between −35° and −65°, as in left anterior fascicular block.
    LeftAxis,
    /// Mean QRS axis between 98° and 130°.
    RightAxis,
    /// High voltages of left ventricular hypertrophy, with a strain pattern of the T wave.
    LeftVentricularHypertrophy,
    /// Limb lead QRS complexes under 0.5 mV.
    LowVoltage,
    /// A small r′ in V1 with a QRS of 102 to 114 ms: incomplete right bundle branch block.
    IncompleteRbbb,
    /// Q waves of an old inferior infarction (II, III, aVF).
    InferiorQ,
    /// QS complexes of an old anterior infarction (V1 to V3).
    AnteriorQ,
    /// Inverted T waves, left and inferior.
    TInversion,
    /// Flat T waves.
    TFlat,
    /// Depressed ST segments, left and inferior.
    StDepression,
    /// QTc (Fridericia) of 490 to 550 ms.
    LongQt,
    /// Premature ventricular complexes.
    PrematureVentricular,
    /// Premature atrial complexes.
    PrematureAtrial,
    /// Marked sinus arrhythmia: RR swings by more than a quarter with respiration.
    SinusArrhythmia,
}

impl Finding {
    /// Findings that change the QRS complex; an exam has one at most.
    pub(crate) const OF_QRS: [(Self, f64); 7] = [
        (Self::LeftAxis, 3.0),
        (Self::RightAxis, 1.0),
        (Self::LeftVentricularHypertrophy, 3.0),
        (Self::LowVoltage, 1.0),
        (Self::IncompleteRbbb, 1.5),
        (Self::InferiorQ, 1.0),
        (Self::AnteriorQ, 1.0),
    ];
    /// Findings that change repolarisation; an exam has one at most.
    pub(crate) const OF_REPOLARISATION: [(Self, f64); 4] = [
        (Self::TInversion, 2.0),
        (Self::TFlat, 2.5),
        (Self::StDepression, 1.5),
        (Self::LongQt, 1.0),
    ];
    /// Findings that change the rhythm; an exam has one at most.
    pub(crate) const OF_RHYTHM: [(Self, f64); 3] = [
        (Self::PrematureVentricular, 2.0),
        (Self::PrematureAtrial, 1.5),
        (Self::SinusArrhythmia, 1.0),
    ];

    /// Name in synth_truth.csv.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeftAxis => "left_axis",
            Self::RightAxis => "right_axis",
            Self::LeftVentricularHypertrophy => "left_ventricular_hypertrophy",
            Self::LowVoltage => "low_voltage",
            Self::IncompleteRbbb => "incomplete_rbbb",
            Self::InferiorQ => "inferior_q",
            Self::AnteriorQ => "anterior_q",
            Self::TInversion => "t_inversion",
            Self::TFlat => "t_flat",
            Self::StDepression => "st_depression",
            Self::LongQt => "long_qt",
            Self::PrematureVentricular => "premature_ventricular",
            Self::PrematureAtrial => "premature_atrial",
            Self::SinusArrhythmia => "sinus_arrhythmia",
        }
    }
}
