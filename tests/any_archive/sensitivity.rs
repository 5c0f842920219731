//! `ecgfm sensitivity` on a synthetic archive, with the demo model.

use crate::common::{ecgfm, ok, root, synthetic_archive};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The demo model, exported.
fn demo_model(dir: &Path) -> PathBuf {
    let model = dir.join("demo.ts");
    ok(ecgfm()
        .arg("export")
        .arg(root().join("models/demo/demo.pt"))
        .args(["--labels", "physionet2021", "-o"])
        .arg(&model));
    model
}

fn departure<'a>(found: &'a Value, name: &str) -> &'a Value {
    let all = found["departures"].as_array().unwrap();
    all.iter().find(|one| one["departure"] == name).unwrap()
}

#[test]
fn the_scope_of_the_z_score_matters_more_than_the_method_of_resampling() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    ok(ecgfm()
        .args([
            "synth",
            "--quiet",
            "--exams",
            "240",
            "--exams-per-part",
            "120",
            "--mix",
            "balanced",
            "--out",
        ])
        .arg(&raw));
    let (model, picture) = (demo_model(dir.path()), dir.path().join("s.svg"));
    let mut command = ecgfm();
    command.arg("sensitivity").arg(&raw).arg("--model").arg(&model);
    command
        .args(["--truth", "code15", "--exams", "120", "--json", "--plot"])
        .arg(&picture);
    let found: Value = serde_json::from_str(&ok(&mut command)).unwrap();

    let given = departure(&found, "as_the_recipe_says");
    assert_eq!(
        (&given["mean_change"], &given["flipped"], &given["ecgs"]),
        (&0.0.into(), &0.into(), &120.into())
    );
    assert!(given["auroc"].as_f64().unwrap() > 0.8, "{given}");
    let change = |name: &str| departure(&found, name)["mean_change"].as_f64().unwrap();
    for resampling in ["resample_fft", "resample_polyphase"] {
        for scope in ["normalize_all_leads", "normalize_by_segment"] {
            assert!(
                change(scope) > change(resampling),
                "{scope}, {resampling}: {found}"
            );
        }
    }
    // Each lead is brought to deviation 1, whatever its unit.
    assert!(change("microvolts") < 1e-6);
    for one in found["departures"].as_array().unwrap() {
        assert!(one["auroc"].is_f64(), "{one}");
    }
    let left_out = &found["left_out"];
    assert!(
        left_out.to_string().contains("the recipe filters nothing"),
        "{left_out}"
    );
    assert!(found["notices"].to_string().contains("SYNTHETIC"), "{found}");
    let drawn = std::fs::read_to_string(&picture).unwrap();
    assert!(drawn.contains("SYNTHETIC"), "{drawn}");
    assert!(drawn.contains("normalised over all leads together") && drawn.contains("recipe: "));
}

#[test]
fn without_a_truth_there_is_no_auroc_and_the_table_is_csv_where_no_terminal_is() {
    let dir = tempfile::tempdir().unwrap();
    let raw = synthetic_archive(dir.path(), 12, 6);
    let model = demo_model(dir.path());
    let text = ok(ecgfm()
        .arg("sensitivity")
        .arg(&raw)
        .arg("--model")
        .arg(&model)
        .args(["--exams", "5"]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("departure,label,ecgs,mean_change,max_change,flipped"),
        "{text}"
    );
    assert!(
        lines[1].starts_with("as_the_recipe_says,,5,0.0,0.0,0,130,,,"),
        "{text}"
    );
    assert!(text.contains("leads_exchanged,AF,5,"), "{text}");

    let output = ecgfm()
        .arg("sensitivity")
        .arg(&raw)
        .arg("--model")
        .arg(&model)
        .args(["--truth", "ikem"])
        .output();
    let said = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
    assert!(said.contains("ikem"), "{said}");
}
