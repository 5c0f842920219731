//! Every statistic against scikit-learn, on random data with ties, one-class labels and constant scores.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_evaluate::metrics::interval::wilson;
use ecgfm_evaluate::metrics::{Confusion, Ranking};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const JUDGE: &str = r#"
import json, sys, warnings
import numpy as np
from sklearn import metrics as m
warnings.simplefilter("ignore")
def judge(case):
    t = np.array(case["truth"], dtype=bool); s = np.array(case["scores"], dtype=np.float32); p = s > np.float32(0.5)
    one_class = t.all() or not t.any()
    nan = float("nan")
    tn, fp, fn, tp = m.confusion_matrix(t, p, labels=[False, True]).ravel()
    zd = dict(zero_division=np.nan)
    out = {
        "auroc": None if one_class else m.roc_auc_score(t, s),
        "auprc": None if not t.any() else m.average_precision_score(t, s),
        "sensitivity": m.recall_score(t, p, **zd), "specificity": m.recall_score(~t, ~p, **zd),
        "ppv": m.precision_score(t, p, **zd), "npv": m.precision_score(~t, ~p, **zd),
        "f1": m.f1_score(t, p, **zd), "accuracy": m.accuracy_score(t, p), "prevalence": t.mean(),
    }
    if not one_class:
        fpr, tpr, _ = m.roc_curve(t, s, drop_intermediate=False)
        out["roc"] = [list(fpr), list(tpr)]
    out = {k: (None if isinstance(v, float) and np.isnan(v) else v) for k, v in out.items()}
    return out
print(json.dumps([judge(c) for c in json.load(sys.stdin)], default=float))
"#;

struct Case {
    truth: Vec<bool>,
    scores: Vec<f32>,
}

fn cases() -> Vec<Case> {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut all = vec![
        Case {
            truth: vec![false; 9],
            scores: (0..9).map(|i| i as f32 / 9.0).collect(),
        },
        Case {
            truth: vec![true; 9],
            scores: (0..9).map(|i| i as f32 / 9.0).collect(),
        },
        Case {
            truth: vec![true, false, true],
            scores: vec![0.0; 3],
        },
        Case {
            truth: vec![true, false, true],
            scores: vec![1.0; 3],
        },
        Case {
            truth: vec![true],
            scores: vec![0.7],
        },
    ];
    for round in 0..60 {
        let n = random.random_range(2..400);
        // Few levels make ties the rule, many make them rare.
        let levels = [3u32, 10, 1000, 1 << 24][round % 4];
        let share = [0.02, 0.3, 0.9][round % 3];
        let truth: Vec<bool> = (0..n).map(|_| random.random_bool(share)).collect();
        let level = |t: &bool, r: &mut ChaCha8Rng| {
            r.random_range(0..levels) as f32 / levels as f32 * 0.8 + if *t { 0.2 } else { 0.0 }
        };
        let scores = truth.iter().map(|t| level(t, &mut random)).collect();
        all.push(Case { truth, scores });
    }
    all
}

fn ask_scikit_learn(cases: &[Case]) -> Option<Vec<serde_json::Value>> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/pytest");
    let python = std::env::var("ECGFM_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    command.args(["-c", JUDGE]).env("PYTHONPATH", packages);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let input: Vec<_> = cases
        .iter()
        .map(|c| serde_json::json!({"truth": c.truth, "scores": c.scores}))
        .collect();
    // A Python without the modules stops before it reads; what it says then is below.
    let _ = child
        .stdin
        .take()?
        .write_all(&serde_json::to_vec(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if complaint.contains("ModuleNotFoundError") {
        return None;
    }
    assert!(output.status.success(), "{complaint}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_statistic_equals_scikit_learns_to_1e_12() {
    let cases = cases();
    let Some(judged) = ask_scikit_learn(&cases) else {
        eprintln!("SKIPPED: no Python with numpy and scikit-learn");
        return;
    };
    for (i, (case, theirs)) in cases.iter().zip(&judged).enumerate() {
        let table = Confusion::count(case.truth.iter().zip(&case.scores).map(|(&t, &s)| (t, s > 0.5)));
        let ranking = Ranking::new(&case.truth, &case.scores);
        for (name, ours) in [
            ("auroc", ranking.auroc()),
            ("auprc", ranking.auprc()),
            ("sensitivity", table.sensitivity()),
            ("specificity", table.specificity()),
            ("ppv", table.ppv()),
            ("npv", table.npv()),
            ("f1", table.f1()),
            ("accuracy", table.accuracy()),
            ("prevalence", table.prevalence()),
        ] {
            let theirs = theirs[name].as_f64();
            let close = match (ours, theirs) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12,
                (a, b) => a == b,
            };
            assert!(close, "case {i}, {name}: {ours:?} against {theirs:?}");
        }
        if let Some(curve) = theirs["roc"].as_array() {
            let roc = ranking.roc(usize::MAX);
            assert_eq!(roc.len(), curve[0].as_array().unwrap().len(), "case {i}");
            for (k, point) in roc.iter().enumerate() {
                let (fpr, tpr) = (curve[0][k].as_f64().unwrap(), curve[1][k].as_f64().unwrap());
                assert!((point.fpr - fpr).abs() < 1e-12 && (point.tpr - tpr).abs() < 1e-12);
            }
        }
        let hits = wilson(table.tp + table.tn, table.n()).unwrap();
        assert!(hits.lo <= table.accuracy().unwrap() && table.accuracy().unwrap() <= hits.hi);
    }
}
