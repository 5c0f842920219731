//! Stages that make a sample to run on: synthetic ECGs, the demo model.

use super::ahead;
use super::bind::{Bound, any, named_alone, nothing, nowhere};
use ecgfm_artifacts::atomic::write_bytes;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_pipeline::{Output, ParamError};
use ecgfm_synth::Options;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub fn synth() -> Bound<Options> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "an archive in CODE-15's shape"),
        Output::new("exams", "exams.csv", "one row an exam"),
        Output::new(
            "truth",
            "synth_truth.csv",
            "rate, intervals and findings of every exam",
        ),
    ];
    Bound {
        name: "synth",
        about: "SYNTHETIC ECGs in CODE-15's shape, with known labels",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &[],
        idle: &[],
        further: named_alone,
        points_at: nowhere,
        made_again: &[""],
        named: &[],
        check: |options| {
            options
                .validate()
                .map_err(|e| ParamError::invalid("", format!("are refused: {e}")))
        },
        look_ahead: ahead::synth,
        extra: nothing,
        resumable: false,
        run: |options, ctx| {
            ctx.progress.begin(options.exams, "exams");
            let done = ecgfm_synth::generate(options, ctx.out, &|n| ctx.progress.advance(n), &|| {
                ctx.cancel.is_cancelled()
            });
            let summary = done?;
            let outcome = Outcome::default()
                .count("exams", summary.exams as usize)
                .fact("synthetic", true);
            Ok(outcome
                .count("patients", summary.patients as usize)
                .count("parts", summary.parts as usize))
        },
    }
}

/// File name of the demo model's checkpoint.
pub const DEMO_CHECKPOINT: &str = "demo.pt";
/// File name of its card.
pub const DEMO_CARD: &str = "demo.md";

/// The checkpoint that `just demo-model` left.
pub const BUNDLED_CHECKPOINT: &[u8] = include_bytes!("../../../../models/demo/demo.pt");
/// Number of its labels.
pub(super) const DEMO_LABELS: u64 = 26;
/// Its card.
const BUNDLED_CARD: &str = include_str!("../../../../models/demo/demo.md");

/// Parameters of the stage `demo_model`: none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoModel {}

pub fn demo_model() -> Bound<DemoModel> {
    const OUTPUTS: &[Output] = &[
        Output::new("dir", "", "the checkpoint and its card"),
        Output::new(
            "checkpoint",
            DEMO_CHECKPOINT,
            "a small network's weights in the reference's container",
        ),
        Output::new("card", DEMO_CARD, "what it was trained on and how well it does"),
    ];
    Bound {
        name: "demo_model",
        about: "the bundled DEMO MODEL: ECG-FM in small, trained on SYNTHETIC ECGs only",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &[],
        idle: &[],
        further: named_alone,
        points_at: nowhere,
        made_again: &[],
        named: &[],
        check: any,
        look_ahead: ahead::demo_model,
        extra: |_| {
            let hash = blake3::hash(BUNDLED_CHECKPOINT).to_hex().to_string();
            Ok(vec![("bundled checkpoint".to_owned(), hash)])
        },
        resumable: false,
        run: |_, ctx| {
            let files: [(&str, &[u8]); 2] = [
                (DEMO_CHECKPOINT, BUNDLED_CHECKPOINT),
                (DEMO_CARD, BUNDLED_CARD.as_bytes()),
            ];
            for (name, bytes) in files {
                write_bytes(&ctx.out.join(name), bytes)?;
            }
            Ok(Outcome::default()
                .count("bytes", BUNDLED_CHECKPOINT.len())
                .fact("trained_on", "synthetic ECGs"))
        },
    }
}
