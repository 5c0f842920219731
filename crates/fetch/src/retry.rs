//! What is tried again, how often, and what it is called when it is given up.

use crate::client::{Client, Trouble};
use crate::progress::FileProgress;
use crate::stream::Stop;
use crate::{Error, Options};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// Bytes that count as having got further.
const FURTHER: u64 = 1 << 20;

/// What every step of fetching one file needs.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) client: &'a Client,
    pub(crate) options: &'a Options,
    pub(crate) progress: FileProgress<'a>,
    pub(crate) cancel: &'a AtomicBool,
    /// The file's name, for progress.
    pub(crate) name: &'a str,
    /// What to tell a person to do without us.
    pub(crate) by_hand: &'a str,
}

/// Why a step did not succeed: an error, or trouble that may pass.
pub(crate) enum Halt {
    Error(Error),
    Trouble(Trouble),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Error(Error::Cancelled),
            Stop::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

/// Counts attempts.
pub(crate) struct Tries<'a> {
    context: Context<'a>,
    url: &'a str,
    left: u32,
    pause: Duration,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(context: Context<'a>, url: &'a str) -> Self {
        Self {
            left: context.options.retries,
            pause: context.options.pause,
            context,
            url,
        }
    }

    /// Runs a step until it succeeds or is given up.
    pub(crate) fn run<T>(&mut self, mut step: impl FnMut() -> Result<T, Halt>) -> Result<T, Error> {
        loop {
            match step() {
                Ok(value) => return Ok(value),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Trouble(trouble)) => self.again(trouble, 0)?,
            }
        }
    }

    /// Waits for the next attempt after one that got `gained` bytes further, or says why there is none.
    pub(crate) fn again(&mut self, trouble: Trouble, gained: u64) -> Result<(), Error> {
        if gained >= FURTHER {
            *self = Self::new(self.context, self.url);
        }
        let asked = asked_pause(&trouble);
        let too_long = asked > self.context.options.longest_pause;
        if !passes(&trouble) || self.left == 0 || too_long {
            return Err(named(trouble, self.url, self.context.by_hand));
        }
        let pause = self.pause.max(asked);
        self.left -= 1;
        self.pause = (self.pause * 2).min(LONGEST);
        let why = describe(&trouble);
        let seconds = pause.as_secs_f64();
        let note = format!("{why}; trying again in {seconds:.0} s");
        self.context.progress.note(&note);
        wait(pause, self.context.cancel)
    }
}

fn wait(pause: Duration, cancel: &AtomicBool) -> Result<(), Error> {
    let end = Instant::now() + pause;
    loop {
        crate::digest::stopped(cancel)?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}

/// Whether it may be better next time.
fn passes(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Network(_) => true,
        Trouble::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500 | 502..=599),
        Trouble::Redirect(_) | Trouble::Protocol(_) => false,
    }
}

fn asked_pause(trouble: &Trouble) -> Duration {
    match trouble {
        Trouble::Status { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

fn describe(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Status { code, .. } => format!("the server answered {code}"),
        Trouble::Network(why) | Trouble::Redirect(why) | Trouble::Protocol(why) => why.clone(),
    }
}

fn named(trouble: Trouble, url: &str, by_hand: &str) -> Error {
    let url = url.to_owned();
    match trouble {
        Trouble::Network(reason) => Error::Unreachable {
            url,
            reason,
            by_hand: by_hand.to_owned(),
        },
        Trouble::Redirect(reason) => Error::Redirect { url, reason },
        Trouble::Protocol(reason) => Error::Protocol { url, reason },
        Trouble::Status {
            code,
            retry_after,
            code_of_hub,
        } => Error::Refused {
            url,
            status: code,
            reason: meaning(code, retry_after, code_of_hub.as_deref()),
            by_hand: by_hand.to_owned(),
        },
    }
}

fn meaning(code: u16, retry_after: Option<Duration>, code_of_hub: Option<&str>) -> String {
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
