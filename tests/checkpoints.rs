//! Checkpoints of the real size and of every kind met in the wild, judged by a second implementation.

#![allow(clippy::unwrap_used, unreachable_pub)] // A test that cannot go on should stop there.

mod common;
#[path = "common/torchscript.rs"]
mod torchscript;

use common::{ecgfm, ok, python, reference, root};
use ecgfm_stage_params::golden::GoldenVectors;

/// Export of a 1.08 GB checkpoint within 1.6 GB of memory, and logits, embeddings and saliency of the
/// real segments to 1e-5; see the script.
#[test]
fn the_real_size_exports_within_its_memory_and_agrees_with_numpy() {
    let (Some(reference), Some(mut python)) = (reference(), python()) else {
        return;
    };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = root().join("tests/python/full_size.py");
    let said = ok(python
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_ecgfm"))
        .arg(&reference)
        .arg(dir.path()));
    for what in ["logits", "embedding", "saliency"] {
        assert!(said.contains(&format!("{what}: largest difference")), "{said}");
    }
}

/// Names, devices, types and company of the weights vary; one checkpoint would run a command. See the script.
#[test]
fn checkpoints_as_met_in_the_wild_export_and_a_trap_executes_nothing() {
    let (Some(reference), Some(mut python)) = (reference(), python()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let script = root().join("tests/python/checkpoint_variants.py");
    let said = ok(python
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_ecgfm"))
        .arg(&reference)
        .arg(dir.path()));
    assert!(said.contains("15 variants"), "{said}");
}

/// The card of the demo model, exported as the model that is named; or what is said where that is refused.
fn exported_as(model: &str) -> Result<serde_json::Value, (Option<i32>, String)> {
    let dir = tempfile::tempdir().unwrap();
    let output = ecgfm()
        .arg("export")
        .arg(root().join("models/demo/demo.pt"))
        .args(["--model", model, "-o"])
        .arg(dir.path().join("m.ts"))
        .output()
        .unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err((output.status.code(), said));
    }
    let card = std::fs::read(dir.path().join("m.json")).unwrap();
    Ok(serde_json::from_slice(&card).unwrap())
}

#[test]
fn a_model_by_name_gives_its_card_labels_recipe_licence_and_source() {
    let card = exported_as("physionet_finetuned").unwrap();
    assert_eq!(card["label_set"]["name"], "physionet2021");
    assert_eq!(card["recipe"]["name"], "ecg_fm");
    let licence = &card["licence"];
    assert_eq!(
        (&licence["code"], &licence["weights"], &licence["non_commercial"]),
        (&"MIT".into(), &"not stated".into(), &false.into())
    );
    assert_eq!(
        licence["sources"][1],
        "https://huggingface.co/wanglab/ecg-fm-preprint"
    );
    assert!(
        card["notice"].as_str().unwrap().starts_with("DEMO MODEL"),
        "{card}"
    );
}

#[test]
fn a_checkpoint_of_another_model_than_is_named_is_refused() {
    let (code, said) = exported_as("ecgfounder").unwrap_err();
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the model has 26 labels, and label set `ecgfounder` has 150"),
        "{said}"
    );
    let (code, said) = exported_as("merl").unwrap_err();
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("demo.pt: the checkpoint is of ecg_fm, and the model `merl` is described as of merl"),
        "{said}"
    );
    let (code, said) = exported_as("ecgfm").unwrap_err();
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("physionet_finetuned, mimic_iv_ecg_finetuned,"),
        "{said}"
    );
}

#[test]
fn a_described_torchscript_file_runs_as_it_is_with_a_card_of_its_description() {
    let dir = tempfile::tempdir().unwrap();
    let (file, model) = (dir.path().join("any.pt"), dir.path().join("deepecg.ts"));
    // A value for each of 77 labels, of as many samples of lead I.
    torchscript::write(
        &file,
        "  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    \
         return torch.slice(torch.select(x, 1, 0), 1, 0, 77)\n",
    );
    ok(ecgfm()
        .arg("export")
        .arg(&file)
        .args(["--model", "deepecg", "-o"])
        .arg(&model));
    assert_eq!(std::fs::read(&model).unwrap(), std::fs::read(&file).unwrap());
    let card: serde_json::Value =
        serde_json::from_slice(&std::fs::read(model.with_extension("json")).unwrap()).unwrap();
    assert_eq!(
        (&card["labels"], &card["returns"]),
        (&77.into(), &"logits".into())
    );
    assert_eq!(card["thresholds"]["Afib"], 0.074);
    assert_eq!(
        (&card["input"]["leads"], &card["input"]["min_samples"]),
        (&12.into(), &2500.into())
    );
    assert!(
        card["notice"].as_str().unwrap().contains("scaling by batch"),
        "{card}"
    );

    // Its golden vectors are made by running it.
    let golden = std::fs::read(model.with_extension("golden.npz")).unwrap();
    assert_eq!(card["golden"]["size"].as_u64(), Some(golden.len() as u64));
    let vectors = GoldenVectors::parse(&model, &golden).unwrap();
    assert_eq!(vectors.inputs.shape, [3, 12, 2500]);
    assert_eq!(vectors.outputs[0].shape, [3, 77]);
    assert_eq!(vectors.outputs[0].values[..77], vectors.inputs.values[..77]);

    std::fs::write(&file, "weights").unwrap();
    let refused = ecgfm()
        .arg("export")
        .arg(&file)
        .args(["--model", "deepecg", "-o"])
        .arg(&model)
        .output();
    let said = String::from_utf8_lossy(&refused.unwrap().stderr).into_owned();
    assert!(said.contains("no TorchScript file"), "{said}");
}

#[test]
fn a_torchscript_file_of_other_labels_or_of_a_recipe_without_a_rate_is_told_when_it_is_described() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("any.pt");
    torchscript::write(
        &file,
        "  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return torch.mean(x, [2])\n",
    );
    std::fs::write(
        dir.path().join("cut.yaml"),
        "- { step: segments, take: first, samples: 1000 }\n",
    )
    .unwrap();
    let shown = ok(ecgfm().args(["show", "model", "deepecg"]));
    let without_rate = shown.replace("recipe: deepecg", "recipe: cut.yaml");
    assert_ne!(shown, without_rate);
    std::fs::write(dir.path().join("mine.yaml"), without_rate).unwrap();
    let output = ecgfm()
        .arg("export")
        .arg(&file)
        .arg("--model")
        .arg(dir.path().join("mine.yaml"))
        .arg("-o")
        .arg(dir.path().join("m.ts"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("states no sample rate"), "{said}");
    assert!(
        said.contains("returns 12 values") && said.contains("has 77 labels"),
        "{said}"
    );
}
