//! Download of one file: resumed where it stopped, limited to its size, renamed to its final name after it is verified.

use crate::Error;
use crate::client::{HttpRequest, RequestError};
use crate::digest::{Checksum, Digests};
use crate::partial::PartialFile;
use crate::retry::{AttemptError, Attempts, FetchContext};
use crate::stream::{AnswerHead, BodyStream};
use std::path::Path;

/// Size and checksum that the publisher states for a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PublishedFile {
    pub(crate) size: Option<u64>,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) commit: Option<String>,
}

impl PublishedFile {
    /// Compares `found` with what is recorded; errors name the URL or path `of`.
    pub(crate) fn verify(&self, found: &Digests, of: &str) -> Result<(), Error> {
        if let Some(expected) = self.size.filter(|size| *size != found.size) {
            return Err(Error::Size {
                of: of.to_owned(),
                expected,
                found: found.size,
            });
        }
        self.checksum.as_ref().map_or(Ok(()), |c| c.verify(found, of))
    }
}

/// Numbers and checksums of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transferred {
    pub(crate) digests: Digests,
    /// Bytes downloaded before.
    pub(crate) resumed_from: u64,
    /// Bytes downloaded now.
    pub(crate) downloaded: u64,
}

/// Downloads `url` to `path`. `accept` may refuse the complete file before it is renamed to its final name.
pub(crate) fn transfer_file(
    context: FetchContext<'_>,
    (url, path): (&str, &Path),
    published: &PublishedFile,
    accept: impl FnOnce(&Digests) -> Result<(), Error>,
) -> Result<Transferred, Error> {
    let what = (url, published.checksum.as_ref());
    let mut partial = PartialFile::open(path, what, context.progress, context.cancel)?;
    let mut job = Transfer {
        context,
        url,
        published,
        downloaded: 0,
        refused_by_its_head: false,
    };
    let resumed_from = partial.len;
    let received = job.receive_all(&mut partial);
    let accepted = received.and_then(|()| {
        let digests = partial.digests();
        published.verify(&digests, url)?;
        accept(&digests)?;
        Ok(digests)
    });
    match accepted {
        Ok(digests) => {
            partial.finish(path)?;
            Ok(Transferred {
                digests,
                resumed_from,
                downloaded: job.downloaded,
            })
        }
        // An answer that cannot be right says nothing about the bytes received before it.
        Err(error) if keeps_partial(&error) || (job.refused_by_its_head && partial.len > 0) => {
            // The error itself is reported, not a failure of this sync.
            let _ = partial.sync();
            Err(error)
        }
        Err(error) => {
            partial.discard();
            Err(error)
        }
    }
}

/// Returns true for errors after which the bytes downloaded so far can still be continued.
fn keeps_partial(error: &Error) -> bool {
    matches!(
        error,
        Error::Io { .. }
            | Error::DiskFull { .. }
            | Error::Unreachable { .. }
            | Error::Refused { .. }
            | Error::Redirect { .. }
            | Error::Cancelled
    )
}

struct Transfer<'a> {
    context: FetchContext<'a>,
    url: &'a str,
    published: &'a PublishedFile,
    downloaded: u64,
    /// True if the head of an answer was refused, before any of its bytes was stored.
    refused_by_its_head: bool,
}

