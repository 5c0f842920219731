//! Runs of the Python scripts with other sources and other options, case by case, beside what the stages make of the same:
//! `reference.tsv` has group, case, what comes out, and why where that is not what the scripts have.

use crate::common::{ecgfm, ok, reference};
use crate::sources::{rows, sources, stage};
use ecgfm_artifacts::formats::npy::NpyReader;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Unpacks an archive that the system's `tar` may not know how to.
const UNPACK: &str = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter='data')";
/// Options by which the stage `signals` keeps what the scripts keep.
const AS_THE_SCRIPTS: [&str; 3] = ["missing_leads=nan", "all_zero=keep", "not_finite=keep"];
/// Columns of records whose texts are compared.
const TEXTS: [&str; 8] = [
    "idx",
    "source",
    "dataset",
    "lead_order",
    "sample_rate",
    "sample_size",
    "nan_leads",
    "constant_leads",
];
/// Columns of records whose texts are compared where the scripts have them.
const OF_SOME: [&str; 2] = ["diagnosis", "machine_report"];

type Row = BTreeMap<String, String>;

/// The data, and a place for what is made of them.
struct Bench {
    shared: PathBuf,
    raw: PathBuf,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        let shared = reference()?.with_file_name("reference2");
        let dir = tempfile::tempdir().unwrap();
        for archive in ["edge", "mimic_edge"] {
            let unpacked = Command::new("python3")
                .args(["-c", UNPACK])
                .args([
                    shared.join(archive).join("inputs.tar.xz"),
                    dir.path().join(archive),
                ])
                .status();
            if !unpacked.is_ok_and(|status| status.success()) {
                eprintln!(
                    "SKIPPED: no {} that python3 unpacks",
                    shared.join(archive).display()
                );
                return None;
            }
        }
        Some(Self {
            raw: dir.path().to_owned(),
            shared,
            dir,
        })
    }

    fn out(&self, name: &str) -> PathBuf {
        self.dir.path().join("out").join(name)
    }

    /// Runs a stage into the directory `name`; the error is what it prints, without paths of this test.
    fn run(&self, kind: &str, with: &[String], name: &str) -> Result<PathBuf, String> {
        let out = self.out(name);
        let (success, text) = stage(kind, with, &out);
        if success {
            return Ok(out);
        }
        let text = text
            .lines()
            .find_map(|line| line.strip_prefix("error: "))
            .unwrap_or(&text)
            .to_owned();
        let text = text.replace(&self.dir.path().display().to_string(), "DIR");
        Err(format!(
            "error: {}",
            text.replace(&self.shared.display().to_string(), "REFERENCE")
        ))
    }

    /// Runs `signals` on the records of the option cases.
    fn signals(&self, with: &[&str], name: &str) -> Result<PathBuf, String> {
        let raw = self.raw.join("edge/raw/constant_zero_III");
        let own = [
            "dataset=physionet2021".to_owned(),
            format!("raw={}", raw.display()),
        ];
        let with = AS_THE_SCRIPTS.iter().chain(with).map(|with| (*with).to_owned());
        self.run("signals", &own.into_iter().chain(with).collect::<Vec<_>>(), name)
    }

    /// Directory in which the scripts left a case of options.
    fn case(&self, name: &str) -> PathBuf {
        self.shared.join("options/cases").join(name)
    }
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-13 * b.abs().max(1.0) || (a.is_nan() && b.is_nan())
}

fn by_file(rows: Vec<Row>) -> BTreeMap<String, Row> {
    rows.into_iter()
        .map(|row| (row["save_file"].clone(), row))
        .collect()
}

/// `same`, or these differences.
fn verdict(differences: Vec<String>) -> String {
    match differences.is_empty() {
        true => "same".to_owned(),
        false => differences.join("; "),
    }
}

/// Compares records of one source.
fn compare_records(ours: &Path, theirs: &Path, source: &str) -> String {
    let ours = rows(&ours.join("meta.csv"))
        .into_iter()
        .filter(|row| row["source"] == source);
    let (ours, theirs) = (by_file(ours.collect()), by_file(rows(theirs)));
    let mut found = Vec::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        match (ours.get(name), theirs.get(name)) {
            (Some(ours), Some(theirs)) => {
                found.extend(row_differences(ours, theirs).map(|what| format!("{name}: {what}")));
            }
            (Some(_), None) => found.push(format!("{name}: kept")),
            (None, _) => found.push(format!("{name}: not kept")),
        }
    }
    verdict(found)
}

