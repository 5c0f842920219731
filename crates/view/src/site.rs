//! What is answered to which path.

use crate::error::Result;
use crate::http::{Method, Request, Response};
use crate::pages::{EcgView, ListPage, Pages, shows_saliency};
use crate::reviews::{ReviewBook, Said, statement};
use crate::run::{EcgPlace, Filter, RunIndex, RunPlaces, RunTables, load_index, select};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Whoever draws ECGs, and knows the time.
pub trait Host: Send + Sync {
    /// Draws an ECG, as SVG, with the model's saliency where that is wanted and there is some.
    ///
    /// # Errors
    /// Why it cannot be drawn, in words.
    fn draw(&self, place: &EcgPlace, saliency: bool) -> std::result::Result<String, String>;

    /// Reads what drawings need, before the first is asked for.
    fn prepare(&self) {}

    /// The current time, RFC 3339, UTC.
    fn now(&self) -> String;
}

/// Time that a request waits for the tables before it is told that they are being read.
const WAIT: Duration = Duration::from_secs(2);

/// Lists that are kept: that of the page, and those of the reader's last filters.
const KEPT_LISTS: usize = 4;

/// A filter with the number of the reviews that it was applied to, and the rows that it left.
type KeptList = (Filter, u64, Arc<Vec<u32>>);

/// A run as it is shown: its index, once that is read, and the reader's reviews.
pub(crate) struct Site {
    places: RunPlaces,
    host: Arc<dyn Host>,
    pages: Pages,
    run: OnceLock<OpenRun>,
    loaded: (Mutex<bool>, Condvar),
    lists: Mutex<Vec<KeptList>>,
}

struct OpenRun {
    index: RunIndex,
    tables: RunTables,
    /// The reviews, and the number of their changes.
    reviews: Mutex<(ReviewBook, u64)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced as a whole: a panic elsewhere left nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// A run that is not read yet; `base` begins every path.
    pub(crate) fn new(places: RunPlaces, host: Arc<dyn Host>, base: String) -> Result<Self> {
        Ok(Self {
            pages: Pages::new(base, &places)?,
            places,
            host,
            run: OnceLock::new(),
            loaded: (Mutex::new(false), Condvar::new()),
            lists: Mutex::new(Vec::new()),
        })
    }

    /// Reads what ECGs are found by; then [`Self::answer`] has pages of them. Returns the number of exams.
    ///
    /// # Errors
    /// A table cannot be read.
    pub(crate) fn load(&self) -> Result<usize> {
        let index = load_index(&self.places)?;
        let exams = index.rows();
        let run = OpenRun {
            tables: RunTables::new(&self.places, &index),
            reviews: Mutex::new((ReviewBook::open(&self.places.dir, &index)?, 0)),
            index,
        };
        let _ = self.run.set(run);
        *lock(&self.loaded.0) = true;
        self.loaded.1.notify_all();
        Ok(exams)
    }

    /// Reads where the rows of ECGs are in the other tables, so that pages have them.
    pub(crate) fn open_tables(&self) {
        self.host.prepare();
        if let Some(run) = self.run.get() {
            run.tables.open_all(&run.index);
        }
    }

    /// The run, if it is read in time.
    fn wait_for_run(&self) -> Option<&OpenRun> {
        let waiting = self
            .loaded
            .1
            .wait_timeout_while(lock(&self.loaded.0), WAIT, |loaded| !*loaded);
        drop(waiting);
        self.run.get()
    }

    /// Answers a request that was let in.
    pub(crate) fn answer(&self, path: &str, request: &Request) -> Response {
        match (request.method, path) {
            (Method::Get, "view.css") => return self.pages.style(),
            (Method::Get, "view.js") => return self.pages.script(),
            (Method::Get, "icon.svg") => return self.pages.icon(),
            _ => {}
        }
        let Some(run) = self.wait_for_run() else {
            return self.pages.loading();
        };
        let answered = match (request.method, path) {
            (Method::Get, "") => self.list(run, request),
            (Method::Post, "review") => self.review(run, request),
            (Method::Get, _) => match ecg_path(path) {
                Some((row, "")) => self.ecg(run, row, request),
                Some((row, "/drawing.svg")) => Ok(self.drawing(run, row, shows_saliency(&request.query))),
                _ => Err(Refused(404, "there is no such page".to_owned())),
            },
            (Method::Post, _) => Err(Refused(405, "this page takes no form".to_owned())),
        };
        answered.unwrap_or_else(|Refused(status, why)| self.pages.message(status, &why))
    }

