//! Options of the scripts, and what the stages have in their place.

use super::bench::Bench;
use super::compare::{
    compare_arrays, compare_exams, compare_records, compare_segments, compare_tables, sizes,
};
use crate::sources::{rows, sources};
use std::fs;
use std::path::PathBuf;

/// Options of the pipeline: a run of `signals`, compared with the scripts' records and segments.
pub(super) fn pipeline_options(bench: &Bench) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |case: &str, verdict: String| found.push((case.to_owned(), verdict));
    for (case, with) in [
        ("default", &[][..]),
        ("leads_0_1_6", &["leads=[I, II, V1]"]),
        ("leads_6_1_0_0", &["leads=[V1, II, I, I]"]),
        ("leads_12", &["leads=[I, V7]"]),
        ("leads_name", &["leads=[I, II]"]),
        ("rate_250", &["sample_rate=250"]),
        ("no_standardization", &["standardize=false"]),
        ("constant_nan", &["constant_leads=nan"]),
        ("constant_constant", &["constant_leads=constant"]),
        ("constant_bad", &["constant_leads=drop"]),
        ("segment_5", &["segment_seconds=5"]),
        ("segment_2_5", &["segment_seconds=2.5"]),
        ("skip_segmented", &[]),
        ("results_suffix", &[]),
        ("parallel", &["threads=2"]),
    ] {
        add(case, signals_verdict(bench, case, (case, with)));
    }
    let once = signals_verdict(bench, "leads_6_1_0_0", ("leads_6_1_0", &["leads=[V1, II, I]"]));
    add("leads_6_1_0_0, each named once", once);
    let out = bench.signals(&[], "skip_org").unwrap();
    let again = bench.signals(&[], "skip_org").map(|again| again == out);
    add(
        "skip_org_second_run",
        match again {
            Ok(_) => "the second run is fresh and does nothing".to_owned(),
            Err(error) => error,
        },
    );
    for (case, subset) in [
        ("subset_georgia_ptbxl", "georgia, ptb-xl"),
        ("subset_ptbxl_only", "ptb-xl"),
        ("subset_unknown", "cpsc"),
    ] {
        let with = [
            "fractions=[1.0]".to_owned(),
            "names=[train]".to_owned(),
            format!("dataset_subset=[{subset}]"),
        ];
        add(
            case,
            match splits_of(bench, "default", &with, case) {
                Ok(out) => compare_exams(&out.join("meta_split.csv"), &bench.case(case).join("meta.csv")),
                Err(error) => error,
            },
        );
    }
    let raw = bench.raw.join("edge/raw/constant_zero_III");
    let twice = [("physionet2021", raw.as_path(), None); 2];
    let twice = bench.run("signals", &[sources(&twice)], "twice");
    add(
        "run_twice_same_manifest",
        twice.map_or_else(|error| error, |_| "runs".to_owned()),
    );
    found
}

/// What becomes of a case that is one run of `signals`.
pub(super) fn signals_verdict(bench: &Bench, case: &str, (name, with): (&str, &[&str])) -> String {
    let out = match bench.signals(with, name) {
        Ok(out) => out,
        Err(error) => return error,
    };
    let theirs = bench.case(case);
    let table = |name: &str| {
        let plain = theirs.join(format!("{name}.csv"));
        if plain.exists() {
            plain
        } else {
            theirs.join(format!("{name}_v2.csv"))
        }
    };
    if !table("segmented").exists() && !table("manifest").exists() {
        let exams = rows(&out.join("meta.csv")).len();
        let segments = rows(&out.join("segmented.csv")).len();
        return format!("{exams} exams, {segments} segments");
    }
    let records = compare_records(&out, &table("meta"), "physionet2021");
    let segmented = match table("segmented").exists() {
        true => compare_segments(&out, &table("segmented"), "physionet2021_"),
        false => format!("{} segments", rows(&out.join("segmented.csv")).len()),
    };
    match records == segmented {
        true => records,
        false => format!("records: {records}; segments: {segmented}"),
    }
}

/// Runs `splits` on the tables that the scripts left of a case.
pub(super) fn splits_of(bench: &Bench, case: &str, with: &[String], name: &str) -> Result<PathBuf, String> {
    let path = |name: &str| bench.case(case).join(name).display().to_string();
    let mut all = vec![format!("records={}", path("meta.csv"))];
    if !with.iter().any(|with| with.starts_with("segments=")) {
        all.push(format!("segments={}", path("segmented.csv")));
    }
    all.extend(with.iter().filter(|with| *with != "segments=").cloned());
    bench.run("splits", &all, name)
}

