//! Every stage kind that a pipeline may use, bound to the crate that does the work.

mod ahead;
mod binding;
mod definitions;
mod demo;
mod evaluate;
mod model;
mod preprocess;
mod sample;

pub(crate) use ahead::why_no_cuda;
pub use demo::{BUNDLED_DEMOS, BundledDemo, DEMO_CARD, DEMO_CHECKPOINT, DemoNetwork};

use ecgfm_pipeline::StageKinds;

/// Stage kinds that the program knows, by name.
pub fn all_kinds() -> StageKinds {
    StageKinds::new()
        .with(sample::synth())
        .with(preprocess::signals())
        .with(preprocess::labels())
        .with(preprocess::splits())
        .with(preprocess::manifests())
        .with(sample::demo_model())
        .with(model::export())
        .with(model::infer())
        .with(evaluate::predict())
        .with(evaluate::evaluate())
        .with(evaluate::panel())
        .with(evaluate::report())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_a_stage_says_what_it_changed() {
        for kind in all_kinds().iter() {
            let named: Vec<u32> = kind.changes().iter().map(|change| change.0).collect();
            let versions: Vec<u32> = (2..=kind.version()).collect();
            assert_eq!(
                named,
                versions,
                "{}: a version, and a line in `changes`",
                kind.name()
            );
            assert!(kind.changes().iter().all(|change| !change.1.is_empty()));
        }
    }
}
