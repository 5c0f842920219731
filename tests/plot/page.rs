//! The report in a browser and on paper.

use crate::browser::browse;
use crate::common::browser::Browser;
use crate::common::{self, axe, chromium, ecgfm, ok};
use crate::{sample, script, sheets};
use std::path::Path;
use std::process::Command;

#[test]
fn the_page_of_the_sample_in_a_browser_and_on_paper_and_that_of_real_ecgs() {
    let dir = tempfile::tempdir().unwrap();
    // So few ECGs have no group large enough else.
    sample(dir.path(), &["evaluate.subgroups={by: [sex], min_cell: 3}"]);
    let dir = dir.path();
    without_scripts_the_results_are_text(dir);
    the_report_loads_nothing_says_nothing_on_the_console_and_shows_every_figure(dir);
    the_report_prints_true_to_scale(dir);
    script::a_moved_threshold_says_what_evaluation_at_it_says(dir);
    script::tables_are_sorted_and_copied_and_examples_filtered(dir);
    the_results_are_seen_at_once_on_a_screen_and_are_cards_on_a_telephone(dir);
    the_report_is_accessible(dir);
    every_drawing_of_real_ecgs_shows_all_twelve_leads(dir);
}

fn the_report_loads_nothing_says_nothing_on_the_console_and_shows_every_figure(dir: &Path) {
    let Some(browser) = chromium() else { return };
    let page = dir.join("code15/sample/report/report.html");
    let output = browse(browser, dir, &page, "--dump-dom");
    let (dom, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(!said.contains("CONSOLE"), "{said}");
    // What the page could load, it would have to name.
    let html = std::fs::read_to_string(&page).unwrap();
    for loader in [
        "src=",
        "<link",
        "@import",
        "url(http",
        "<iframe",
        "<object",
        "http-equiv=\"refresh\"",
    ] {
        assert!(!html.contains(loader), "{loader}");
    }
    assert!(html.contains("default-src 'none'"));
    assert!(dom.contains("type=\"range\""), "the page's script may run");
    let plots = std::fs::read_dir(page.with_file_name("plots")).unwrap().flatten();
    let names: Vec<String> = plots
        .map(|p| p.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.len() > 24, "{names:?}");
    assert!(names.contains(&"subgroups_sex.svg".to_owned()), "{names:?}");
    for name in &names {
        assert!(
            dom.contains(&format!("plots/{name}")),
            "{name} is not on the page"
        );
    }
    assert_eq!(
        dom.matches("role=\"img\"").count() - dom.matches("if-narrow\" viewBox").count(),
        names.len(),
        "every figure is drawn on the page"
    );
    assert!(
        dom.contains("id=\"subgroups\"") && dom.contains("id=\"ecgs\"") && dom.contains("data-lead=\"V6\"")
    );
}

fn the_report_is_accessible(dir: &Path) {
    let (Some(program), Some(axe)) = (chromium(), axe::source()) else {
        return;
    };
    let mut browser = Browser::start(program, &dir.join("profile_of_axe"));
    let page = format!(
        "file://{}",
        dir.join("code15/sample/report/report.html").display()
    );
    axe::find_no_violation(
        &mut browser,
        &axe,
        &page,
        "document.querySelector('.copy') != null",
    );
}

/// Sheets of text and of ECGs when a page is printed: A4, portrait and landscape, none of them shrunk.
fn printed_sheets(browser: &str, python: &mut Command, dir: &Path, page: &Path) -> (usize, usize) {
    let pdf = dir.join("report.pdf");
    browse(browser, dir, page, &format!("--print-to-pdf={}", pdf.display()));
    let said = ok(python
        .arg(common::root().join("tests/python/printed_scale.py"))
        .arg(&pdf));
    let sheets = |sheet: &str| said.lines().filter(|line| *line == sheet).count();
    let (text, ecgs) = (sheets("210 297 0.7500"), sheets("297 210 0.7500"));
    assert_eq!(text + ecgs, said.lines().count(), "{said}");
    (text, ecgs)
}

fn the_report_prints_true_to_scale(dir: &Path) {
    let (Some(browser), Some(mut python)) = (chromium(), common::python()) else {
        return;
    };
    let page = dir.join("code15/sample/report/report.html");
    let (text, ecgs) = printed_sheets(browser, &mut python, dir, &page);
    assert_eq!(ecgs, 4);
    assert!(text + ecgs <= 12, "{text} sheets of text");
}

#[test]
fn a_report_of_26_labels_prints_true_to_scale_on_sheets_that_cut_nothing_and_is_no_wider_than_a_telephone() {
    let (Some(browser), Some(mut python)) = (chromium(), common::python()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut command = ecgfm();
    command
        .args(["run", "physionet2021", "--quiet", "--workdir"])
        .arg(dir.path());
    ok(command
        .args(["--set", "synth.exams=100", "--set", "evaluate.bootstrap=20"])
        // As many rows of subgroups as so few ECGs give.
        .args([
            "--set",
            "evaluate.subgroups={by: [sex, age], age_bands: [40, 50, 60, 75], min_cell: 1}",
        ]));
    let page = dir.path().join("physionet2021/sample/report/report.html");
    let (text, ecgs) = printed_sheets(browser, &mut python, dir.path(), &page);
    assert!(ecgs == 4 && text > 8, "{text} {ecgs}");
    sheets::no_figure_is_higher_than_a_sheet(browser, dir.path(), &page);
    sheets::no_sheet_is_nearly_empty(&dir.path().join("report.pdf"), &page);
    let narrow = measure(browser, dir.path(), &page, 390);
    assert!(number(&narrow, "content") <= 390, "{narrow}");
}

/// The committed schema, held against what a run leaves by Python's jsonschema.
#[test]
fn metrics_json_is_what_its_schema_says() {
    let Some(mut python) = common::python() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), &["evaluate.interval=bca"]);
    let program = "import json, sys\nfrom jsonschema import Draft202012Validator as V\n\
                   schema, found = (json.load(open(p)) for p in sys.argv[1:])\nV.check_schema(schema)\n\
                   V(schema).validate(found)\nfound['units'][0]['labels'][0]['auroc'] = 1\nprint(V(schema).is_valid(found))";
    let said = ok(python
        .args(["-c", program])
        .arg(common::root().join("docs/schema/metrics.schema.json"))
        .arg(dir.path().join("code15/sample/evaluate/metrics.json")));
    assert_eq!(said.trim(), "False", "and what is not in the schema is refused");
    let tripod = std::fs::read_to_string(dir.path().join("code15/sample/evaluate/tripod.json")).unwrap();
    let tripod: serde_json::Value = serde_json::from_str(&tripod).unwrap();
    let items = tripod["items"].as_array().unwrap();
    let names: std::collections::BTreeSet<&str> = items.iter().map(|i| i["item"].as_str().unwrap()).collect();
    assert_eq!((items.len(), names.len()), (52, 52), "the checklist has 52 items");
    assert!(items.iter().any(|i| i["attested"] == "no") && items.iter().any(|i| i["attested"] == "yes"));
}

