//! Subgroups of a small evaluation: compared with the largest, and crossed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{evaluate_params, key, predict_params, stage, write_logits};
use ecgfm_artifacts::evaluation::{Metrics, Subgroup, SubgroupLabel};
use ecgfm_evaluate::metrics::interval::IntervalEstimator;
use ecgfm_evaluate::{evaluate, predict};
use std::path::Path;

const ECGS: i64 = 60;

/// Evaluates ECGs of which every third is of a woman and every second of somebody under 40; the logits of women are noisier.
fn evaluated(dir: &Path, change: impl FnOnce(&mut evaluate::Params)) -> Metrics {
    let noise = |idx: i64| ((idx * 7919 % 101) as f32 / 50.0 - 1.0) * if idx % 3 == 0 { 3.0 } else { 1.5 };
    let holds = |idx: i64| idx % 4 < 2;
    let rows: Vec<_> = (0..ECGS)
        .map(|idx| {
            (
                key(idx, 0),
                vec![if holds(idx) { 1.0 } else { -1.0 } + noise(idx); 26],
            )
        })
        .collect();
    write_logits(&dir.join("infer"), "test", 26, &rows);
    let label = |idx: i64| {
        format!(
            "{idx},{}\n",
            [if holds(idx) { "True" } else { "False" }; 5].join(",")
        )
    };
    let labels: String = (0..ECGS).map(label).collect();
    std::fs::write(
        dir.join("labels.csv"),
        format!("idx,RBBB,LBBB,SB,ST,AF\n{labels}"),
    )
    .unwrap();
    let record = |idx: i64| {
        let age = if idx % 2 == 0 { 30 } else { 50 };
        format!(
            "{idx},exam_{idx}.mat,{},{age}\n",
            if idx % 3 == 0 { "False" } else { "True" }
        )
    };
    let records: String = (0..ECGS).map(record).collect();
    std::fs::write(
        dir.join("meta.csv"),
        format!("idx,save_file,is_male,age\n{records}"),
    )
    .unwrap();
    let params = predict_params(&dir.join("infer"));
    stage(&dir.join("predict"), |ctx| predict::run(&params, ctx)).unwrap();
    let mut params = evaluate_params(&dir.join("predict"), &dir.join("labels.csv"));
    params.records = Some(dir.join("meta.csv"));
    params.subgroups.min_cell = 5;
    change(&mut params);
    stage(&dir.join("evaluate"), |ctx| evaluate::run(&params, ctx)).unwrap();
    Metrics::read(&dir.join("evaluate")).unwrap()
}

fn find<'a>(groups: &'a [Subgroup], name: &str) -> &'a Subgroup {
    groups.iter().find(|group| group.group == name).unwrap()
}

#[test]
fn every_group_is_compared_with_the_largest_of_its_attribute() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = evaluated(dir.path(), |_| {});
    let (women, men) = (
        find(&metrics.subgroups, "female"),
        find(&metrics.subgroups, "male"),
    );
    assert_eq!(
        (women.n, men.n, women.reference.as_deref()),
        (20, 40, Some("male"))
    );
    assert!(men.reference.is_none() && men.labels.iter().all(|label| label.differences.is_empty()));
    let value = |label: &SubgroupLabel, name: &str| label.estimates[name].value.unwrap();
    for (w, m) in women.labels.iter().zip(&men.labels) {
        for name in ["auroc", "sensitivity", "specificity", "ppv"] {
            let difference = &w.differences[name];
            let expected = value(w, name) - value(m, name);
            assert!((difference.value.unwrap() - expected).abs() < 1e-12, "{name}");
            let (lo, hi) = (difference.lo.unwrap(), difference.hi.unwrap());
            assert!(
                lo < expected && expected < hi,
                "{name}: {expected} in {lo} to {hi}"
            );
        }
    }
    let table = std::fs::read_to_string(dir.path().join("evaluate/subgroups.csv")).unwrap();
    let header = table.lines().next().unwrap();
    assert!(header.starts_with("by,group,n,label,positives,auroc,auroc_lo,auroc_hi,"));
    assert!(header.ends_with(",ppv_difference,ppv_difference_lo,ppv_difference_hi"));
}

#[test]
fn attributes_are_crossed_and_small_groups_have_no_figures() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = evaluated(dir.path(), |params| params.subgroups.min_pair = 20);
    let told: Vec<(&str, u64)> = (metrics.subgroup_pairs.iter())
        .map(|group| (group.group.as_str(), group.n))
        .collect();
    assert_eq!(
        told,
        [
            ("<40 × female", 10),
            ("<40 × male", 20),
            ("40–59 × female", 10),
            ("40–59 × male", 20)
        ]
    );
    let (small, large) = (
        find(&metrics.subgroup_pairs, "<40 × female"),
        find(&metrics.subgroup_pairs, "40–59 × male"),
    );
    assert_eq!(
        large.reference.as_deref(),
        Some("<40 × male"),
        "the first of equally large ones"
    );
    let (few, told) = (&small.labels[0], &large.labels[0]);
    assert_eq!(
        few.estimates["auroc"].reason.as_deref(),
        Some("fewer than 20 ECGs in the group")
    );
    assert!(few.positives.is_none() && few.differences["auroc"].value.is_none());
    assert!(told.estimates["auroc"].lo.is_some() && told.differences["auroc"].lo.is_some());
    let none = evaluated(&dir.path().join("none"), |params| {
        params.subgroups.pairs = Some(vec![])
    });
    assert!(none.subgroup_pairs.is_empty());
}

#[test]
fn differences_have_intervals_of_either_kind_and_none_without_resamples() {
    let dir = tempfile::tempdir().unwrap();
    let difference = |name: &str, change: &dyn Fn(&mut evaluate::Params)| {
        let metrics = evaluated(&dir.path().join(name), change);
        find(&metrics.subgroups, "female").labels[0].differences["auroc"].clone()
    };
    let percentile = difference("percentile", &|_| {});
    let bca = difference("bca", &|params| params.interval = IntervalEstimator::Bca);
    let none = difference("none", &|params| params.bootstrap = 0);
    assert_eq!((percentile.value, none.value), (bca.value, bca.value));
    let (lo, hi) = (bca.lo.unwrap(), bca.hi.unwrap());
    assert!(lo < bca.value.unwrap() && bca.value.unwrap() < hi, "{lo} to {hi}");
    assert_ne!((percentile.lo, percentile.hi), (bca.lo, bca.hi));
    assert_eq!((none.lo, none.hi), (None, None));
}
