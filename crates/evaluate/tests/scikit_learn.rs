//! Every statistic against scikit-learn, on random data with ties, one-class labels and constant scores.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_evaluate::metrics::challenge::{Rewards, challenge_score};
use ecgfm_evaluate::metrics::interval::{bca_interval, wilson_interval};
use ecgfm_evaluate::metrics::multilabel::{Agreement, weighted_mean};
use ecgfm_evaluate::metrics::probability::{
    brier_score, calibration_curve, expected_calibration_error, log_loss,
};
use ecgfm_evaluate::metrics::{ConfusionMatrix, Ranking};
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
        "mcc": None if t.all() or not t.any() or p.all() or not p.any() else m.matthews_corrcoef(t, p),
        "brier": m.brier_score_loss(t, s.astype(float), pos_label=True),
        "log_loss": m.log_loss(t, s.astype(float), labels=[False, True]),
    }
    s64 = s.astype(float)
    bins = np.minimum((s64 * 10).astype(int), 9)
    out["ece"] = sum(abs(s64[bins == b].mean() - t[bins == b].mean()) * (bins == b).sum() for b in set(bins)) / len(t)
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

/// What a Python program prints as JSON when it is given JSON; none where Python lacks the modules.
fn ask(program: &str, input: &serde_json::Value) -> Option<serde_json::Value> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/pytest");
    let python = std::env::var("ECGFM_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    command.args(["-c", program]).env("PYTHONPATH", packages);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
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
    let input = cases
        .iter()
        .map(|c| serde_json::json!({"truth": c.truth, "scores": c.scores}));
    let Some(judged) = ask(JUDGE, &input.collect()) else {
        eprintln!("SKIPPED: no Python with numpy and scikit-learn");
        return;
    };
    let judged = judged.as_array().unwrap();
    for (i, (case, theirs)) in cases.iter().zip(judged).enumerate() {
        let table = ConfusionMatrix::count(case.truth.iter().zip(&case.scores).map(|(&t, &s)| (t, s > 0.5)));
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
            ("mcc", table.mcc()),
            ("brier", brier_score(&case.truth, &case.scores)),
            ("log_loss", log_loss(&case.truth, &case.scores)),
            (
                "ece",
                expected_calibration_error(&calibration_curve(&case.truth, &case.scores)),
            ),
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
        let hits = wilson_interval(table.tp + table.tn, table.n()).unwrap();
        assert!(hits.lo <= table.accuracy().unwrap() && table.accuracy().unwrap() <= hits.hi);
    }
}

const MULTILABEL_JUDGE: &str = r#"
import json, sys, warnings
import numpy as np
from sklearn import metrics as m
warnings.simplefilter("ignore")

def challenge(t, p, w, normal):
    # The Challenge's scorer, from its definition: a matrix of counts, each recording's split over its labels.
    def earned(p):
        a = np.zeros_like(w)
        for row in range(len(t)):
            share = max(float(np.sum(np.logical_or(t[row], p[row]))), 1.0)
            for j in np.flatnonzero(t[row]):
                for k in np.flatnonzero(p[row]):
                    a[j, k] += 1.0 / share
        return np.nansum(w * a)
    inactive = np.zeros_like(p); inactive[:, normal] = True
    lowest, highest = earned(inactive), earned(t)
    return None if lowest == highest else (earned(p) - lowest) / (highest - lowest)

def judge(case):
    t = np.array(case["truth"], dtype=bool).T; s = np.array(case["scores"], dtype=np.float32).T; p = s > np.float32(0.5)
    w = np.array(case["weights"])
    both = [i for i in range(t.shape[1]) if t[:, i].any() and not t[:, i].all()]
    some = [i for i in range(t.shape[1]) if t[:, i].any()]
    out = {
        "exact": m.accuracy_score(t, p), "hamming": m.hamming_loss(t, p),
        "jaccard": m.jaccard_score(t, p, average="samples", zero_division=1.0),
        "challenge": challenge(t, p, w, 0),
        "micro_f1": m.f1_score(t, p, average="micro", zero_division=np.nan),
        "micro_auroc": m.roc_auc_score(t, s, average="micro"),
        "micro_auprc": m.average_precision_score(t, s, average="micro"),
        "macro_auroc": m.roc_auc_score(t[:, both], s[:, both], average="macro") if len(both) > 1 else None,
        "weighted_auroc": m.roc_auc_score(t[:, both], s[:, both], average="weighted") if len(both) > 1 else None,
        "macro_auprc": m.average_precision_score(t[:, some], s[:, some], average="macro") if len(some) > 1 else None,
        "weighted_auprc": m.average_precision_score(t[:, some], s[:, some], average="weighted") if len(some) > 1 else None,
    }
    return {k: None if v is None or np.isnan(v) else float(v) for k, v in out.items()}
print(json.dumps([judge(c) for c in json.load(sys.stdin)]))
"#;

fn close(ours: Option<f64>, theirs: &serde_json::Value, what: &str) {
    let close = match (ours, theirs.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12,
        (a, b) => a == b,
    };
    assert!(close, "{what}: {ours:?} against {theirs:?}");
}