/// What a page measures of itself: the lower end of the results' table, the width of its content and of its window, whether a row of
/// the results is a card, which forest plots it shows, and how far to the right these reach.
const MEASURE: &str = "<script>addEventListener('load', () => {
  const table = document.querySelector('table.results');
  const row = table.querySelector('tbody tr');
  document.documentElement.dataset.bottom = Math.ceil(table.getBoundingClientRect().bottom + scrollY);
  document.documentElement.dataset.content = document.documentElement.scrollWidth;
  document.documentElement.dataset.window = innerWidth;
  document.documentElement.dataset.row = getComputedStyle(row).display;
  document.documentElement.dataset.table = table.scrollWidth;
  document.documentElement.dataset.shown = table.parentElement.clientWidth;
  const forests = [...document.querySelectorAll('figure.wide svg')].filter((svg) => svg.getBoundingClientRect().width > 0);
  document.documentElement.dataset.forests = [...new Set(forests.map((svg) => svg.classList[1]))];
  document.documentElement.dataset.reach = Math.ceil(Math.max(...forests.map((svg) => svg.getBoundingClientRect().right)));
  parent.postMessage(JSON.stringify(document.documentElement.dataset), '*');
});</script>";

/// Measures a page in a frame of a width, as a window of that width would show it.
fn measure(browser: &str, dir: &Path, page: &Path, width: u32) -> serde_json::Value {
    let html = std::fs::read_to_string(page).unwrap();
    // The page itself allows no script.
    let (before, rest) = html
        .split_once("<meta http-equiv=\"Content-Security-Policy\"")
        .unwrap();
    let (_, after) = rest.split_once('>').unwrap();
    let open = page.with_file_name("measured.html");
    std::fs::write(
        &open,
        format!("{before}{after}").replace("</head>", &format!("{MEASURE}</head>")),
    )
    .unwrap();
    let frame = dir.join(format!("frame{width}.html"));
    let outer = format!(
        "<iframe style=\"width:{width}px;height:900px;border:0\" src=\"file://{}\"></iframe><pre id=\"said\"></pre>\
         <script>addEventListener('message', m => document.getElementById('said').textContent = m.data)</script>",
        open.display()
    );
    std::fs::write(&frame, outer).unwrap();
    let output = browse(browser, dir, &frame, "--dump-dom");
    std::fs::remove_file(&open).unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let said = dom
        .split_once("<pre id=\"said\">")
        .unwrap()
        .1
        .split_once("</pre>")
        .unwrap()
        .0;
    serde_json::from_str(said).unwrap_or_else(|error| panic!("{error}: {dom}"))
}

