//! A chart: its drawing, and what it shows in words.

use crate::text::escape;

/// Colours of both themes; the page and every file of its own share it.
pub(crate) const STYLE: &str = include_str!("../../templates/chart.css");

/// Room for a notice below a chart.
const NOTICE_HEIGHT: f64 = 22.0;
const NOTICE_MILLIMETRES: f64 = 7.0;

/// SVG elements, and the size of what they draw, in user units.
#[derive(Debug, Clone)]
pub(crate) struct Drawing {
    /// Width and height.
    pub(crate) size: (f64, f64),
    /// The elements.
    pub(crate) body: String,
}

/// A chart: what it shows in words, and its drawing.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// A few words.
    pub(crate) title: String,
    /// Description for a reader who cannot see it.
    pub(crate) description: String,
    /// Width and height, in user units.
    pub(crate) size: (f64, f64),
    /// Sizes are millimetres, to be printed as such.
    pub(crate) millimetres: bool,
    /// SVG elements.
    pub(crate) body: String,
    /// What the page shows instead, where that differs.
    pub(crate) on_page: Option<PageDrawings>,
}

/// A chart as the page shows it.
#[derive(Debug, Clone)]
pub(crate) struct PageDrawings {
    /// The chart from top to bottom; each part fits a sheet of paper.
    pub(crate) parts: Vec<ChartPart>,
    /// The same for a narrow window, where the chart would be too small to read.
    pub(crate) narrow: Drawing,
}

/// Part of a chart.
#[derive(Debug, Clone)]
pub(crate) struct ChartPart {
    /// What it shows of the chart, in a few words.
    pub(crate) of: String,
    /// Its drawing.
    pub(crate) drawing: Drawing,
}

/// First sentence of a notice: what stands at the foot of a file.
pub(crate) fn first_sentence(notice: &str) -> &str {
    notice.split_inclusive(". ").next().unwrap_or(notice).trim_end()
}

impl Chart {
    /// The chart for inside the page. `id` is unique there. The style of the page shows its parts, or the narrow drawing.
    pub(crate) fn inline(&self, id: &str) -> String {
        let Some(on_page) = &self.on_page else {
            return self.element(id, "chart", "", "");
        };
        let count = on_page.parts.len();
        let part = |(at, part): (usize, &ChartPart)| {
            let number = at + 1;
            let (id, chart) = match number {
                1 => (id.to_owned(), self.part(part, (number, count))),
                _ => (format!("{id}-{number}"), self.part(part, (number, count))),
            };
            chart.element(&id, "chart if-wide", "", "")
        };
        let wide: String = on_page.parts.iter().enumerate().map(part).collect();
        let narrow = self.drawn(&on_page.narrow);
        wide + &narrow.element(&format!("{id}-narrow"), "chart if-narrow", "", "")
    }

    /// The chart in another drawing.
    fn drawn(&self, drawing: &Drawing) -> Self {
        Self {
            size: drawing.size,
            body: drawing.body.clone(),
            on_page: None,
            ..self.clone()
        }
    }

    /// A part of several, which says which it is; the first has the description of all.
    fn part(&self, part: &ChartPart, (number, count): (usize, usize)) -> Self {
        let chart = self.drawn(&part.drawing);
        if count == 1 {
            return chart;
        }
        Self {
            title: format!("{}, part {number} of {count}", self.title),
            description: match number {
                1 => format!("{} Here {}.", self.description, part.of),
                _ => format!("The same of {}.", part.of),
            },
            ..chart
        }
    }

    /// The chart as a file of its own, with the first sentence of the notice at its foot: a file travels alone.
    pub(crate) fn file(&self, notice: Option<&str>) -> String {
        let style = format!("<style>{STYLE}</style><rect class=\"ground\" width=\"100%\" height=\"100%\"/>");
        match notice {
            None => self.document(&style),
            Some(notice) => self.with_footnote(notice).document(&style),
        }
    }

    fn with_footnote(&self, notice: &str) -> Self {
        let (width, height) = self.size;
        let first = first_sentence(notice);
        let room = if self.millimetres {
            NOTICE_MILLIMETRES
        } else {
            NOTICE_HEIGHT
        };
        let (x, y) = (width / 2.0, height + room * 0.6);
        let class = if self.millimetres {
            "notice paper-notice"
        } else {
            "notice"
        };
        let line = format!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
            escape(first)
        );
        Self {
            title: self.title.clone(),
            description: format!("{notice} {}", self.description),
            size: (width, height + room),
            millimetres: self.millimetres,
            body: format!("{}{line}", self.body),
            on_page: None,
        }
    }

    fn document(&self, style: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        out.push_str(&self.element("chart", "chart", " xmlns=\"http://www.w3.org/2000/svg\"", style));
        out.push('\n');
        out
    }

    fn element(&self, id: &str, class: &str, attributes: &str, head: &str) -> String {
        let (width, height) = self.size;
        let scale = if self.millimetres {
            format!(" width=\"{width}mm\" height=\"{height}mm\"")
        } else {
            String::new()
        };
        format!(
            "<svg{attributes} class=\"{class}\"{scale} viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>{head}{}</svg>",
            escape(&self.title),
            escape(&self.description),
            self.body,
        )
    }
}
