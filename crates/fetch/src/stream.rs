//! An answer's body, read on a thread of its own so that a silent server cannot delay a stop.

use crate::client::{Client, Linked, Request, Trouble, network, number, text};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use ureq::http::HeaderMap;

const PIECE: usize = 256 << 10;
const LOOK: Duration = Duration::from_millis(50);

/// What an answer says before its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Bytes of this body.
    pub(crate) length: Option<u64>,
    /// Whether the body says itself where it ends, without a length.
    pub(crate) chunked: bool,
    /// Where the range starts, and the size of the whole.
    pub(crate) range: Option<(u64, Option<u64>)>,
    /// What tells this file from an older or newer one of the same address.
    pub(crate) validator: Option<String>,
    pub(crate) linked: Linked,
}

/// Why there is nothing more to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    Trouble(Trouble),
}

enum Message {
    Head(Head),
    Piece(Vec<u8>),
    Trouble(Trouble),
    End,
}

/// A body on its way. Dropping it ends its thread at the next piece.
pub(crate) struct Stream<'a> {
    messages: Receiver<Message>,
    cancel: &'a AtomicBool,
}

impl<'a> Stream<'a> {
    /// Asks and waits for the head.
    pub(crate) fn open(
        client: &Client,
        request: Request,
        cancel: &'a AtomicBool,
    ) -> Result<(Head, Self), Stop> {
        let (sender, messages) = sync_channel(4);
        let client = client.clone();
        std::thread::spawn(move || {
            let end = run(&client, &request, &sender).map_or_else(Message::Trouble, |()| Message::End);
            // Nobody listens any more after a stop.
            let _ = sender.send(end);
        });
        let stream = Self { messages, cancel };
        match stream.message()? {
            Message::Head(head) => Ok((head, stream)),
            Message::Trouble(trouble) => Err(Stop::Trouble(trouble)),
            Message::Piece(_) | Message::End => Err(broken()),
        }
    }

    /// The next piece; none at the end.
    pub(crate) fn next(&self) -> Result<Option<Vec<u8>>, Stop> {
        match self.message()? {
            Message::Piece(piece) => Ok(Some(piece)),
            Message::End => Ok(None),
            Message::Trouble(trouble) => Err(Stop::Trouble(trouble)),
            Message::Head(_) => Err(broken()),
        }
    }

    /// All of a short body.
    pub(crate) fn whole(&self, limit: usize) -> Result<Vec<u8>, Stop> {
        let mut all = Vec::new();
        while let Some(piece) = self.next()? {
            if all.len() + piece.len() > limit {
                let reason = format!("more than {limit} bytes where a short answer was expected");
                return Err(Stop::Trouble(Trouble::Protocol(reason)));
            }
            all.extend(piece);
        }
        Ok(all)
    }

    fn message(&self) -> Result<Message, Stop> {
        loop {
            if self.cancel.load(Ordering::SeqCst) {
                return Err(Stop::Cancelled);
            }
            match self.messages.recv_timeout(LOOK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            }
        }
    }
}

/// The thread ended without saying why.
fn broken() -> Stop {
    Stop::Trouble(Trouble::Network("the connection was given up".to_owned()))
}

fn run(client: &Client, request: &Request, sender: &SyncSender<Message>) -> Result<(), Trouble> {
    let mut answer = client.ask(request)?;
    let mut head = head(answer.response.status().as_u16(), answer.response.headers())?;
    head.linked = answer.linked;
    if sender.send(Message::Head(head)).is_err() || request.head_only {
        return Ok(());
    }
    let mut body = answer.response.body_mut().as_reader();
    loop {
        let mut piece = vec![0; PIECE];
        let n = match body.read(&mut piece) {
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(network(error.into())),
        };
        piece.truncate(n);
        if n == 0 || sender.send(Message::Piece(piece)).is_err() {
            return Ok(());
        }
    }
}

fn head(status: u16, headers: &HeaderMap) -> Result<Head, Trouble> {
    if let Some(encoding) = text(headers, "content-encoding").filter(|e| *e != "identity") {
        return Err(Trouble::Protocol(format!(
            "the server sends it compressed ({encoding}) though it was asked not to"
        )));
    }
    let strong = text(headers, "etag").filter(|tag| !tag.starts_with("W/"));
    Ok(Head {
        status,
        length: number(headers, "content-length"),
        chunked: text(headers, "transfer-encoding").is_some_and(|t| t.eq_ignore_ascii_case("chunked")),
        range: text(headers, "content-range").and_then(content_range),
        validator: strong
            .or_else(|| text(headers, "last-modified"))
            .map(str::to_owned),
        linked: Linked::default(),
    })
}

/// `bytes 5-9/10` or `bytes 5-9/*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    let total = match total {
        "*" => None,
        digits => Some(digits.parse().ok()?),
    };
    Some((first.parse().ok()?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(content_range("bytes */10"), None);
        assert_eq!(content_range("rows 5-9/10"), None);
    }

    #[test]
    fn a_weak_tag_does_not_identify_bytes() {
        let mut headers = HeaderMap::new();
        headers.insert("etag", "W/\"a\"".parse().unwrap());
        assert_eq!(head(200, &headers).unwrap().validator, None);
        headers.insert("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT".parse().unwrap());
        assert!(head(200, &headers).unwrap().validator.is_some());
        headers.insert("content-encoding", "gzip".parse().unwrap());
        assert!(head(200, &headers).is_err());
    }
}
