//! Fetching a source: file by file, or all that a publisher's list names.

use crate::catalogue::DataSource;
use crate::checksum_list::ChecksumList;
use crate::client::HttpClient;
use crate::digest::check_cancelled;
use crate::error::io_error;
use crate::file_task::{FetchedFile, FileTask, PlannedFile, exists};
use crate::listed_files::list_as_file;
use crate::publisher::Publisher;
use crate::source_file::SourceFile;
use crate::{Error, FetchOptions};
use ecgfm_stage::{NoProgress, Progress};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Files of a list that are fetched at a time.
const CONNECTIONS: usize = 4;
/// Bytes of the largest list that is read: of two million files.
const MAX_LIST: usize = 256 << 20;

/// Fetcher of sources.
pub struct Fetcher {
    client: HttpClient,
    options: FetchOptions,
}

impl Fetcher {
    /// Creates a fetcher with these options.
    ///
    /// # Errors
    /// An option is invalid.
    pub fn new(options: FetchOptions) -> Result<Self, Error> {
        let client = HttpClient::new(&options)?;
        Ok(Self { client, options })
    }

    /// Plans what [`Fetcher::fetch`] would do. Asks publishers for sizes, once; a publisher that cannot be reached is no error.
    ///
    /// # Errors
    /// A part that the source does not have; a request to stop.
    pub fn plan(
        &self,
        source: &DataSource,
        parts: &[u32],
        dir: &Path,
        cancel: &AtomicBool,
    ) -> Result<Vec<PlannedFile>, Error> {
        check_address(source)?;
        if let Some(list) = &source.checksums {
            return self.plan_listed((source, list), parts, dir, cancel);
        }
        let publisher = Publisher::new(source);
        let mut planned: Vec<PlannedFile> = Vec::new();
        // A publisher that cannot be reached is asked once, not once for each of its files.
        let mut unreachable = None;
        for file in source.select(parts)? {
            let task = self.task(&publisher, source, file, dir);
            let (size, unknown) = match &unreachable {
                Some(why) => (file.size, Some(String::clone(why))),
                None => task.size(cancel, &mut unreachable)?,
            };
            planned.push(task.planned(size, unknown));
        }
        Ok(planned)
    }

    /// Fetches the given parts of a source, or all of it, into `dir`. Existing files are compared and kept.
    ///
    /// # Errors
    /// See [`Error`]. Files before the one that failed are complete; its bytes downloaded so far are kept for the next run,
    /// unless they were wrong.
    pub fn fetch(
        &self,
        source: &DataSource,
        parts: &[u32],
        dir: &Path,
        progress: &dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Vec<FetchedFile>, Error> {
        check_address(source)?;
        std::fs::create_dir_all(dir).map_err(io_error(dir, "write"))?;
        if let Some(list) = &source.checksums {
            return self.fetch_listed((source, list), parts, dir, progress, cancel);
        }
        let publisher = Publisher::new(source);
        let files = source.select(parts)?;
        files
            .into_iter()
            .map(|file| {
                check_cancelled(cancel)?;
                self.task(&publisher, source, file, dir).fetch(progress, cancel)
            })
            .collect()
    }

    fn task<'a>(
        &'a self,
        publisher: &'a Publisher<'a>,
        source: &DataSource,
        file: &'a SourceFile,
        dir: &Path,
    ) -> FileTask<'a> {
        FileTask::new((&self.client, &self.options), publisher, source, file, dir)
    }

    /// Plans the files that the source's list names. The list is asked for where it is not in `dir`; nothing is written.
    fn plan_listed(
        &self,
        (source, list): (&DataSource, &ChecksumList),
        parts: &[u32],
        dir: &Path,
        cancel: &AtomicBool,
    ) -> Result<Vec<PlannedFile>, Error> {
        let (publisher, file) = (Publisher::new(source), list_as_file(list));
        let task = self.task(&publisher, source, &file, dir);
        let whole = match exists(&dir.join(list.name()))? {
            true => source.with_listed_files(dir)?,
            false => match task.read_published(MAX_LIST, cancel) {
                Ok(text) => source.with_list(&String::from_utf8_lossy(&text))?,
                Err(Error::Unreachable { url, reason, .. }) => {
                    return Ok(vec![task.planned(None, Some(format!("{url}: {reason}")))]);
                }
                Err(error) => return Err(error),
            },
        };
        let unknown = || Some("the publisher's list states no sizes".to_owned());
        let files = whole.select(parts)?.into_iter();
        Ok(files
            .map(|file| self.task(&publisher, &whole, file, dir).planned(None, unknown()))
            .collect())
    }

    /// Fetches the source's list, then the files that it names, several at a time.
    fn fetch_listed(
        &self,
        (source, list): (&DataSource, &ChecksumList),
        parts: &[u32],
        dir: &Path,
        progress: &dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Vec<FetchedFile>, Error> {
        let (publisher, of_list) = (Publisher::new(source), list_as_file(list));
        let fetched_list = self
            .task(&publisher, source, &of_list, dir)
            .fetch(progress, cancel)?;
        let whole = source.with_listed_files(dir)?;
        let mut files = whole.select(parts)?;
        files.retain(|file| file.name != of_list.name);
        progress.note(&format!("{}: names {} files", of_list.name, files.len()));
        progress.begin(files.len() as u64, "files");
        let fetch_one = |file: &SourceFile| {
            check_cancelled(cancel)?;
            let path = dir.join(&file.name);
            let folder = path.parent().unwrap_or(dir);
            std::fs::create_dir_all(folder).map_err(io_error(folder, "write"))?;
            let fetched = self
                .task(&publisher, &whole, file, dir)
                .fetch(&NoProgress, cancel)?;
            progress.advance(1);
            Ok(fetched)
        };
        let mut fetched = vec![fetched_list];
        fetched.extend(map_in_parallel(&files, fetch_one)?);
        Ok(fetched)
    }
}

/// Checks that there is something to fetch.
fn check_address(source: &DataSource) -> Result<(), Error> {
    if source.by_hand.is_none() {
        return Ok(());
    }
    Err(Error::NoAddress {
        name: source.name.clone(),
        instructions: source.instructions().trim_end().to_owned(),
    })
}

/// Applies `work` to all files, some at a time, in their order; after an error no more are begun.
fn map_in_parallel<T: Send>(
    files: &[&SourceFile],
    work: impl Fn(&SourceFile) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(files.len())));
    let worker = || {
        while let Some((number, file)) = take_next(&next, files) {
            let result = work(file);
            if result.is_err() {
                next.store(files.len(), Ordering::Relaxed);
            }
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((number, result));
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..CONNECTIONS).map(|_| scope.spawn(worker)).collect();
        worker();
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

fn take_next<'a>(next: &AtomicUsize, files: &[&'a SourceFile]) -> Option<(usize, &'a SourceFile)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    files.get(number).map(|file| (number, *file))
}