#[test]
fn statistics_over_labels_equal_scikit_learns_and_the_challenges() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut cases = Vec::new();
    for round in 0..30 {
        let (labels, rows) = (random.random_range(2..6), random.random_range(3..120));
        let column = |share: f64, random: &mut ChaCha8Rng| -> Vec<bool> {
            (0..rows).map(|_| random.random_bool(share)).collect()
        };
        // One label is always there in some rounds, one never in others.
        let share = |label: usize| match (round % 3, label) {
            (1, 1) => 0.0,
            (2, 1) => 1.0,
            _ => 0.35,
        };
        let truth: Vec<Vec<bool>> = (0..labels).map(|l| column(share(l), &mut random)).collect();
        let scores: Vec<Vec<f32>> = (0..labels)
            .map(|_| {
                (0..rows)
                    .map(|_| random.random_range(0..12) as f32 / 11.0)
                    .collect()
            })
            .collect();
        let weight = |i: usize, j: usize, r: &mut ChaCha8Rng| {
            if i == j {
                1.0
            } else {
                f64::from(r.random_range(0..8)) / 16.0
            }
        };
        let weights: Vec<Vec<f64>> = (0..labels)
            .map(|i| (0..labels).map(|j| weight(i, j, &mut random)).collect())
            .collect();
        cases.push((truth, scores, weights, rows));
    }
    let input = cases
        .iter()
        .map(|(t, s, w, _)| serde_json::json!({"truth": t, "scores": s, "weights": w}));
    let Some(judged) = ask(MULTILABEL_JUDGE, &input.collect()) else {
        eprintln!("SKIPPED: no Python with numpy and scikit-learn");
        return;
    };
    for (case, theirs) in cases.iter().zip(judged.as_array().unwrap()) {
        compare(case, theirs);
    }
}

type Multilabel = (Vec<Vec<bool>>, Vec<Vec<f32>>, Vec<Vec<f64>>, usize);

fn compare((truth, scores, weights, rows): &Multilabel, theirs: &serde_json::Value) {
    let decided: Vec<Vec<bool>> = scores
        .iter()
        .map(|column| column.iter().map(|&s| s > 0.5).collect())
        .collect();
    let agreement = Agreement::count(truth, &decided, *rows);
    close(agreement.exact_match(), &theirs["exact"], "exact match");
    close(agreement.hamming(), &theirs["hamming"], "Hamming loss");
    close(agreement.mean_jaccard(), &theirs["jaccard"], "Jaccard");
    let rewards = Rewards {
        weights: weights.clone(),
        normal: 0,
    };
    close(
        challenge_score(truth, &decided, &rewards, *rows),
        &theirs["challenge"],
        "Challenge",
    );
    let all = Ranking::new(&truth.concat(), &scores.concat());
    close(all.auroc(), &theirs["micro_auroc"], "micro AUROC");
    close(all.auprc(), &theirs["micro_auprc"], "micro AUPRC");
    let tables = truth.iter().zip(&decided);
    let tables = tables.map(|(t, d)| ConfusionMatrix::count(t.iter().copied().zip(d.iter().copied())));
    let sum = tables.fold(ConfusionMatrix::default(), ConfusionMatrix::plus);
    close(sum.f1(), &theirs["micro_f1"], "micro F1");
    let rankings: Vec<Ranking> = truth
        .iter()
        .zip(scores)
        .map(|(t, s)| Ranking::new(t, s))
        .collect();
    let positives: Vec<f64> = truth
        .iter()
        .map(|t| t.iter().filter(|t| **t).count() as f64)
        .collect();
    let ones = vec![1.0; positives.len()];
    let auroc: Vec<Option<f64>> = rankings.iter().map(Ranking::auroc).collect();
    let auprc: Vec<Option<f64>> = rankings.iter().map(Ranking::auprc).collect();
    for (name, values, weights) in [
        ("macro_auroc", &auroc, &ones),
        ("weighted_auroc", &auroc, &positives),
        ("macro_auprc", &auprc, &ones),
        ("weighted_auprc", &auprc, &positives),
    ] {
        if !theirs[name].is_null() {
            close(weighted_mean(values, weights), &theirs[name], name);
        }
    }
}

const BCA_JUDGE: &str = r#"
import json, sys
import numpy as np
from scipy import stats
case = json.load(sys.stdin)
x = np.array(case)
statistic = lambda a, axis=-1: np.var(a, axis=axis)
got = stats.bootstrap((x,), statistic, method="BCa", n_resamples=999, random_state=np.random.default_rng(3), vectorized=True)
left = [np.var(np.delete(x, i)) for i in range(len(x))]
print(json.dumps({"values": list(got.bootstrap_distribution), "estimate": np.var(x), "left": left,
                  "lo": got.confidence_interval.low, "hi": got.confidence_interval.high}))
"#;

#[test]
fn bca_intervals_are_scipys_on_its_own_resamples() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let skewed: Vec<f64> = (0..40).map(|_| -random.random::<f64>().ln()).collect();
    let Some(theirs) = ask(BCA_JUDGE, &serde_json::json!(skewed)) else {
        eprintln!("SKIPPED: no Python with scipy");
        return;
    };
    let numbers = |name: &str| -> Vec<Option<f64>> {
        theirs[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64())
            .collect()
    };
    let estimate = theirs["estimate"].as_f64().unwrap();
    let ours = bca_interval(
        numbers("values").into_iter(),
        estimate,
        numbers("left").into_iter(),
    )
    .unwrap();
    close(Some(ours.lo), &theirs["lo"], "lower end");
    close(Some(ours.hi), &theirs["hi"], "upper end");
}
