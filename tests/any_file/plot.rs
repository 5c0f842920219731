//! `ecgfm plot` of recordings in any format.

use crate::common::ok;
use crate::files::{LEADS, failed, program, write_csv, write_muse, write_wfdb};
use std::path::Path;

fn drawn(path: &Path, further: &[&str]) -> String {
    ok(program(["plot", "-o", "-"]).arg(path).args(further))
}

/// Points of a lead's trace.
fn trace<'a>(svg: &'a str, lead: &str) -> &'a str {
    let (_, rest) = svg.split_once(&format!("data-lead=\"{lead}\" d=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn leads_are_drawn_by_name_in_millivolts_at_the_rate_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut reversed = LEADS;
    reversed.reverse();
    write_wfdb(&dir.path().join("a"), "r", &LEADS, str::to_owned, 500.0);
    write_wfdb(&dir.path().join("b"), "r", &reversed, str::to_lowercase, 500.0);
    let (a, b) = (
        drawn(&dir.path().join("a/r.hea"), &[]),
        drawn(&dir.path().join("b/r.hea"), &[]),
    );
    for lead in LEADS {
        assert_eq!(trace(&a, lead), trace(&b, lead), "{lead}");
    }
    assert!(a.contains("· 500 Hz · 10.0 s") && a.contains("in mV; each lead about its median"));
    assert!(a.contains("filters: none stated"));
    for (further, words) in [
        (["--rate", "400"], "states 500 Hz, and --rate says 400"),
        (["--units-per-mv", "1.8"], "in mV, and --units-per-mv says 1.8"),
    ] {
        let (code, message) = failed(
            program(["plot", "-o", "-"])
                .arg(dir.path().join("a/r.hea"))
                .args(further),
        );
        assert!(code == Some(3) && message.contains(words), "{message}");
    }
}

#[test]
fn missing_leads_are_drawn_as_missing_and_derived_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    write_wfdb(dir.path(), "r", &LEADS[..8], str::to_owned, 500.0);
    let svg = drawn(&dir.path().join("r.hea"), &[]);
    assert!(svg.contains("not in the file: V3, V4, V5, V6"));
    assert_eq!(svg.matches("no values</tspan>").count(), 4);
    assert!(!svg.contains("data-lead=\"V3\"") && svg.contains("data-lead=\"V2\""));
    let muse = dir.path().join("m.xml");
    write_muse(&muse);
    let svg = drawn(&muse, &[]);
    assert!(svg.contains("computed from other leads: III, aVR, aVL, aVF"));
    assert_eq!(svg.matches("data-lead=").count(), 13);
    let csv = dir.path().join("x.csv");
    write_csv(&csv);
    assert!(drawn(&csv, &["--rate", "400", "--unit", "mV"]).contains("· 400 Hz · 10.0 s"));
}
