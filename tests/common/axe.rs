//! axe-core, which judges the accessibility of a page in a browser.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use super::browser::Browser;
use super::root;
use serde_json::{Value, json};

/// The widths of a screen and of a telephone.
const WIDTHS: [u32; 2] = [1400, 390];

/// axe-core as a script, unless it is not there; then the test says so and should return.
pub fn source() -> Option<String> {
    let file = root().join(".tools/axe/node_modules/axe-core/axe.min.js");
    let found = std::fs::read_to_string(&file).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: no axe-core at {}; run tools/setup test, with npm",
            file.display()
        );
    }
    found
}

/// Opens an address, and has axe-core find nothing on the page: wide and narrow, light and dark, with every fold open.
pub fn find_no_violation(page: &mut Browser, axe: &str, url: &str, ready: &str) {
    // The page allows no script but its own.
    page.send("Page.setBypassCSP", json!({"enabled": true}));
    for (width, scheme) in WIDTHS
        .into_iter()
        .flat_map(|width| [(width, "light"), (width, "dark")])
    {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        page.send("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        page.send("Emulation.setEmulatedMedia", json!({"features": features}));
        page.open(url);
        page.wait_for(ready);
        page.value("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })");
        page.value(axe);
        let found = page.promised("axe.run().then(({ violations, passes }) => ({ violations, passes: passes.map(({ id }) => id) }))");
        let place = format!("{url} at {width} px, {scheme}");
        let passed = found["passes"].as_array().unwrap();
        assert!(
            passed.contains(&json!("color-contrast")) && passed.len() > 15,
            "{place}: {passed:?}"
        );
        assert!(
            found["violations"].as_array().unwrap().is_empty(),
            "{place}:\n{}",
            listed(&found["violations"])
        );
    }
}

/// Violations, an element a line.
fn listed(violations: &Value) -> String {
    let mut lines = String::new();
    for violation in violations.as_array().unwrap() {
        for node in violation["nodes"].as_array().unwrap() {
            lines += &format!(
                "{}: {} {}\n  {}\n",
                violation["id"], node["target"], node["html"], node["failureSummary"]
            );
        }
    }
    lines
}
