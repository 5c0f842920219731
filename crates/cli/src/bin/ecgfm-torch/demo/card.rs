//! The demo model's card and training log.

use super::held_out::LabelScore;
use super::network::DemoSizes;
use super::params::{CARD, CHECKPOINT, DemoParams, LOG, LogRow};
use ecgfm_pipeline::StageError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// Rows of the log that the card shows.
const SHOWN: usize = 15;

/// Writes both.
pub(super) fn write_card_and_log(
    out: &Path,
    params: &DemoParams,
    sizes: &DemoSizes,
    log: &[LogRow],
    scores: &[LabelScore],
) -> Result<(), StageError> {
    let mut rows = String::from("step,segments,learning_rate,loss\n");
    for row in log {
        let _ = writeln!(
            rows,
            "{},{},{:.3e},{:.6}",
            row.step, row.segments, row.learning_rate, row.loss
        );
    }
    write_file(&out.join(LOG), &rows)?;
    let path = out.join(CHECKPOINT);
    let checkpoint =
        std::fs::read(&path).map_err(|e| StageError::failed(format!("{}: {e}", path.display())))?;
    write_file(
        &out.join(CARD),
        &card_text(params, sizes, log, scores, &checkpoint),
    )
}

fn write_file(path: &Path, text: &str) -> Result<(), StageError> {
    std::fs::write(path, text).map_err(|e| StageError::failed(format!("{}: {e}", path.display())))
}

fn card_text(
    params: &DemoParams,
    sizes: &DemoSizes,
    log: &[LogRow],
    scores: &[LabelScore],
    checkpoint: &[u8],
) -> String {
    let sha256: String = Sha256::digest(checkpoint)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let (network, words) = (sizes.network(), sizes.words());
    let mut text = format!(
        "# The demo model

**DEMO MODEL, TRAINED ON SYNTHETIC ECGs ONLY. It has never seen a patient. Use it to see how ecgfm works and for
nothing else; its scores say nothing about {published} or about any real ECG.**

A small network of {published}'s architecture that predicts the 26 labels of the model finetuned on PhysioNet 2021, so that
it can stand in for that model where there is none. `ecgfm demo-model` wrote this page, the checkpoint and the log;
`{command}` does so again.

| | |
|---|---|
| file | `{CHECKPOINT}`, {size} bytes, {container} |
| sha256 | `{sha256}` |
| input | (batch, {leads}, samples): {input} |
| output | (batch, {labels}) logits in the order of `configs/labels/physionet2021.yaml` |
| network | {shape} |
| parameters | {parameters} |
",
        size = checkpoint.len(),
        published = words.published,
        command = words.command,
        container = words.container,
        input = words.input,
        shape = words.network,
        leads = network.input().rows,
        labels = network.labels(),
        parameters = network.parameters(),
    );
    text.push_str(&training_section(params, log));
    text.push_str(&held_out(params, scores, words.voltages));
    text
}

fn training_section(params: &DemoParams, log: &[LogRow]) -> String {
    let (options, ecgs) = (params.training(), params.training_ecgs());
    let mut text = format!(
        "
## Training

{steps} updates of {batch} segments, each ECG seen once: synthetic ECGs of seed {seed}, mix `balanced`. Mean binary
cross-entropy over all labels; AdamW, learning rate up to {rate} over {warm_up} updates and down along a cosine, weight
decay {decay}, gradients cut at length {norm}; weights start from seed {start}; {threads} threads. The same command gives
the same bytes on the same kind of processor with as many threads; elsewhere rounding differs, and so do the weights.

From `{LOG}`:

| step | segments | learning rate | loss |
|---:|---:|---:|---:|
",
        steps = params.steps,
        batch = params.batch,
        seed = ecgs.seed,
        rate = options.learning_rate,
        warm_up = options.warm_up,
        decay = options.weight_decay,
        norm = options.gradient_norm,
        start = options.seed,
        threads = params.threads,
    );
    let every = log.len().div_ceil(SHOWN).max(1);
    let last = log.len().saturating_sub(1);
    for (_, row) in log
        .iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
    {
        let _ = writeln!(
            text,
            "| {} | {} | {:.2e} | {:.4} |",
            row.step, row.segments, row.learning_rate, row.loss
        );
    }
    text
}

fn held_out(params: &DemoParams, scores: &[LabelScore], voltages: &str) -> String {
    let ecgs = params.held_out_ecgs();
    let mut text = format!(
        "
## Scores on held-out SYNTHETIC ECGs

{} ECGs of seed {}, which training did not use; every 5 s segment counts alone. Classes do not overlap in them, nor did they in training
(`overlap` 0): where they do, as in the sample of the pipeline `code15`, scores are lower and probabilities too sure. A label that no synthetic ECG has is
never positive in training and has no score. {voltages}; a premature beat labels every segment of its ECG, with the beat or without.

| label | segments | positives | AUROC | average precision |
|---|---:|---:|---:|---:|
",
        ecgs.exams, ecgs.seed
    );
    let shown = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.4}"));
    for score in scores {
        let label = score.label.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| {label} | {} | {} | {} | {} |",
            score.segments,
            score.positives,
            shown(score.auroc),
            shown(score.auprc)
        );
    }
    text
}
