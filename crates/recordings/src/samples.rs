//! Values of a recording, in the type in which its file gives them.

/// Values of a recording, sample by sample with all leads of each.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Stored as float32, as in CODE-15's files.
    Float32(Vec<f32>),
    /// Stored as float64, or as integers that a gain turns into physical units.
    Float64(Vec<f64>),
}

impl Default for Samples {
    fn default() -> Self {
        Self::Float32(Vec::new())
    }
}

impl Samples {
    /// Number of values, of all leads together.
    pub fn len(&self) -> usize {
        match self {
            Self::Float32(samples) => samples.len(),
            Self::Float64(samples) => samples.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer of float32 values, to be filled; what it held before may still be there.
    pub fn float32_buffer(&mut self) -> &mut Vec<f32> {
        if let Self::Float64(_) = self {
            *self = Self::Float32(Vec::new());
        }
        match self {
            Self::Float32(samples) => samples,
            Self::Float64(_) => unreachable!("replaced above"),
        }
    }

    /// The buffer of float64 values, to be filled; what it held before may still be there.
    pub fn float64_buffer(&mut self) -> &mut Vec<f64> {
        if let Self::Float32(_) = self {
            *self = Self::Float64(Vec::new());
        }
        match self {
            Self::Float64(samples) => samples,
            Self::Float32(_) => unreachable!("replaced above"),
        }
    }

    /// Values as float64, exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::Float32(samples) => samples.iter().map(|v| f64::from(*v)).collect(),
            Self::Float64(samples) => samples.clone(),
        }
    }

    /// Values as float32, rounded where they are float64.
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Self::Float32(samples) => samples.clone(),
            Self::Float64(samples) => samples.iter().map(|v| *v as f32).collect(),
        }
    }
}