    /// The rows of a filter; those of the last filters are kept.
    fn rows(&self, run: &OpenRun, filter: &Filter) -> Arc<Vec<u32>> {
        let reviews = lock(&run.reviews);
        // Only a filter by verdicts sees their changes.
        let change = if filter.verdict.is_some() { reviews.1 } else { 0 };
        let kept = lock(&self.lists)
            .iter()
            .find(|list| list.0 == *filter && list.1 == change)
            .cloned();
        if let Some((_, _, rows)) = kept {
            return rows;
        }
        let label = |at: Option<usize>| at.and_then(|at| Some(run.index.labels.get(at)?.name.as_str()));
        let book = &reviews.0;
        let rows = select(&run.index, filter, &|row, at, wanted| {
            book.matches(row, label(at), wanted)
        });
        let rows = Arc::new(rows);
        let mut lists = lock(&self.lists);
        lists.insert(0, (filter.clone(), change, Arc::clone(&rows)));
        lists.truncate(KEPT_LISTS);
        rows
    }

    fn list(&self, run: &OpenRun, request: &Request) -> Answered {
        let filter = Filter::parse(&run.index, &request.query).map_err(|why| Refused(400, why))?;
        let rows = self.rows(run, &filter);
        let reviews = lock(&run.reviews);
        let page = ListPage {
            index: &run.index,
            filter: &filter,
            rows: &rows,
            reviews: &reviews.0,
            query: &request.query,
        };
        Ok(self.pages.list(&page))
    }

    fn ecg(&self, run: &OpenRun, row: usize, request: &Request) -> Answered {
        let row = checked_row(run, row)?;
        let filter = Filter::parse(&run.index, &request.query).map_err(|why| Refused(400, why))?;
        let rows = self.rows(run, &filter);
        let tables = run.tables.rows_of(&run.index, row);
        let reviews = lock(&run.reviews);
        let view = EcgView {
            index: &run.index,
            filter: &filter,
            row,
            place: rows.iter().position(|found| *found as usize == row),
            rows: &rows,
            reviews: &reviews.0,
            tables: &tables,
            segments: run.tables.rows_in(ecgfm_artifacts::predictions::MAPPED_FILE, row),
            query: &request.query,
        };
        Ok(self.pages.ecg(&view))
    }

    fn drawing(&self, run: &OpenRun, row: usize, saliency: bool) -> Response {
        let drawn = checked_row(run, row).map_err(|Refused(_, why)| why);
        let drawn = drawn.and_then(|row| run.tables.place_of(&run.index, row));
        match drawn.and_then(|place| self.host.draw(&place, saliency)) {
            Ok(svg) => Response::svg(200, svg),
            Err(why) => self.pages.no_drawing(&why),
        }
    }

    /// Keeps what a reader says, and leads back to the ECG.
    fn review(&self, run: &OpenRun, request: &Request) -> Answered {
        let field = |name: &str| {
            let found = request.form.iter().find(|(field, _)| field == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let bad = |why: &str| Refused(400, why.to_owned());
        let row = field("row").parse().map_err(|_| bad("the form names no ECG"))?;
        let row = checked_row(run, row)?;
        let label = run
            .index
            .labels
            .iter()
            .position(|label| label.name == field("label"));
        let statement = statement(&run.index, row, label)
            .ok_or_else(|| bad("nothing is stated of that label of this ECG that one could agree to"))?;
        let note = field("note").to_owned();
        let said = match field("said") {
            "agree" => Said::Verdict(ecgfm_artifacts::review::Verdict::Agree, note),
            "disagree" => Said::Verdict(ecgfm_artifacts::review::Verdict::Disagree, note),
            "unsure" => Said::Verdict(ecgfm_artifacts::review::Verdict::Unsure, note),
            "note" => Said::Note(note),
            "nothing" => Said::Nothing,
            _ => {
                return Err(bad(
                    "the form says neither agree, disagree, unsure, note nor nothing",
                ));
            }
        };
        let mut reviews = lock(&run.reviews);
        let kept = reviews
            .0
            .keep(&run.index, (row, label), statement, said, self.host.now());
        kept.map_err(|error| Refused(500, format!("this was not kept: {error}")))?;
        reviews.1 += 1;
        Ok(Response::see_other(self.pages.ecg_path(row, &request.query)))
    }
}

/// Status and reason of an answer that is no page.
struct Refused(u16, String);

type Answered = std::result::Result<Response, Refused>;

/// The row and the rest of `ecg/ROW…`.
fn ecg_path(path: &str) -> Option<(usize, &str)> {
    let rest = path.strip_prefix("ecg/")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (row, rest) = rest.split_at(end);
    Some((row.parse().ok()?, rest))
}

fn checked_row(run: &OpenRun, row: usize) -> std::result::Result<usize, Refused> {
    let exams = run.index.rows();
    (row < exams).then_some(row).ok_or_else(|| {
        Refused(
            404,
            format!("there is no ECG {row}: this run has {exams}, from 0 on"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_rows() {
        assert_eq!(ecg_path("ecg/12"), Some((12, "")));
        assert_eq!(ecg_path("ecg/0/drawing.svg"), Some((0, "/drawing.svg")));
        for path in [
            "ecg/",
            "ecg/+1",
            "ecg/..",
            "ecg/99999999999999999999999",
            "../ecg/1",
            "ecg%2f1",
        ] {
            assert_eq!(ecg_path(path), None, "{path}");
        }
    }
}
