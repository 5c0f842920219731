//! Pages for looking at the ECGs of a run in a browser, served on 127.0.0.1 to whoever knows the token, and a reader's verdicts on
//! them.
//!
//! [`Server`] listens; [`show_run`] answers with the pages of a run. What ECGs are filtered and sorted by is read into columns; the
//! rest stays in the run's files and is read where it is shown. Nothing of the run is changed: a verdict goes into
//! [`review.csv`](ecgfm_artifacts::review) beside its stages. Drawing an ECG needs its archive, which this crate does not know: that is
//! the [`Host`]'s.

mod error;
mod http;
mod pages;
mod reviews;
mod run;
mod site;

pub use error::{Error, Result};
pub use http::{RunningServer, Server};
pub use run::{EcgPlace, KeptPlace, RunPlaces};
pub use site::Host;

use site::Site;
use std::sync::Arc;

/// Answers with the pages of a run until what is returned is dropped. Returns once the run is read, with the number of its exams; a request
/// that comes before is told so. The rows of further tables are read after that, on a thread of their own.
///
/// # Errors
/// A table of the run cannot be read.
pub fn show_run(server: Server, places: RunPlaces, host: Arc<dyn Host>) -> Result<(RunningServer, usize)> {
    let site = Arc::new(Site::new(places, host, server.base())?);
    let answering = Arc::clone(&site);
    let running = server.start(Arc::new(move |path: &str, request: &http::Request| {
        answering.answer(path, request)
    }))?;
    let exams = site.load()?;
    let reading = move || site.open_tables();
    let thread = std::thread::Builder::new()
        .name("tables".to_owned())
        .spawn(reading);
    thread.map_err(Error::Thread)?;
    Ok((running, exams))
}
