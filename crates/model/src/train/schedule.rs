//! The learning rate over the training.

use super::options::TrainingOptions;

/// Learning rate of a step, counted from 1: a straight rise over the warm-up, then half a cosine down to zero
/// (Loshchilov and Hutter, "SGDR", 2017, without restarts).
pub(super) fn learning_rate(options: &TrainingOptions, step: u64) -> f64 {
    let peak = options.learning_rate;
    if step <= options.warm_up {
        return peak * step as f64 / options.warm_up as f64;
    }
    let rest = (options.steps - options.warm_up.min(options.steps)).max(1) as f64;
    let done = (step - options.warm_up - 1) as f64 / rest;
    peak * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_to_its_peak_and_falls_towards_zero() {
        let options = TrainingOptions {
            steps: 100,
            warm_up: 10,
            learning_rate: 2.0,
            ..TrainingOptions::default()
        };
        let rates: Vec<f64> = (1..=100).map(|step| learning_rate(&options, step)).collect();
        assert_eq!(rates[9], 2.0, "the end of the warm-up");
        assert!(rates[..10].windows(2).all(|w| w[1] > w[0]));
        assert!(rates[10..].windows(2).all(|w| w[1] < w[0]));
        assert!(rates[99] > 0.0 && rates[99] < 0.01);
    }

    #[test]
    fn a_training_shorter_than_its_warm_up_only_rises() {
        let options = TrainingOptions {
            steps: 5,
            warm_up: 10,
            ..TrainingOptions::default()
        };
        assert_eq!(learning_rate(&options, 5), options.learning_rate / 2.0);
    }
}
