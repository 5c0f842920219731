//! Spread of a weight's random start.

/// Standard deviation of linear layers' weights, as in BERT and wav2vec 2.0.
const LINEAR_STD: f64 = 0.02;

/// Distribution of a weight's random start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// Every element has this value.
    Constant(f32),
    /// Normal around 0, with this standard deviation.
    Normal(f64),
}

impl Spread {
    /// Biases start at 0, scales of norms at 1, convolutions are He-normal, linear weights normal with standard deviation 0.02.
    pub fn by_shape(name: &str, shape: &[i64]) -> Self {
        match shape {
            _ if name.ends_with(".bias") => Self::Constant(0.0),
            [_] => Self::Constant(1.0),
            &[_, inputs, kernel] => Self::Normal((2.0 / (inputs * kernel) as f64).sqrt()),
            _ => Self::Normal(LINEAR_STD),
        }
    }
}
