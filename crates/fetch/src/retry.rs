//! Retries: which errors are temporary, how often to retry, and the error after the last attempt.

use crate::client::{HttpClient, RequestError};
use crate::progress::FileProgress;
use crate::stream::StreamError;
use crate::{Error, FetchOptions};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Longest pause that doubling reaches; a server that asks for more is obeyed up to `longest_pause`.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Longest time for which a request to stop goes unnoticed.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Bytes that count as progress.
const PROGRESS_BYTES: u64 = 1 << 20;

/// Context of all steps of fetching one file.
#[derive(Clone, Copy)]
pub(crate) struct FetchContext<'a> {
    pub(crate) client: &'a HttpClient,
    pub(crate) options: &'a FetchOptions,
    pub(crate) progress: FileProgress<'a>,
    pub(crate) cancel: &'a AtomicBool,
    /// Name of the file, for progress.
    pub(crate) name: &'a str,
    /// Instructions for downloading by hand.
    pub(crate) by_hand: &'a str,
}

/// Failure of an attempt: a final error, or a failed request that may succeed later.
pub(crate) enum AttemptError {
    Error(Error),
    Request(RequestError),
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<StreamError> for AttemptError {
    fn from(stop: StreamError) -> Self {
        match stop {
            StreamError::Cancelled => Self::Error(Error::Cancelled),
            StreamError::Request(error) => Self::Request(error),
        }
    }
}

/// Counter of attempts, which waits between them.
pub(crate) struct Attempts<'a> {
    context: FetchContext<'a>,
    url: &'a str,
    left: u32,
    pause: Duration,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(context: FetchContext<'a>, url: &'a str) -> Self {
        Self {
            left: context.options.retries,
            pause: context.options.pause,
            context,
            url,
        }
    }

    /// Runs a step until it succeeds or has failed too often.
    pub(crate) fn run<T>(&mut self, mut step: impl FnMut() -> Result<T, AttemptError>) -> Result<T, Error> {
        loop {
            match step() {
                Ok(value) => return Ok(value),
                Err(AttemptError::Error(error)) => return Err(error),
                Err(AttemptError::Request(error)) => self.wait_for_next(error, 0)?,
            }
        }
    }

    /// Waits before the next attempt, after one that received `gained` bytes; an error if there is no further attempt.
    pub(crate) fn wait_for_next(&mut self, error: RequestError, gained: u64) -> Result<(), Error> {
        // Attempts that bring nothing are limited, not the breaks of a long download that goes on.
        if gained >= PROGRESS_BYTES {
            *self = Self::new(self.context, self.url);
        }
        let asked = requested_pause(&error);
        let too_long = asked > self.context.options.longest_pause;
        if !is_temporary(&error) || self.left == 0 || too_long {
            return Err(into_error(error, self.url, self.context.by_hand));
        }
        let pause = self.pause.max(asked);
        self.left -= 1;
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        let why = describe_request_error(&error);
        let seconds = pause.as_secs_f64();
        let note = format!("{why}; trying again in {seconds:.0} s");
        self.context.progress.note(&note);
        wait_or_cancel(pause, self.context.cancel)
    }
}

fn wait_or_cancel(pause: Duration, cancel: &AtomicBool) -> Result<(), Error> {
    let end = Instant::now() + pause;
    loop {
        crate::digest::check_cancelled(cancel)?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(CANCEL_CHECK_INTERVAL));
    }
}

/// Returns true if a later attempt may succeed.
fn is_temporary(error: &RequestError) -> bool {
    match error {
        RequestError::Network(_) => true,
        RequestError::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500 | 502..=599),
        RequestError::Redirect(_) | RequestError::Protocol(_) => false,
    }
}

fn requested_pause(error: &RequestError) -> Duration {
    match error {
        RequestError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

fn describe_request_error(error: &RequestError) -> String {
    match error {
        RequestError::Status { code, .. } => format!("the server answered {code}"),
        RequestError::Network(why) | RequestError::Redirect(why) | RequestError::Protocol(why) => why.clone(),
    }
}

fn into_error(error: RequestError, url: &str, by_hand: &str) -> Error {
    let url = url.to_owned();
    match error {
        RequestError::Network(reason) => Error::Unreachable {
            url,
            reason,
            by_hand: by_hand.to_owned(),
        },
        RequestError::Redirect(reason) => Error::Redirect { url, reason },
        RequestError::Protocol(reason) => Error::Protocol { url, reason },
        RequestError::Status {
            code,
            retry_after,
            login,
            code_of_hub,
        } => Error::Refused {
            url,
            status: code,
            reason: explain_status(code, retry_after, code_of_hub.as_deref()),
            by_hand: by_hand.to_owned(),
            login,
        },
    }
}

fn explain_status(code: u16, retry_after: Option<Duration>, code_of_hub: Option<&str>) -> String {
    let meaning = match (code, code_of_hub) {
        (_, Some("GatedRepo")) => {
            "the repository is gated: accept its terms on the page named below, then give an access token"
        }
        (_, Some("RepoNotFound")) => {
            "there is no such repository, or it is private and needs an access token"
        }
        (_, Some("RevisionNotFound")) => "the repository has no such revision",
        (401 | 403, _) => {
            "not allowed: the page named below says on which terms; a private or gated one needs an access token"
        }
        (404 | 410, _) => "there is no such file (any more): compare with the page named below",
        (429, _) => "too many requests: wait, then run again to go on",
        (500.., _) => "a problem of the server's: run again later to go on",
        _ => "not what was asked for",
    };
    match retry_after {
        Some(pause) => format!("{meaning} (it asks to wait {} s)", pause.as_secs()),
        None => meaning.to_owned(),
    }
}
