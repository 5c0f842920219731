//! How the spectrum of a length becomes that of another.

use super::plan::{Plan, turn};

/// A way from one number of samples to another, each of which has no prime factors but 2, 3 and 5.
#[derive(Debug, Clone)]
pub(super) enum Resampling {
    /// To half as many: each second sample is kept, plus what the samples between say of it.
    Halved {
        plan: Plan,
        /// Factors of the spectrum of the samples between, by [`Plan::place`].
        response: Vec<[f64; 2]>,
    },
    /// By the spectrum of all samples.
    Copied {
        forward: Plan,
        backward: Plan,
        /// Where each frequency is, and where it is put, by [`Plan::place`].
        moves: Vec<(usize, usize)>,
        /// The frequency that stands for two: of the longer signal, a place each.
        halves: Option<Halves>,
    },
}

/// Places of the frequency at half the lower of both rates, and of its mirror image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halves {
    pub(super) of_longer: [usize; 2],
    pub(super) of_shorter: usize,
}

impl Resampling {
    /// None of lengths with other prime factors.
    pub(super) fn new(from: usize, to: usize) -> Option<Self> {
        if from == 2 * to {
            let plan = Plan::new(to)?;
            let response = response_between(&plan);
            return Some(Self::Halved { plan, response });
        }
        let (forward, backward) = (Plan::new(from)?, Plan::new(to)?);
        let kept = from.min(to);
        let below = kept.div_ceil(2);
        let up = (0..below).map(|k| (forward.place(k), backward.place(k)));
        let down = (1..below).map(|k| (forward.place(from - k), backward.place(to - k)));
        let moves = up.chain(down).collect();
        let (longer, shorter) = if from > to {
            (&forward, &backward)
        } else {
            (&backward, &forward)
        };
        let half = kept / 2;
        let halves = kept.is_multiple_of(2).then(|| Halves {
            of_longer: [half, longer.length - half].map(|k| longer.place(k)),
            of_shorter: shorter.place(half),
        });
        Some(Self::Copied {
            forward,
            backward,
            moves,
            halves,
        })
    }
}

/// Factors that make the samples between those that are kept what they say of these: a shift by half a sample, and half of
/// the mean.
fn response_between(plan: &Plan) -> Vec<[f64; 2]> {
    let samples = plan.length;
    let mut response = vec![[0.0; 2]; samples];
    let scale = 0.5 / samples as f64;
    let below = samples.div_ceil(2);
    for frequency in 0..below {
        let [re, im] = turn(frequency as f64 / (2 * samples) as f64).map(|part| scale * part);
        response[plan.place(frequency)] = [re, im];
        if frequency > 0 {
            response[plan.place(samples - frequency)] = [re, -im];
        }
    }
    response
}
