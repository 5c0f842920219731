//! Fetching one file of a source: an existing one is compared and kept, a missing one downloaded, unpacked and compared.

use crate::catalogue::DataSource;
use crate::client::HttpClient;
use crate::digest::{Digests, digest_file};
use crate::error::io_error;
use crate::partial::PartialFile;
use crate::progress::FileProgress;
use crate::publisher::{Publisher, read_small};
use crate::retry::FetchContext;
use crate::source_file::SourceFile;
use crate::transfer::{PublishedFile, transfer_file};
use crate::unpack::unpack_member;
use crate::{Checksum, Error, FetchOptions, Pin};
use ecgfm_stage::{NoProgress, Progress};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Result for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchOutcome {
    /// Downloaded, and unpacked where it is published in an archive.
    Fetched,
    /// The file existed, and equals the published one.
    Present,
    /// The file existed, put there by hand, and nothing is known to compare it with.
    Unverified,
}

/// File after fetching.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FetchedFile {
    /// Name of the file.
    pub file: String,
    /// Path on disk.
    pub path: PathBuf,
    /// Result.
    pub outcome: FetchOutcome,
    /// Bytes on disk.
    pub size: u64,
    /// SHA-256; none if the file was not compared with anything.
    pub sha256: Option<String>,
    /// Address at which it is published.
    pub url: String,
    /// Checksum of the publisher with which the file, or its archive, was compared.
    pub published: Option<Checksum>,
    /// Bytes downloaded now.
    pub downloaded: u64,
    /// Bytes downloaded before by an interrupted run.
    pub resumed_from: u64,
}

/// Plan for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    /// Name of the file.
    pub file: String,
    /// Path on disk after fetching.
    pub path: PathBuf,
    /// Address at which it is published.
    pub url: String,
    /// True if the file exists and would be compared only.
    pub present: bool,
    /// Size of the download in bytes, where the publisher states it.
    pub size: Option<u64>,
    /// Bytes downloaded already by an interrupted run.
    pub have: u64,
    /// Reason for which the size is not known.
    pub unknown: Option<String>,
}

/// File of a source to be fetched, and its paths.
pub(crate) struct FileTask<'a> {
    client: &'a HttpClient,
    options: &'a FetchOptions,
    publisher: &'a Publisher<'a>,
    file: &'a SourceFile,
    /// Name of the archive it is published in.
    archive: Option<PathBuf>,
    path: PathBuf,
    url: String,
    by_hand: String,
    /// True where the file gets a record of its own; those that a list names are compared with the list.
    is_pinned: bool,
}

impl<'a> FileTask<'a> {
    pub(crate) fn new(
        (client, options): (&'a HttpClient, &'a FetchOptions),
        publisher: &'a Publisher<'a>,
        source: &DataSource,
        file: &'a SourceFile,
        dir: &Path,
    ) -> Self {
        let archive = source.archive(file).map(|name| dir.join(name));
        let mut by_hand = source.instructions_for(&[file], dir);
        if archive.is_some() {
            by_hand.push_str(
                "  An archive put there as it is will do: run again, and it is compared and unpacked.\n",
            );
        }
        Self {
            client,
            options,
            publisher,
            file,
            archive,
            path: dir.join(&file.name),
            url: file.url(&options.hub),
            by_hand,
            is_pinned: source
                .checksums
                .as_ref()
                .is_none_or(|list| list.name() == file.name),
        }
    }