/// Options of splits and labels: our stages on the tables that the scripts left.
pub(super) fn splits_and_labels_options(bench: &Bench) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |case: &str, verdict: String| found.push((case.to_owned(), verdict));
    for case in ["labels_after_gap", "labels_after_skip_first", "labels_no_outdir"] {
        let with = [
            format!("records={}", bench.case(case).join("meta.csv").display()),
            "label_set=physionet2021".to_owned(),
            "from={codes: diagnosis}".to_owned(),
        ];
        let name = if case == "labels_no_outdir" {
            "nowhere/labels"
        } else {
            case
        };
        let theirs = bench.case(case).join("labels/labels.csv");
        add(
            case,
            match bench.run("labels", &with, name) {
                Ok(out) if theirs.exists() => compare_tables(&out.join("labels.csv"), &theirs, "idx"),
                Ok(out) => format!("{} exams", rows(&out.join("labels.csv")).len()),
                Err(error) => error,
            },
        );
    }
    let three = ["names=[train, valid, test]", "strategy=random"];
    for (case, with) in [
        ("split_fraction_labels_mismatch", &["fractions=[0.5, 0.5]"][..]),
        ("split_sum_below_1", &["fractions=[0.5, 0.2]"]),
        ("split_sum_above_1", &["fractions=[2, 1, 1]"]),
        (
            "split_random_with_group",
            &["fractions=[0.8, 0.1, 0.1]", "group=age"],
        ),
        (
            "split_grouped_no_group",
            &["fractions=[0.8, 0.1, 0.1]", "strategy=grouped"],
        ),
        (
            "split_unknown_subset",
            &["fractions=[0.8, 0.1, 0.1]", "dataset_subset=[nope]"],
        ),
        (
            "split_filter_everything",
            &["fractions=[0.8, 0.1, 0.1]", "filter_cols=[sample_rate]"],
        ),
        (
            "split_filter_missing_col",
            &["fractions=[0.8, 0.1, 0.1]", "filter_cols=[nope]"],
        ),
        (
            "split_segmented_none",
            &["fractions=[0.8, 0.1, 0.1]", "segments="],
        ),
        ("split_suffix_empty", &["fractions=[0.8, 0.1, 0.1]"]),
    ] {
        let own = |key: &str| with.iter().any(|with| with.starts_with(key));
        let three = three.iter().filter(|with| !own(with.split('=').next().unwrap()));
        let with: Vec<String> = three.chain(with).map(|with| (*with).to_owned()).collect();
        let theirs = bench.case(case).join("meta_split.csv");
        add(
            case,
            match splits_of(bench, "default", &with, case) {
                Ok(out) if theirs.exists() => {
                    let (ours, theirs) = (sizes(&out.join("meta_split.csv")), sizes(&theirs));
                    if ours == theirs {
                        "same sizes".to_owned()
                    } else {
                        format!("{ours:?} not {theirs:?}")
                    }
                }
                Ok(out) => format!("{:?}", sizes(&out.join("meta_split.csv"))),
                Err(error) => error,
            },
        );
    }
    add(
        "clf_missing_labels",
        labels_with_splits(bench, "clf_missing_labels"),
    );
    add("clf_partly_labelled", partly_labelled(bench));
    found
}

/// Labels with the scripts' splits, whatever tables are asked for.
pub(super) fn labels_with_splits(bench: &Bench, case: &str) -> String {
    let of = bench.case(case);
    let with = [
        format!("records={}", of.join("meta.csv").display()),
        "label_set=physionet2021".to_owned(),
        "from={codes: diagnosis}".to_owned(),
        format!("splits={}", of.join("meta_split.csv").display()),
    ];
    match bench.run("labels", &with, case) {
        Ok(out) => compare_tables(&out.join("labels.csv"), &of.join("labels/labels.csv"), "idx"),
        Err(error) => error,
    }
}

/// Exam 1 has no labels: the scripts' table lacks its row, here its cell of codes is empty.
pub(super) fn partly_labelled(bench: &Bench) -> String {
    let of = bench.case("clf_partly_labelled");
    let records = bench.out("partly.csv");
    let codes = rows(&of.join("meta.csv"))
        .into_iter()
        .map(|row| match row["idx"].as_str() {
            "1" => "1,".to_owned(),
            idx => format!("{idx},\"{}\"", row["diagnosis"]),
        });
    fs::write(
        &records,
        format!("idx,diagnosis\n{}\n", codes.collect::<Vec<_>>().join("\n")),
    )
    .unwrap();
    let with = [
        format!("records={}", records.display()),
        "label_set=physionet2021".to_owned(),
        "from={codes: diagnosis}".to_owned(),
        format!("splits={}", of.join("meta_split.csv").display()),
    ];
    let out = match bench.run("labels", &with, "partly") {
        Ok(out) => out,
        Err(error) => return error,
    };
    let theirs = of.join("labels");
    let definition = compare_tables(&out.join("label_def.csv"), &theirs.join("label_def.csv"), "name");
    let array = compare_arrays(&out.join("y.npy"), &theirs.join("y.npy"), 0..3);
    format!("label_def.csv: {definition}; y.npy: {array}")
}
