//! Sheets of a printed report: nothing on them is cut, and none is nearly empty.

use crate::common::browser::Browser;
use crate::figures::poppler;
use serde_json::json;
use std::path::Path;

/// Width and height of the text on a sheet of A4 with margins of 12 mm, in CSS pixels.
const SHEET: (u32, u32) = (703, 1031);

/// What a sheet has to show whole, by its height as printed: figures, and the charts of those that may go over several sheets.
const HEIGHTS: &str = "JSON.stringify([...document.querySelectorAll('figure:not(.wide, .ecg), figure.wide svg, figure.wide figcaption, .key')]\
  .map((part) => [part.tagName + ' ' + part.getAttribute('class'), part.closest('section').id, part.getBoundingClientRect().height])\
  .filter(([, , height]) => height > 0))";

/// Checks, in print, that every figure fits a sheet with its heading and caption, and that forest plots of the subgroups are in parts.
pub(crate) fn no_figure_is_higher_than_a_sheet(program: &str, dir: &Path, page: &Path) {
    let mut browser = Browser::start(program, &dir.join("profile_of_sheets"));
    let size = json!({"width": SHEET.0, "height": SHEET.1, "deviceScaleFactor": 1, "mobile": false});
    browser.send("Emulation.setDeviceMetricsOverride", size);
    browser.send("Emulation.setEmulatedMedia", json!({"media": "print"}));
    browser.open(&format!("file://{}", page.display()));
    browser.wait_for("document.querySelector('#subgroups svg') != null");
    browser.value("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })");
    let said = browser.value(HEIGHTS);
    let parts: Vec<(String, String, f64)> = serde_json::from_str(said.as_str().unwrap()).unwrap();
    let forests = parts.iter().filter(|(_, section, _)| section == "subgroups");
    assert!(forests.count() > 8 && parts.len() > 100, "{parts:?}");
    // A chart of a forest plot takes less than half of a sheet.
    for (name, section, height) in parts {
        let most = if section == "subgroups" { 0.48 } else { 0.8 };
        assert!(
            height <= most * f64::from(SHEET.1),
            "{section} {name}: {height} px"
        );
    }
}

/// Checks that every sheet of text is filled well enough, and that none ends with a heading.
pub(crate) fn no_sheet_is_nearly_empty(pdf: &Path, page: &Path) {
    let Some(words) = poppler("pdftotext", &["-bbox"], pdf) else {
        return;
    };
    let sheets: Vec<Sheet> = words.split("<page ").skip(1).map(read_sheet).collect();
    assert!(sheets.len() > 20, "{}", sheets.len());
    let headings = headings(&std::fs::read_to_string(page).unwrap());
    for (at, pair) in sheets.windows(2).enumerate() {
        let [sheet, next] = pair else { continue };
        // ECGs begin on a sheet of their own.
        if sheet.landscape || next.landscape {
            continue;
        }
        let place = format!("sheet {}, which ends with `{}`", at + 1, sheet.last_line);
        assert!(sheet.filled > 0.4, "{} of {place}", sheet.filled);
        assert!(!headings.contains(&sheet.last_line), "{place}");
    }
}

/// Sheet of a PDF.
struct Sheet {
    landscape: bool,
    /// Share of its height that words reach.
    filled: f64,
    last_line: String,
}

/// Reads a page as `pdftotext -bbox` writes it.
fn read_sheet(page: &str) -> Sheet {
    let number = |text: &str, name: &str| -> f64 {
        let value = text.split_once(&format!("{name}=\"")).unwrap().1;
        value.split('"').next().unwrap().parse().unwrap()
    };
    let words = || page.split("<word ").skip(1);
    let lowest = words().map(|word| number(word, "yMax")).fold(0.0, f64::max);
    let text = |word: &str| {
        word.split_once('>')
            .unwrap()
            .1
            .split('<')
            .next()
            .unwrap()
            .to_owned()
    };
    let last = words().filter(|word| number(word, "yMax") > lowest - 3.0);
    Sheet {
        landscape: number(page, "width") > number(page, "height"),
        filled: lowest / number(page, "height"),
        last_line: last.map(text).collect::<Vec<_>>().join(" "),
    }
}

/// Texts of the page's headings and folds.
fn headings(html: &str) -> Vec<String> {
    let of = |name: &str| -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let after = html.split(open.as_str()).skip(1);
        after
            .map(|rest| rest.split(close.as_str()).next().unwrap().to_owned())
            .filter(|text| !text.contains('<'))
            .collect()
    };
    ["h2", "h3", "summary"].into_iter().flat_map(of).collect()
}
