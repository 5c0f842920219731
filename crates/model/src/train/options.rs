//! Settings of a training.

/// Settings of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingOptions {
    /// Updates of the weights.
    pub steps: u64,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Updates over which the learning rate rises to it.
    pub warm_up: u64,
    /// AdamW's weight decay, of matrices and kernels only.
    pub weight_decay: f64,
    /// Gradients longer than this are shortened to it.
    pub gradient_norm: f64,
    /// Seed of the weights' random start.
    pub seed: u64,
    /// Threads of libtorch, for the whole process; sums are split among them, so another number gives other rounding.
    pub threads: usize,
}

impl Default for TrainingOptions {
    fn default() -> Self {
        Self {
            steps: 1500,
            learning_rate: 1e-3,
            warm_up: 100,
            weight_decay: 0.05,
            gradient_norm: 1.0,
            seed: 0,
            threads: 2,
        }
    }
}
