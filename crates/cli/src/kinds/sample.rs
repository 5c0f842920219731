//! Stages that make a sample to run on: synthetic ECGs, the demo model.

use super::ahead;
use super::binding::{
    StageBinding, holds_all_inputs, no_check, no_extra_facts, no_further_inputs, nothing_made_again,
};
use super::demo::{DEMO_CARD, DEMO_CHECKPOINT, DemoModel};
use ecgfm_artifacts::atomic::write_bytes;
use ecgfm_artifacts::stage::Outcome;
use ecgfm_pipeline::{OutputSpec, ParamError};
use ecgfm_synth::SynthOptions;

pub fn synth() -> StageBinding<SynthOptions> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "an archive in the shape of CODE-15, or of `layout`"),
        OutputSpec::new("exams", "exams.csv", "one row an exam: its file and labels"),
        OutputSpec::new(
            "truth",
            "synth_truth.csv",
            "rate, intervals and findings of every exam",
        ),
    ];
    StageBinding {
        name: "synth",
        about: "SYNTHETIC ECGs in the shape of CODE-15 or another archive, with known labels",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &[],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: |_| vec![String::new()],
        named: &[],
        check: |options| {
            options
                .validate()
                .map_err(|e| ParamError::invalid("", format!("are refused: {e}")))
        },
        look_ahead: ahead::synth,
        extra: no_extra_facts,
        chunked: false,
        run: |options, ctx| {
            ctx.progress.begin(options.exams, "exams");
            let done = ecgfm_synth::generate_release(options, ctx.out, &|n| ctx.progress.advance(n), &|| {
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

pub fn demo_model() -> StageBinding<DemoModel> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the checkpoint and its card"),
        OutputSpec::new(
            "checkpoint",
            DEMO_CHECKPOINT,
            "a small network's weights in the reference's container",
        ),
        OutputSpec::new("card", DEMO_CARD, "what it was trained on and how well it does"),
    ];
    StageBinding {
        name: "demo_model",
        about: "a bundled DEMO MODEL: ECG-FM or a Net1D in small, trained on SYNTHETIC ECGs only",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &[],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[],
        check: no_check,
        look_ahead: ahead::demo_model,
        extra: |params| {
            let checkpoint = params.network.bundled().checkpoint;
            let hash = blake3::hash(checkpoint).to_hex().to_string();
            Ok(vec![("bundled checkpoint".to_owned(), hash)])
        },
        chunked: false,
        run: |params, ctx| {
            let demo = params.network.bundled();
            let files: [(&str, &[u8]); 2] = [
                (DEMO_CHECKPOINT, demo.checkpoint),
                (DEMO_CARD, demo.card.as_bytes()),
            ];
            for (name, bytes) in files {
                write_bytes(&ctx.out.join(name), bytes)?;
            }
            Ok(Outcome::default()
                .count("bytes", demo.checkpoint.len())
                .fact("trained_on", "synthetic ECGs"))
        },
    }
}