impl Transfer<'_> {
    fn receive_all(&mut self, partial: &mut PartialFile) -> Result<(), Error> {
        let mut tries = Attempts::new(self.context, self.url);
        loop {
            let before = self.downloaded;
            match self.attempt(partial) {
                Ok(()) => return Ok(()),
                Err(AttemptError::Error(error)) => return Err(error),
                Err(AttemptError::Request(trouble)) => {
                    partial.sync()?;
                    // Bytes that cannot be continued are no progress: they are asked for again.
                    let gained = if self.can_be_verified(partial) {
                        self.downloaded - before
                    } else {
                        0
                    };
                    tries.wait_for_next(trouble, gained)?;
                }
            }
        }
    }

    fn attempt(&mut self, partial: &mut PartialFile) -> Result<(), AttemptError> {
        let whole = partial.state.total.or(self.published.size);
        if partial.len > 0 && whole == Some(partial.len) {
            return Ok(());
        }
        if partial.len > 0 && !self.can_be_verified(partial) {
            partial.restart(None, None)?;
        }
        let opened = BodyStream::open(self.context.client, self.request(partial), self.context.cancel);
        // True until the head has been checked.
        self.refused_by_its_head = true;
        let (head, stream) = match opened.map_err(AttemptError::from) {
            Err(AttemptError::Request(RequestError::Status { code: 416, .. })) if partial.len > 0 => {
                return Err(self.restart(partial, "the server has less of the file than is here"));
            }
            other => other?,
        };
        let total = self.begin(partial, &head)?;
        self.refused_by_its_head = false;
        self.context.progress.begin("downloading", partial.len, total);
        self.receive(partial, &stream, total)
    }

    /// Returns true if a part of another file would be noticed: by the publisher's checksum at the end, or by a validator
    /// at once.
    fn can_be_verified(&self, partial: &PartialFile) -> bool {
        self.published.checksum.is_some() || partial.state.validator.is_some()
    }

    fn request(&self, partial: &PartialFile) -> HttpRequest {
        let mut headers = Vec::new();
        if partial.len > 0 {
            headers.push(("Range", format!("bytes={}-", partial.len)));
            if let Some(validator) = &partial.state.validator {
                headers.push(("If-Range", validator.clone()));
            }
        }
        HttpRequest {
            url: self.url.to_owned(),
            head_only: false,
            headers,
        }
    }

    /// Prepares the partial file for the body that the head announces; returns the size of the whole file.
    fn begin(&self, partial: &mut PartialFile, head: &AnswerHead) -> Result<Option<u64>, AttemptError> {
        let total = match (head.status, head.range) {
            (200, _) => {
                self.check_announced_size(head.length, head)?;
                if partial.len > 0 {
                    let note = "the server does not continue it, or has another file now: from the beginning";
                    self.context.progress.note(note);
                }
                partial.restart(head.validator.clone(), head.length)?;
                head.length
            }
            (206, Some((first, total))) if self.is_continuation(partial, head, first, total) => {
                total.or(head.length.map(|n| n + partial.len))
            }
            (206, _) if partial.len > 0 => {
                return Err(self.restart(partial, "the server continues with something else"));
            }
            (status, _) => {
                let reason = format!("the server answered {status} where the file was expected");
                return Err(AttemptError::Request(RequestError::Protocol(reason)));
            }
        };
        self.check_announced_size(total, head)?;
        Ok(total.or(self.published.size))
    }

    fn is_continuation(
        &self,
        partial: &PartialFile,
        head: &AnswerHead,
        first: u64,
        total: Option<u64>,
    ) -> bool {
        let same = |a: Option<u64>, b: Option<u64>| a.is_none() || b.is_none() || a == b;
        let validators = (&head.validator, &partial.state.validator);
        let changed = matches!(validators, (Some(now), Some(then)) if now != then);
        partial.len > 0 && first == partial.len && same(total, partial.state.total) && !changed
    }

    /// Removes the bytes so far; the next attempt starts from the beginning.
    fn restart(&self, partial: &mut PartialFile, why: &str) -> AttemptError {
        match partial.restart(None, None) {
            Ok(()) => AttemptError::Request(RequestError::Network(format!("{why}: from the beginning"))),
            Err(error) => AttemptError::Error(error),
        }
    }

    /// Refuses a size that cannot be right before any byte is stored.
    fn check_announced_size(&self, total: Option<u64>, head: &AnswerHead) -> Result<(), Error> {
        let limit = self.context.options.max_bytes;
        let url = || self.url.to_owned();
        match (total, self.published.size) {
            (Some(found), Some(expected)) if found != expected => Err(Error::Size {
                of: url(),
                expected,
                found,
            }),
            (Some(size), _) | (None, Some(size)) if size > limit => Err(Error::TooLarge {
                of: url(),
                size,
                limit,
            }),
            (None, None) if !head.chunked && self.published.checksum.is_none() => Err(Error::Protocol {
                url: url(),
                reason:
                    "the server does not say how long the file is, and nothing else could tell whether it is \
                         complete"
                        .to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn receive(
        &mut self,
        partial: &mut PartialFile,
        stream: &BodyStream<'_>,
        total: Option<u64>,
    ) -> Result<(), AttemptError> {
        let limit = total.unwrap_or(self.context.options.max_bytes);
        while let Some(piece) = stream.next()? {
            let size = partial.len + piece.len() as u64;
            if size > limit {
                return Err(AttemptError::Error(Error::TooLarge {
                    of: self.url.to_owned(),
                    size,
                    limit,
                }));
            }
            partial.append(&piece)?;
            self.downloaded += piece.len() as u64;
            self.context.progress.advance(piece.len());
        }
        match total {
            Some(total) if partial.len < total => Err(AttemptError::Request(RequestError::Network(format!(
                "the connection ended at {} of {total} bytes",
                partial.len
            )))),
            _ => Ok(()),
        }
    }
}