fn row_differences(ours: &Row, theirs: &Row) -> Option<String> {
    let mut found = Vec::new();
    let of_some = OF_SOME.into_iter().filter(|name| theirs.contains_key(*name));
    for name in TEXTS.into_iter().chain(of_some) {
        if ours.get(name) != theirs.get(name) {
            found.push(format!("{name} {:?} not {:?}", ours.get(name), theirs.get(name)));
        }
    }
    let statistics = theirs
        .keys()
        .filter(|name| name.starts_with("mean_") || name.starts_with("std_"));
    let differ = statistics
        .filter(|name| {
            !ours
                .get(*name)
                .is_some_and(|cell| close(number(cell), number(&theirs[*name])))
        })
        .count();
    if differ > 0 {
        found.push(format!("{differ} means and deviations"));
    }
    (!found.is_empty()).then(|| found.join(", "))
}

/// Name and samples of every segment of the recordings whose names begin so.
fn segments(path: &Path, prefix: &str) -> BTreeSet<(String, String)> {
    let rows = rows(path)
        .into_iter()
        .filter(|row| row["save_file"].starts_with(prefix));
    let name = |path: &str| {
        path.rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".mat")
            .to_owned()
    };
    rows.map(|row| (name(&row["path"]), row["sample_size"].clone()))
        .collect()
}

fn compare_segments(ours: &Path, theirs: &Path, prefix: &str) -> String {
    let (ours, theirs) = (
        segments(&ours.join("segmented.csv"), prefix),
        segments(theirs, prefix),
    );
    let differ = ours.symmetric_difference(&theirs);
    verdict(
        differ
            .map(|(name, samples)| format!("{name} of {samples}"))
            .collect(),
    )
}

/// Compares tables cell by cell, numbers as numbers; `key` names the rows.
fn compare_tables(ours: &Path, theirs: &Path, key: &str) -> String {
    let keyed = |path: &Path| -> BTreeMap<String, Row> {
        rows(path)
            .into_iter()
            .map(|row| (row[key].clone(), row))
            .collect()
    };
    let (ours, theirs) = (keyed(ours), keyed(theirs));
    let equal = |a: &str, b: &str| {
        let of = |text: &str| match text {
            "True" => 1.0,
            "False" => 0.0,
            text => number(text),
        };
        a == b || (!of(a).is_nan() && close(of(a), of(b)))
    };
    let mut found = Vec::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (Some(ours), Some(theirs)) = (ours.get(name), theirs.get(name)) else {
            found.push(format!("{key} {name} is on one side only"));
            continue;
        };
        let differ = theirs
            .iter()
            .filter(|(column, cell)| !ours.get(*column).is_some_and(|own| equal(own, cell)));
        let differ: Vec<&str> = differ.map(|(column, _)| column.as_str()).collect();
        if !differ.is_empty() {
            found.push(format!("{key} {name}: {}", differ.join(", ")));
        }
    }
    verdict(found)
}

/// Compares arrays of labels in these rows.
fn compare_arrays(ours: &Path, theirs: &Path, wanted: std::ops::Range<usize>) -> String {
    let read = |path: &Path| {
        let array = NpyReader::open(path).unwrap();
        let width = array.header().shape[1];
        let values = array.read_all::<f64>().unwrap();
        values.chunks(width).map(<[f64]>::to_vec).collect::<Vec<_>>()
    };
    let (ours, theirs) = (read(ours), read(theirs));
    if ours.len() != theirs.len() {
        return format!("{} rows not {}", ours.len(), theirs.len());
    }
    let differ = wanted.filter(|&row| !ours[row].iter().zip(&theirs[row]).all(|(a, b)| close(*a, *b)));
    verdict(differ.map(|row| format!("row {row}")).collect())
}

