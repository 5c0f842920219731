//! The pages: what they show, as text, and their templates.

mod controls;
mod ecg;
mod list;
mod text;

use crate::error::Result;
use crate::http::Response;
use crate::run::RunPlaces;
pub(crate) use ecg::{EcgView, shows_saliency};
pub(crate) use list::ListPage;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use text::Query;

const TEMPLATES: [(&str, &str); 5] = [
    ("base.html", include_str!("../../templates/base.html")),
    ("list.html", include_str!("../../templates/list.html")),
    ("ecg.html", include_str!("../../templates/ecg.html")),
    ("message.html", include_str!("../../templates/message.html")),
    (
        "no_drawing.svg.html",
        include_str!("../../templates/no_drawing.svg.html"),
    ),
];

/// Letters of a line in place of a drawing.
const LINE: usize = 90;

/// Fills in pages.
pub(crate) struct Pages {
    templates: Environment<'static>,
    /// What every path begins with.
    base: String,
}

impl Pages {
    /// Pages whose paths begin with `base`.
    pub(crate) fn new(base: String, places: &RunPlaces) -> Result<Self> {
        let mut templates = Environment::new();
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        // Of digits and slashes.
        templates.add_global("base", Value::from_safe_string(base.clone()));
        templates.add_global("run", &places.title);
        templates.add_global("notice", &places.notice);
        Ok(Self { templates, base })
    }

    pub(crate) fn style(&self) -> Response {
        Response::css(include_str!("../../templates/view.css"))
    }

    pub(crate) fn icon(&self) -> Response {
        Response::svg(200, include_str!("../../templates/icon.svg").to_owned())
    }

    pub(crate) fn script(&self) -> Response {
        Response::script(include_str!("../../templates/view.js"))
    }

    /// The list of ECGs.
    pub(crate) fn list(&self, page: &ListPage<'_>) -> Response {
        self.render("list.html", 200, Serde(&list::describe(page, &self.base)))
    }

    /// An ECG.
    pub(crate) fn ecg(&self, view: &EcgView<'_>) -> Response {
        self.render("ecg.html", 200, Serde(&ecg::describe(view, &self.base)))
    }

    /// Path of an ECG's page, in the list of a query.
    pub(crate) fn ecg_path(&self, row: usize, query: &Query) -> String {
        text::ecg_path(&self.base, row, query)
    }

    /// A sentence in place of a page.
    pub(crate) fn message(&self, status: u16, what: &str) -> Response {
        self.render("message.html", status, context! { what })
    }

    /// A page that asks again, while the run is read.
    pub(crate) fn loading(&self) -> Response {
        let what = "The tables of the run are being read. This page asks again every second.";
        self.render("message.html", 503, context! { what, again => true })
    }

    /// A sentence in place of a drawing.
    pub(crate) fn no_drawing(&self, why: &str) -> Response {
        let mut lines = vec![String::new()];
        for word in why.split_whitespace() {
            match lines.last_mut() {
                Some(line) if line.is_empty() || line.chars().count() + word.chars().count() < LINE => {
                    *line += word;
                    line.push(' ');
                }
                _ => lines.push(format!("{word} ")),
            }
        }
        let height = 40 + 20 * lines.len();
        match self.fill("no_drawing.svg.html", context! { lines, height }) {
            Ok(svg) => Response::svg(404, svg),
            Err(error) => Response::text(500, &error.to_string()),
        }
    }

    fn render(&self, template: &str, status: u16, page: impl Into<Value>) -> Response {
        match self.fill(template, page) {
            Ok(html) => Response::html(status, html),
            Err(error) => Response::text(500, &format!("a page could not be filled in: {error}")),
        }
    }

    fn fill(&self, template: &str, page: impl Into<Value>) -> std::result::Result<String, minijinja::Error> {
        self.templates.get_template(template)?.render(page)
    }
}