/// A number that a page measured.
fn number(said: &serde_json::Value, name: &str) -> u32 {
    said[name].as_str().unwrap().parse().unwrap()
}

fn the_results_are_seen_at_once_on_a_screen_and_are_cards_on_a_telephone(dir: &Path) {
    let Some(browser) = chromium() else { return };
    let page = dir.join("code15/sample/report/report.html");
    let wide = measure(browser, dir, &page, 1400);
    assert_eq!(
        (number(&wide, "window"), &wide["row"]),
        (1400, &"table-row".into()),
        "{wide}"
    );
    assert!(number(&wide, "bottom") <= 900, "{wide}");
    assert!(
        number(&wide, "table") <= number(&wide, "shown"),
        "no column is cut: {wide}"
    );
    assert_eq!(wide["forests"], "if-wide", "{wide}");
    for width in [390, 320] {
        let narrow = measure(browser, dir, &page, width);
        assert_eq!(
            (number(&narrow, "window"), &narrow["row"]),
            (width, &"grid".into()),
            "{narrow}"
        );
        assert!(number(&narrow, "content") <= width, "{narrow}");
        assert!(number(&narrow, "table") <= number(&narrow, "shown"), "{narrow}");
        assert!(
            narrow["forests"] == "if-narrow" && number(&narrow, "reach") <= width,
            "{narrow}"
        );
    }
}

fn without_scripts_the_results_are_text(dir: &Path) {
    let run = dir.join("code15/sample");
    let html = std::fs::read_to_string(run.join("report/report.html")).unwrap();
    let metrics: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(run.join("evaluate/metrics.json")).unwrap()).unwrap();
    let ecg = metrics["units"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["unit"] == "ecg")
        .unwrap();
    let (_, results) = html.split_once("<section id=\"results\">").unwrap();
    let (results, _) = results.split_once("</section>").unwrap();
    for label in ecg["labels"].as_array().unwrap() {
        for statistic in ["auroc", "auprc", "sensitivity", "specificity", "ppv"] {
            let value = label["estimates"][statistic]["value"].as_f64();
            let text = value.map_or("n&#x2f;a".to_owned(), |value| format!("{value:.3}"));
            let row = results
                .split_once(&format!("\">{}</abbr></th>", label["label"].as_str().unwrap()))
                .unwrap()
                .1;
            let row = row.split_once("</tr>").unwrap().0;
            assert!(row.contains(&text), "{statistic} {text}: {row}");
        }
    }
}

/// Ten real ECGs of CODE-15 by the demo model of the sample: most of them last 7.3 s.
fn every_drawing_of_real_ecgs_shows_all_twelve_leads(dir: &Path) {
    let Some(archive) = common::reference().map(|reference| reference.join("code15_mini")) else {
        return;
    };
    let checkpoint = dir.join("code15/sample/demo_model/demo.pt");
    ok(ecgfm()
        .args(["run", "code15", "--profile", "full", "--quiet", "--workdir"])
        .arg(dir)
        .args(["--set", &format!("vars.raw={}", archive.display())])
        .args(["--set", &format!("vars.checkpoint={}", checkpoint.display())])
        .args([
            "--set",
            "splits.fractions=[0.1,0.1,0.8]",
            "--set",
            "vars.mapping=physionet2021_to_code15_with_1davb",
        ]));
    let plots = std::fs::read_dir(dir.join("code15/full/report/plots"))
        .unwrap()
        .flatten();
    let drawings: Vec<_> = plots
        .map(|file| file.path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("ecg_"))
        .collect();
    assert!(drawings.len() > 8, "{drawings:?}");
    for drawing in drawings {
        let svg = std::fs::read_to_string(&drawing).unwrap();
        for lead in [
            "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
        ] {
            let trace = svg
                .split_once(&format!("data-lead=\"{lead}\" d=\""))
                .map(|(_, rest)| rest);
            let points = trace.map_or(0, |rest| {
                rest.split('"').next().unwrap().split_whitespace().count() / 2
            });
            assert!(points > 1000, "{}: {lead} has {points} points", drawing.display());
        }
    }
}
