use super::*;
use crate::{Config, ConvLayer};

fn config() -> Config {
    let layer = ConvLayer {
        channels: 8,
        kernel: 2,
        stride: 2,
    };
    Config {
        leads: 2,
        conv_layers: vec![layer; 2],
        conv_bias: false,
        embed_dim: 16,
        ffn_dim: 16,
        layers: 1,
        heads: 2,
        conv_pos: 4,
        conv_pos_groups: 2,
        labels: 2,
    }
}

fn options(steps: u64) -> TrainingOptions {
    TrainingOptions {
        steps,
        learning_rate: 0.01,
        warm_up: 5,
        threads: 1,
        ..TrainingOptions::default()
    }
}

/// The first label is whether the first lead swings fast, the second whether the second lead does.
fn batches(rows: usize) -> impl Iterator<Item = TrainingBatch> {
    (0u64..).map(move |b| {
        let (mut signals, mut targets) = (Vec::new(), Vec::new());
        for row in 0..rows as u64 {
            let bits = (b * 31 + row * 7) % 4;
            for lead in 0..2 {
                let fast = bits >> lead & 1 == 1;
                targets.push(f32::from(fast));
                let pace = if fast { 1.3 } else { 0.2 };
                signals.extend((0..64).map(|t| (f64::from(t) * pace + row as f64).sin() as f32));
            }
        }
        TrainingBatch {
            signals,
            targets,
            rows,
        }
    })
}

fn trained(steps: u64) -> (Weights, Vec<f64>) {
    let mut losses = Vec::new();
    let weights = train_network(&config(), &options(steps), &mut batches(8), &mut |step| {
        losses.push(step.loss);
        AfterStep::Continue
    });
    (weights.unwrap(), losses)
}

#[test]
fn what_can_be_learnt_is_learnt() {
    let (_, losses) = trained(60);
    assert_eq!(losses.len(), 60);
    assert!(losses[0] > 0.5, "it starts knowing nothing: {}", losses[0]);
    assert!(losses[59] < 0.1, "{losses:?}");
}

#[test]
fn the_same_start_and_batches_give_the_same_weights() {
    let ((a, _), (b, _)) = (trained(4), trained(4));
    for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
        assert!(a == b, "{name}");
        assert!(!a.requires_grad());
    }
}

#[test]
fn a_batch_of_another_shape_too_few_batches_and_a_stop_are_errors() {
    let run = |batches: &mut dyn Iterator<Item = TrainingBatch>, next: AfterStep| {
        train_network(&config(), &options(3), batches, &mut |_| next)
            .unwrap_err()
            .to_string()
    };
    assert!(run(&mut batches(2).take(1), AfterStep::Continue).contains("ended early"));
    assert!(run(&mut batches(2), AfterStep::Stop).contains("stopped"));
    let mut short = batches(2).map(|mut batch| {
        batch.targets.pop();
        batch
    });
    assert!(run(&mut short, AfterStep::Continue).contains("3 targets"));
    let mut infinite = batches(2).map(|mut batch| {
        batch.signals[0] = f32::NAN;
        batch
    });
    assert!(run(&mut infinite, AfterStep::Continue).contains("not a number"));
}
