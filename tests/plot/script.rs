//! What the report's script does, in a browser.

use crate::browser::browse;
use crate::common::chromium;
use crate::sample;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::path::Path;

/// What a script inside the page finds out by doing `act`, which leaves it in `found`.
fn find_out(browser: &str, dir: &Path, page: &Path, act: &str) -> serde_json::Value {
    let html = std::fs::read_to_string(page).unwrap();
    let (before, rest) = html
        .split_once("<meta http-equiv=\"Content-Security-Policy\"")
        .unwrap();
    let (_, after) = rest.split_once('>').unwrap();
    let script = format!(
        "<script>addEventListener('load', () => {{ const found = {{}}; {act}
         document.body.replaceChildren(Object.assign(document.createElement('pre'), \
         {{ id: 'found', textContent: btoa(unescape(encodeURIComponent(JSON.stringify(found)))) }})); }});</script>"
    );
    let open = page.with_file_name("acted.html");
    std::fs::write(
        &open,
        format!("{before}{after}").replace("</head>", &format!("{script}</head>")),
    )
    .unwrap();
    let output = browse(browser, dir, &open, "--dump-dom");
    std::fs::remove_file(&open).unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let (_, found) = dom.split_once("<pre id=\"found\">").unwrap();
    let (found, _) = found.split_once("</pre>").unwrap();
    let bytes = BASE64_STANDARD.decode(found).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn a_moved_threshold_says_what_evaluation_at_it_says(dir: &Path) {
    let Some(browser) = chromium() else { return };
    let other = tempfile::tempdir().unwrap();
    let threshold = 0.3;
    sample(other.path(), &[&format!("predict.threshold={threshold}")]);
    let page = dir.join("code15/sample/report/report.html");
    let act = format!(
        "for (const place of document.querySelectorAll('.threshold-slider')) {{
           const label = place.dataset.label, slider = place.querySelector('input');
           const of = JSON.parse(document.getElementById('numbers').textContent).units.find((u) => u.unit === 'ecg').labels
             .find((l) => l.label === label);
           slider.value = of.operating_points.threshold.indexOf({threshold});
           slider.dispatchEvent(new Event('input'));
           found[label] = {{ at: place.querySelector('output').textContent }};
           for (const cell of place.querySelectorAll('dd')) Object.assign(found[label], cell.dataset);
           const [roc, pr] = [...place.nextElementSibling.querySelectorAll('svg')];
           found[label].roc = ['cx', 'cy'].map((a) => roc.querySelector('circle.moved').getAttribute(a));
           found[label].points = pr.querySelectorAll('circle.moved').length;
         }}"
    );
    let found = find_out(browser, dir, &page, &act);
    let text = std::fs::read_to_string(other.path().join("code15/sample/evaluate/metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&text).unwrap();
    let units = metrics["units"].as_array().unwrap();
    let labels = units.iter().find(|unit| unit["unit"] == "ecg").unwrap()["labels"]
        .as_array()
        .unwrap();
    assert!(
        labels.len() > 4 && found.as_object().unwrap().len() == labels.len(),
        "{found}"
    );
    let number = |text: &serde_json::Value| text.as_str().unwrap().parse::<f64>().unwrap();
    for label in labels {
        let found = &found[label["label"].as_str().unwrap()];
        assert_eq!(found["at"], threshold.to_string(), "{found}");
        for count in ["tp", "fp", "fn", "tn"] {
            assert_eq!(
                number(&found[count]),
                label["counts"][count].as_f64().unwrap(),
                "{count} {found}"
            );
        }
        for statistic in ["sensitivity", "specificity", "ppv", "npv"] {
            let (moved, evaluated) = (number(&found[statistic]), &label["estimates"][statistic]["value"]);
            match evaluated.as_f64() {
                Some(evaluated) => assert!((moved - evaluated).abs() < 1e-12, "{statistic} {found}"),
                None => assert!(moved.is_nan(), "{statistic} {found}"),
            }
        }
        // The chart's plane: 276 wide from 50 on, 238 high down to 254.
        let (x, y) = (number(&found["roc"][0]), number(&found["roc"][1]));
        assert!(
            (x - 50.0 - 276.0 * (1.0 - number(&found["specificity"]))).abs() < 1e-6,
            "{found}"
        );
        assert!(
            (254.0 - y - 238.0 * number(&found["sensitivity"])).abs() < 1e-6,
            "{found}"
        );
        assert_eq!(found["points"], 1, "{found}");
    }
}

pub(crate) fn tables_are_sorted_and_copied_and_examples_filtered(dir: &Path) {
    let Some(browser) = chromium() else { return };
    let page = dir.join("code15/sample/report/report.html");
    let act = "const table = document.querySelector('table.results');
        const column = (n) => [...table.tBodies[0].rows].map((row) => row.cells[n].textContent);
        const sort = table.tHead.rows[0].cells[2].querySelector('button');
        const labels = table.tHead.rows[0].cells[0].querySelector('button');
        labels.click(); found.labels = column(0);
        sort.click(); found.up = column(2);
        sort.click(); found.down = column(2); found.order = table.tHead.rows[0].cells[2].getAttribute('aria-sort');
        found.last = column(0).at(-1);
        const copied = []; document.execCommand = () => copied.push(document.activeElement.value);
        Object.defineProperty(navigator, 'clipboard', { value: { writeText: (text) => { copied.push(text); } } });
        for (const button of table.closest('.scroll').querySelectorAll('details.copy button')) {
          button.click();
        }
        found.copied = copied;
        const kind = document.getElementById('examples-kind');
        kind.value = 'rightly predicted'; kind.dispatchEvent(new Event('change'));
        const examples = [...document.querySelectorAll('.example')];
        found.examples = [examples.length, examples.filter((e) => !e.hidden).length, examples.filter((e) => !e.hidden && e.dataset.kind !== kind.value).length];";
    let found = find_out(browser, dir, &page, act);
    let mut labels: Vec<&str> = found["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(labels.pop(), Some("mean"), "{found}");
    let mut sorted = labels.clone();
    sorted.sort_by_key(|label| label.to_lowercase());
    assert_eq!((labels.len(), labels), (6, sorted));
    let numbers = |name: &str| -> Vec<u32> {
        let all = found[name].as_array().unwrap().iter();
        all.map(|text| text.as_str().unwrap())
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().unwrap())
            .collect()
    };
    let (up, mut down) = (numbers("up"), numbers("down"));
    assert!(up.len() > 4 && up.is_sorted() && !down.is_sorted(), "{found}");
    down.reverse();
    assert!(down.is_sorted() && found["order"] == "descending", "{found}");
    assert_eq!(found["last"], "mean", "{found}");
    let copied: Vec<&str> = found["copied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(copied.len(), 3, "{found}");
    assert!(
        copied[0].starts_with("Label,n,positives,AUROC,AUPRC,"),
        "{}",
        copied[0]
    );
    assert!(copied[1].starts_with("| Label | n |"), "{}", copied[1]);
    assert!(copied[2].starts_with("\\begin{tabular}{lrr"), "{}", copied[2]);
    assert!(copied.iter().all(|text| text.lines().count() > 6), "{found}");
    let examples: Vec<u64> = found["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap())
        .collect();
    assert!(
        examples[0] > examples[1] && examples[1] > 0 && examples[2] == 0,
        "{found}"
    );
}