/// MIMIC first, then PhysioNet 2021 into one manifest; then PhysioNet again.
fn mimic_first(bench: &Bench) -> Vec<(String, String)> {
    let theirs = bench.shared.join("mimic_first/processed");
    let mimic = fs::read_dir(bench.raw.join("mimic_edge/raw/good"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let challenge = bench.raw.join("edge/raw/baseline");
    let both = [
        ("mimic_iv_ecg", mimic.as_path(), None),
        ("physionet2021", challenge.as_path(), None),
    ];
    let again = [both[0], both[1], both[1]];
    let as_scripts = AS_THE_SCRIPTS.map(str::to_owned);
    let with = |archives: &[_]| [&[sources(archives)], &as_scripts[..]].concat();
    let ours = bench.run("signals", &with(&both), "both").unwrap();
    let mut found = Vec::new();
    for source in ["mimic_iv_ecg", "physionet2021"] {
        let theirs = theirs.join(source);
        found.push((
            format!("{source}/meta.csv"),
            compare_records(&ours, &theirs.join("meta.csv"), source),
        ));
        let prefix = format!("{source}_");
        let segmented = compare_segments(&ours, &theirs.join("segmented.csv"), &prefix);
        found.push((format!("{source}/segmented.csv"), segmented));
    }
    found.push((
        "manifest.csv".to_owned(),
        compare_recordings(&ours, &theirs.join("manifest.csv")),
    ));
    let refused = bench
        .run("signals", &with(&again), "again")
        .map_or_else(|error| error, |_| "runs".to_owned());
    found.push(("physionet2021/meta_again.csv".to_owned(), refused));

    let path = |name: &str| ours.join(name).display().to_string();
    let one = ["strategy=random", "fractions=[1.0]", "names=[train]"].map(str::to_owned);
    let tables = [
        format!("records={}", path("meta.csv")),
        format!("segments={}", path("segmented.csv")),
    ];
    let splits = bench
        .run("splits", &[&tables[..], &one].concat(), "both_splits")
        .unwrap();
    let labels = [
        format!("records={}", path("meta.csv")),
        "label_set=physionet2021".to_owned(),
        "by_source={physionet2021: {codes: diagnosis}}".to_owned(),
        format!("splits={}", splits.join("meta_split.csv").display()),
    ];
    let labels = bench.run("labels", &labels, "both_labels").unwrap();
    let of_labels = theirs.join("physionet2021/labels");
    for (name, key) in [("labels.csv", "idx"), ("label_def.csv", "name")] {
        found.push((
            format!("physionet2021/labels/{name}"),
            compare_tables(&labels.join(name), &of_labels.join(name), key),
        ));
    }
    let weights = |dir: &Path| fs::read_to_string(dir.join("pos_weight.txt")).unwrap();
    let numbers = |text: &str| {
        text.trim()
            .trim_matches(['[', ']'])
            .split(',')
            .map(number)
            .collect::<Vec<_>>()
    };
    let same = numbers(&weights(&labels)) == numbers(&weights(&of_labels));
    found.push((
        "physionet2021/labels/pos_weight.txt".to_owned(),
        if same { "same" } else { "differs" }.to_owned(),
    ));
    for (rows, about) in [(3..6, "PhysioNet's rows"), (0..3, "MIMIC's rows")] {
        let about = format!("physionet2021/labels/y.npy, {about}");
        found.push((
            about,
            compare_arrays(&labels.join("y.npy"), &of_labels.join("y.npy"), rows),
        ));
    }
    let segmented = splits.join("segmented_split.csv").display().to_string();
    let manifests = bench
        .run("manifests", &[format!("splits={segmented}")], "both_manifests")
        .unwrap();
    let listed = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().skip(1);
        let name = |line: &str| {
            line.rsplit('/')
                .next()
                .unwrap_or_default()
                .replace(".mat\t", "\t")
        };
        lines.map(name).collect()
    };
    let same = listed(&manifests.join("train.tsv")) == listed(&theirs.join("manifests/both/train.tsv"));
    found.push((
        "manifests/both/train.tsv".to_owned(),
        if same { "same" } else { "differs" }.to_owned(),
    ));
    let cmsc = ok(ecgfm().arg("kinds")).contains("cmsc");
    let made = if cmsc { "made" } else { "not made" };
    found.push(("manifests/both/cmsc/train.tsv".to_owned(), made.to_owned()));
    found
}

/// Compares our records with the scripts' list of recordings, of which the last three are those of the run that is refused here.
fn compare_recordings(ours: &Path, theirs: &Path) -> String {
    let text = |row: &Row| {
        ["idx", "source", "save_file", "sample_rate", "sample_size"].map(|name| row[name].clone())
    };
    let ours: Vec<_> = rows(&ours.join("meta.csv")).iter().map(text).collect();
    let theirs: Vec<_> = rows(theirs).iter().map(text).collect();
    match theirs.len() == ours.len() + 3 && theirs.starts_with(&ours) {
        true => "same but for the last 3 rows".to_owned(),
        false => "differs".to_owned(),
    }
}

/// Options of the pipeline: a run of `signals`, compared with the scripts' records and segments.
fn pipeline_options(bench: &Bench) -> Vec<(String, String)> {
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
        ("skip_segmented", &["store=view"]),
        ("results_suffix", &[]),
        ("parallel", &["threads=2"]),
    ] {
        add(case, signals_verdict(bench, case, with));
    }
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
                Ok(out) => {
                    compare_tables_of_exams(&out.join("meta_split.csv"), &bench.case(case).join("meta.csv"))
                }
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
fn signals_verdict(bench: &Bench, case: &str, with: &[&str]) -> String {
    let out = match bench.signals(with, case) {
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
    if !table("manifest").exists() {
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
fn splits_of(bench: &Bench, case: &str, with: &[String], name: &str) -> Result<PathBuf, String> {
    let path = |name: &str| bench.case(case).join(name).display().to_string();
    let mut all = vec![format!("records={}", path("meta.csv"))];
    if !with.iter().any(|with| with.starts_with("segments=")) {
        all.push(format!("segments={}", path("segmented.csv")));
    }
    all.extend(with.iter().filter(|with| *with != "segments=").cloned());
    bench.run("splits", &all, name)
}

fn compare_tables_of_exams(ours: &Path, theirs: &Path) -> String {
    let exams = |path: &Path| -> BTreeSet<[String; 2]> {
        rows(path)
            .iter()
            .map(|row| [row["idx"].clone(), row["save_file"].clone()])
            .collect()
    };
    let (ours, theirs) = (exams(ours), exams(theirs));
    verdict(
        ours.symmetric_difference(&theirs)
            .map(|[_, file]| file.clone())
            .collect(),
    )
}

/// Sizes of the splits.
fn sizes(path: &Path) -> BTreeMap<String, usize> {
    let mut sizes = BTreeMap::new();
    for row in rows(path) {
        *sizes.entry(row["split"].clone()).or_insert(0) += 1;
    }
    sizes
}

/// Options of splits and labels: our stages on the tables that the scripts left.
fn splits_and_labels_options(bench: &Bench) -> Vec<(String, String)> {
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
fn labels_with_splits(bench: &Bench, case: &str) -> String {
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
fn partly_labelled(bench: &Bench) -> String {
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

#[test]
fn further_sources_and_options_come_out_as_the_table_says() {
    let Some(bench) = Bench::new() else { return };
    let groups = [
        ("mimic_first", mimic_first(&bench)),
        ("options", pipeline_options(&bench)),
        ("splits and labels", splits_and_labels_options(&bench)),
    ];
    let path = crate::common::root().join("tests/any_archive/reference.tsv");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let expected: BTreeMap<String, (&str, &str)> = expected
        .lines()
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let key = format!("{}\t{}", cells.next()?, cells.next()?);
            Some((key, (cells.next()?, cells.next().unwrap_or_default())))
        })
        .collect();
    let (mut made, mut wrong) = (String::new(), Vec::new());
    for (group, cases) in groups {
        for (case, verdict) in cases {
            let key = format!("{group}\t{case}");
            let (wanted, why) = expected.get(&key).copied().unwrap_or_default();
            if wanted != verdict {
                wrong.push(format!(
                    "{group}, {case}\n  expected {wanted}\n  found    {verdict}"
                ));
            }
            assert!(
                verdict == "same" || !why.is_empty() || wanted.is_empty(),
                "{group}, {case}: say why"
            );
            writeln!(made, "{key}\t{verdict}\t{why}").unwrap();
        }
    }
    if std::env::var_os("ECGFM_EDGE").is_some_and(|value| value == "update") {
        fs::write(path, made).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
