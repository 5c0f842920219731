//! Every stage kind that a pipeline may use, bound to the crate that does the work.

mod ahead;
mod bind;
mod evaluate;
mod model;
mod preprocess;
mod sample;

pub use sample::{BUNDLED_CHECKPOINT, DEMO_CARD, DEMO_CHECKPOINT};

use ecgfm_artifacts::labelset::Definition;
use ecgfm_pipeline::{Kinds, Named};

/// All of them.
pub fn all() -> Kinds {
    Kinds::new()
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
        .with(evaluate::report())
}

/// Parameters that name a definition, or its file.
const LABELS: Named = named("labels", |name| Definition::Labels.is_built_in(name));
const LABEL_SET: Named = named("label_set", |name| Definition::Labels.is_built_in(name));
const MAPPING: Named = named("mapping", |name| Definition::Mapping.is_built_in(name));
const CHALLENGE: Named = named("challenge", |name| Definition::Score.is_built_in(name));
/// A path whose content does not decide what is made of it.
const LOCK: Named = named("lock", |_| false);

const fn named(parameter: &'static str, built_in: fn(&str) -> bool) -> Named {
    Named { parameter, built_in }
}

/// The text of a label set, mapping or score as a fact of the fingerprint: it may be found by name, and then no path
/// says that it changed. One that cannot be read makes nothing: [`ahead`] tells.
fn config_fact(parameter: &str, what: Definition, name: &str) -> (String, String) {
    let text = what.text(name).unwrap_or_else(|error| error.to_string());
    (parameter.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_a_stage_says_what_it_changed() {
        for kind in all().iter() {
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