    pub(crate) fn context<'b>(
        &'b self,
        progress: &'b dyn Progress,
        cancel: &'b AtomicBool,
    ) -> FetchContext<'b> {
        FetchContext {
            client: self.client,
            options: self.options,
            progress: FileProgress {
                progress,
                file: &self.file.name,
            },
            cancel,
            name: &self.file.name,
            by_hand: &self.by_hand,
        }
    }

    /// Path to which the published file, which may be an archive, is downloaded.
    fn published_path(&self) -> &Path {
        self.archive.as_deref().unwrap_or(&self.path)
    }

    /// Size of the download, or the reason for which it is not known. The publisher is asked once, so that a plan does not wait for
    /// retries.
    pub(crate) fn size(
        &self,
        cancel: &AtomicBool,
        unreachable: &mut Option<String>,
    ) -> Result<(Option<u64>, Option<String>), Error> {
        let once = self.options_without_retries();
        let context = FetchContext {
            options: &once,
            ..self.context(&NoProgress, cancel)
        };
        let error = match self.publisher.size(context, self.file) {
            Ok(Some(size)) => return Ok((Some(size), None)),
            Ok(None) => return Ok((None, Some("the publisher does not state it".to_owned()))),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(Error::Unreachable { url, reason, .. }) => {
                *unreachable = Some(format!("{url}: {reason}"));
                return Ok((self.file.size, unreachable.clone()));
            }
            Err(error) => error.to_string(),
        };
        Ok((self.file.size, error.lines().next().map(str::to_owned)))
    }

    /// Reads the published file, of `limit` bytes at most, without writing it. The publisher is asked once.
    pub(crate) fn read_published(&self, limit: usize, cancel: &AtomicBool) -> Result<Vec<u8>, Error> {
        let once = self.options_without_retries();
        let context = FetchContext {
            options: &once,
            ..self.context(&NoProgress, cancel)
        };
        read_small(context, &self.url, limit)
    }

    fn options_without_retries(&self) -> FetchOptions {
        FetchOptions {
            retries: 0,
            ..self.options.clone()
        }
    }

    pub(crate) fn planned(&self, size: Option<u64>, unknown: Option<String>) -> PlannedFile {
        // A plan does not fail where the system does not let it look: fetching says so.
        let present = exists(&self.path).unwrap_or(false);
        let partial = PartialFile::path_for(self.published_path());
        let have = match &self.archive {
            _ if present => 0,
            Some(archive) if exists(archive).unwrap_or(false) => file_size(archive),
            _ => file_size(&partial),
        };
        PlannedFile {
            file: self.file.name.clone(),
            path: self.path.clone(),
            url: self.url.clone(),
            present,
            size,
            have,
            unknown,
        }
    }

    pub(crate) fn fetch(&self, progress: &dyn Progress, cancel: &AtomicBool) -> Result<FetchedFile, Error> {
        let context = self.context(progress, cancel);
        let pin = match self.is_pinned {
            true => Pin::read(&self.path)?,
            false => None,
        };
        if exists(&self.path)? {
            return match pin {
                Some(pin) => self.fetch_pinned(context, &pin),
                None => self.fetch_present(context),
            };
        }
        let published = self.publisher.published(context, self.file)?;
        if let (Some(pin), None) = (&pin, &self.archive) {
            pin.check_published(published.checksum.as_ref(), &self.path, &self.url)?;
        }
        self.download(context, &published, pin.as_ref())
    }

    /// Compares a file with the record of when it was fetched. The publisher is not asked.
    fn fetch_pinned(&self, context: FetchContext<'_>, pin: &Pin) -> Result<FetchedFile, Error> {
        let found = digest_file(&self.path, context.progress, context.cancel)?;
        pin.verify(&found, &self.path, &self.path.display().to_string())?;
        Ok(self.fetched_file(FetchOutcome::Present, &found, pin.published.clone(), (0, 0)))
    }

    /// Compares a file that was put there by hand with what the publisher states.
    fn fetch_present(&self, context: FetchContext<'_>) -> Result<FetchedFile, Error> {
        if self.archive.is_some() {
            return Ok(self.unverified(context, "not compared: it was unpacked by hand"));
        }
        let published = match self.publisher.published(context, self.file) {
            Ok(published) => published,
            Err(Error::Unreachable { .. } | Error::Refused { .. }) => {
                return Ok(self.unverified(context, "not compared: its publisher cannot be asked"));
            }
            Err(error) => return Err(error),
        };
        if published.checksum.is_none() && published.size.is_none() {
            return Ok(self.unverified(context, "not compared: its publisher states no checksum"));
        }
        let found = digest_file(&self.path, context.progress, context.cancel)?;
        published.verify(&found, &self.path.display().to_string())?;
        self.check_pin(&found, &published, None, &self.path.display().to_string())?;
        Ok(self.fetched_file(FetchOutcome::Present, &found, published.checksum, (0, 0)))
    }

    fn unverified(&self, context: FetchContext<'_>, why: &str) -> FetchedFile {
        context.progress.note(why);
        FetchedFile {
            file: self.file.name.clone(),
            path: self.path.clone(),
            outcome: FetchOutcome::Unverified,
            size: file_size(&self.path),
            sha256: None,
            url: self.url.clone(),
            published: None,
            downloaded: 0,
            resumed_from: 0,
        }
    }

    fn download(
        &self,
        context: FetchContext<'_>,
        published: &PublishedFile,
        pin: Option<&Pin>,
    ) -> Result<FetchedFile, Error> {
        let (found, bytes) = match &self.archive {
            None => {
                let at = (self.url.as_str(), self.path.as_path());
                let done = transfer_file(context, at, published, |found| {
                    self.check_pin(found, published, pin, &self.url)
                })?;
                (done.digests, (done.downloaded, done.resumed_from))
            }
            Some(archive) => {
                let bytes = self.fetch_archive(context, archive, published)?;
                let of = format!("{}, {}", archive.display(), context.name);
                let found = unpack_member(context, archive, &self.path, |found| {
                    self.check_pin(found, published, pin, &of)
                })?;
                if !self.options.keep_archives {
                    std::fs::remove_file(archive).map_err(io_error(archive, "remove"))?;
                }
                (found, bytes)
            }
        };
        Ok(self.fetched_file(FetchOutcome::Fetched, &found, published.checksum.clone(), bytes))
    }

    /// Downloads the archive unless it exists; returns the bytes downloaded now and by an interrupted run.
    fn fetch_archive(
        &self,
        context: FetchContext<'_>,
        archive: &Path,
        published: &PublishedFile,
    ) -> Result<(u64, u64), Error> {
        if exists(archive)? {
            // An archive that an interrupted run has left, that was kept on request, or put there by hand.
            let found = digest_file(archive, context.progress, context.cancel)?;
            published.verify(&found, &archive.display().to_string())?;
            return Ok((0, 0));
        }
        let done = transfer_file(context, (&self.url, archive), published, |_| Ok(()))?;
        Ok((done.downloaded, done.resumed_from))
    }

    /// Checks that the file is the one fetched before. The first one is pinned, before it is renamed to its final name, so that no
    /// file is ever without its pin.
    fn check_pin(
        &self,
        found: &Digests,
        published: &PublishedFile,
        pin: Option<&Pin>,
        of: &str,
    ) -> Result<(), Error> {
        match pin {
            Some(pin) => pin.verify(found, &self.path, of),
            None if !self.is_pinned => Ok(()),
            None => {
                let checksum = published.checksum.clone();
                Pin::new(found, &self.url, checksum, published.commit.clone()).write(&self.path)
            }
        }
    }

    fn fetched_file(
        &self,
        outcome: FetchOutcome,
        found: &Digests,
        published: Option<Checksum>,
        (downloaded, resumed_from): (u64, u64),
    ) -> FetchedFile {
        FetchedFile {
            file: self.file.name.clone(),
            path: self.path.clone(),
            outcome,
            size: found.size,
            sha256: Some(found.sha256.clone()),
            url: self.url.clone(),
            published,
            downloaded,
            resumed_from,
        }
    }
}

/// Returns true if there is a file at `path`; an error where the system does not let this program look, because a download would
/// then replace a file that may be there.
pub(crate) fn exists(path: &Path) -> Result<bool, Error> {
    ecgfm_system::presence::exists(path).map_err(io_error(path, "look for"))
}

fn file_size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}
