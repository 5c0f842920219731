//! Runs of the Python scripts with other sources and other options, case by case, beside what the stages make of the same:
//! `reference.tsv` has group, case, what comes out, and why where that is not what the scripts have.

mod bench;
mod compare;
mod main_splits;
mod mimic_first;
mod options;

use bench::Bench;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

#[test]
fn further_sources_and_options_come_out_as_the_table_says() {
    let Some(bench) = Bench::new() else { return };
    let groups = [
        ("main", main_splits::splits_and_manifests(&bench)),
        ("mimic_first", mimic_first::mimic_first(&bench)),
        ("options", options::pipeline_options(&bench)),
        ("splits and labels", options::splits_and_labels_options(&bench)),
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
            if wanted != verdict || (verdict != "same" && why.is_empty()) {
                wrong.push(format!(
                    "{group}, {case}\n  expected {wanted}\n  found    {verdict}"
                ));
            }
            writeln!(made, "{key}\t{verdict}\t{why}").unwrap();
        }
    }
    if std::env::var_os("ECGFM_EDGE").is_some_and(|value| value == "update") {
        fs::write(path, made).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
