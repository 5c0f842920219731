//! Body of an answer, read on a thread of its own so that a silent server does not delay a request to stop.

use crate::client::{
    HttpClient, HttpRequest, HubFile, RequestError, header_number, header_text, network_error,
};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use ureq::http::HeaderMap;

/// Bytes of a piece of a body: large beside the cost of handing it to another thread.
const PIECE_BYTES: usize = 256 << 10;
/// Longest time for which a request to stop goes unnoticed.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Head of an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    /// Length of the body in bytes.
    pub(crate) length: Option<u64>,
    /// True for a chunked body, which marks its own end.
    pub(crate) chunked: bool,
    /// First byte of the range, and size of the whole file.
    pub(crate) range: Option<(u64, Option<u64>)>,
    /// Entity tag or date, which tells this file from an older or newer one of the same address.
    pub(crate) validator: Option<String>,
    pub(crate) linked: HubFile,
}

/// Reason for which nothing more can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamError {
    Cancelled,
    Request(RequestError),
}

enum BodyMessage {
    Head(AnswerHead),
    Piece(Vec<u8>),
    Request(RequestError),
    End,
}

/// Body that is being received. Dropping it ends its thread at the next piece.
pub(crate) struct BodyStream<'a> {
    messages: Receiver<BodyMessage>,
    cancel: &'a AtomicBool,
}

impl<'a> BodyStream<'a> {
    /// Sends the request and waits for the head of the answer.
    pub(crate) fn open(
        client: &HttpClient,
        request: HttpRequest,
        cancel: &'a AtomicBool,
    ) -> Result<(AnswerHead, Self), StreamError> {
        // Bounded, so that a fast server does not fill the memory while a slow disk writes.
        let (sender, messages) = sync_channel(4);
        let client = client.clone();
        std::thread::spawn(move || {
            let end = send_body(&client, &request, &sender)
                .map_or_else(BodyMessage::Request, |()| BodyMessage::End);
            // The receiver is gone after a request to stop.
            let _ = sender.send(end);
        });
        let stream = Self { messages, cancel };
        match stream.receive()? {
            BodyMessage::Head(head) => Ok((head, stream)),
            BodyMessage::Request(trouble) => Err(StreamError::Request(trouble)),
            BodyMessage::Piece(_) | BodyMessage::End => Err(thread_ended()),
        }
    }

    /// Receives the next piece; none at the end.
    pub(crate) fn next(&self) -> Result<Option<Vec<u8>>, StreamError> {
        match self.receive()? {
            BodyMessage::Piece(piece) => Ok(Some(piece)),
            BodyMessage::End => Ok(None),
            BodyMessage::Request(trouble) => Err(StreamError::Request(trouble)),
            BodyMessage::Head(_) => Err(thread_ended()),
        }
    }

    /// Receives a whole body of `limit` bytes at most.
    pub(crate) fn read_all(&self, limit: usize) -> Result<Vec<u8>, StreamError> {
        let mut all = Vec::new();
        while let Some(piece) = self.next()? {
            if all.len() + piece.len() > limit {
                let reason = format!("more than {limit} bytes where a short answer was expected");
                return Err(StreamError::Request(RequestError::Protocol(reason)));
            }
            all.extend(piece);
        }
        Ok(all)
    }

    fn receive(&self) -> Result<BodyMessage, StreamError> {
        loop {
            if self.cancel.load(Ordering::SeqCst) {
                return Err(StreamError::Cancelled);
            }
            match self.messages.recv_timeout(CANCEL_CHECK_INTERVAL) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(thread_ended()),
            }
        }
    }
}

/// Error for a thread that ended without a message.
fn thread_ended() -> StreamError {
    StreamError::Request(RequestError::Network("the connection was given up".to_owned()))
}

fn send_body(
    client: &HttpClient,
    request: &HttpRequest,
    sender: &SyncSender<BodyMessage>,
) -> Result<(), RequestError> {
    let mut answer = client.ask(request)?;
    let mut head = answer_head(answer.response.status().as_u16(), answer.response.headers())?;
    head.linked = answer.linked;
    if sender.send(BodyMessage::Head(head)).is_err() || request.head_only {
        return Ok(());
    }
    let mut body = answer.response.body_mut().as_reader();
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let n = match body.read(&mut piece) {
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(network_error(error.into())),
        };
        piece.truncate(n);
        if n == 0 || sender.send(BodyMessage::Piece(piece)).is_err() {
            return Ok(());
        }
    }
}

fn answer_head(status: u16, headers: &HeaderMap) -> Result<AnswerHead, RequestError> {
    if let Some(encoding) = header_text(headers, "content-encoding").filter(|e| *e != "identity") {
        return Err(RequestError::Protocol(format!(
            "the server sends it compressed ({encoding}) though it was asked not to"
        )));
    }
    let strong = header_text(headers, "etag").filter(|tag| !tag.starts_with("W/"));
    Ok(AnswerHead {
        status,
        length: header_number(headers, "content-length"),
        chunked: header_text(headers, "transfer-encoding").is_some_and(|t| t.eq_ignore_ascii_case("chunked")),
        range: header_text(headers, "content-range").and_then(content_range),
        validator: strong
            .or_else(|| header_text(headers, "last-modified"))
            .map(str::to_owned),
        linked: HubFile::default(),
    })
}

/// First byte and size of the whole in `bytes 5-9/10` or `bytes 5-9/*`.
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
        assert_eq!(answer_head(200, &headers).unwrap().validator, None);
        headers.insert("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT".parse().unwrap());
        assert!(answer_head(200, &headers).unwrap().validator.is_some());
        headers.insert("content-encoding", "gzip".parse().unwrap());
        assert!(answer_head(200, &headers).is_err());
    }
}
