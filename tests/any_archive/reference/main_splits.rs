//! Splits and manifests of the scripts' own records, by the stages.

use super::bench::Bench;
use super::compare::{compare_manifest, compare_split_of_exams};
use std::path::Path;

/// Splits that do not depend on chance, and manifests.
pub(super) fn splits_and_manifests(bench: &Bench) -> Vec<(String, String)> {
    let processed = bench.shared.join("main/processed");
    let mimic = processed.join("mimic_iv_ecg");
    let mut found = Vec::new();
    for (name, column, with) in [
        ("meta_split_temporal.csv", "split", &["strategy=temporal"][..]),
        (
            "meta_split_grouped_temporal.csv",
            "subject_id_split",
            &["strategy=grouped_temporal", "out_of_period=drop"],
        ),
        (
            "meta_split_grouped_temporal_False.csv",
            "subject_id_split",
            &["strategy=grouped_temporal"],
        ),
        (
            "meta_split_grouped_temporal_test.csv",
            "split",
            &["strategy=grouped_temporal", "out_of_period=drop"],
        ),
    ] {
        let path = |name: &str| mimic.join(name).display().to_string();
        let further = [
            "date=ecg_time",
            "group=subject_id",
            "fractions=[0.6, 0.2, 0.2]",
            "names=[train, valid, test]",
        ];
        let with = with.iter().chain(&further).map(|with| (*with).to_owned());
        let tables = [
            format!("records={}", path("meta.csv")),
            format!("segments={}", path("segmented.csv")),
        ];
        let out = bench.run(
            "splits",
            &tables.into_iter().chain(with).collect::<Vec<_>>(),
            name,
        );
        let verdict = out.map_or_else(
            |error| error,
            |out| compare_split_of_exams(&out.join("meta_split.csv"), (&mimic.join(name), column)),
        );
        found.push((format!("mimic_iv_ecg/{name}"), verdict));
    }
    for source in ["physionet2021", "mimic_iv_ecg"] {
        let table = processed.join(source).join("segmented_split.csv");
        let lists = processed.join("manifests").join(source);
        let verdict = match bench.run("manifests", &[format!("splits={}", table.display())], source) {
            Ok(out) => compare_manifests(&out, &lists),
            Err(error) => error,
        };
        found.push((format!("manifests/{source}"), verdict));
    }
    found
}

fn compare_manifests(ours: &Path, theirs: &Path) -> String {
    let splits = ["train", "valid", "test"].into_iter();
    let verdicts = splits.map(|split| {
        let name = format!("{split}.tsv");
        compare_manifest(&ours.join(&name), &theirs.join(&name))
    });
    let verdicts: Vec<String> = verdicts.filter(|verdict| verdict != "same").collect();
    match verdicts.is_empty() {
        true => "same".to_owned(),
        false => verdicts.join("; "),
    }
}
