//! A request: read from a connection within limits, or refused.

use std::io::{ErrorKind, Read};

/// Bytes that the request line and the headers may take.
const MAX_HEAD: usize = 16 << 10;
/// Headers that a request may have; browsers send about fifteen.
const MAX_HEADERS: usize = 64;
/// Bytes of a form: a note is far shorter.
const MAX_BODY: usize = 64 << 10;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// To read.
    Get,
    /// To change something.
    Post,
}

/// Pairs of a query or a form, decoded.
pub(crate) type Pairs = Vec<(String, String)>;

/// A whole request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path as it was sent, undecoded.
    pub(crate) path: String,
    pub(crate) query: Pairs,
    /// Fields of a form; none of a request that reads.
    pub(crate) form: Pairs,
    pub(crate) host: Option<String>,
    pub(crate) origin: Option<String>,
    /// Relation of the page that asks to this one, as the browser says it.
    pub(crate) fetch_site: Option<String>,
}

/// Refusal of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: &'static str,
}

const fn refusal(status: u16, why: &'static str) -> Refusal {
    Refusal { status, why }
}

const MALFORMED: Refusal = refusal(400, "this is no HTTP request");

/// Reads a request; none where the peer sent nothing.
///
/// # Errors
/// It is malformed, too long, too slow, or of a kind that is not answered.
pub(crate) fn read_request(stream: &mut impl Read) -> Result<Option<Request>, Refusal> {
    let mut bytes = Vec::new();
    let (mut request, length, head) = loop {
        if let Some(found) = parse_head(&bytes)? {
            break found;
        }
        if bytes.len() >= MAX_HEAD {
            return Err(refusal(431, "the head of the request is too long"));
        }
        let room = MAX_HEAD - bytes.len();
        if !read_more(stream, &mut bytes, room)? {
            return if bytes.is_empty() {
                Ok(None)
            } else {
                Err(MALFORMED)
            };
        }
    };
    let end = head + length;
    while bytes.len() < end {
        let room = end - bytes.len();
        if !read_more(stream, &mut bytes, room)? {
            return Err(refusal(400, "the request ends too early"));
        }
    }
    if request.method == Method::Post {
        request.form = decode_pairs(&bytes[head..end]);
    }
    Ok(Some(request))
}

/// Reads at most `room` bytes more; false at the end.
fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>, room: usize) -> Result<bool, Refusal> {
    let mut buffer = [0; 4096];
    let room = room.min(buffer.len());
    loop {
        match stream.read(&mut buffer[..room]) {
            Ok(0) => return Ok(false),
            Ok(read) => {
                bytes.extend_from_slice(&buffer[..read]);
                return Ok(true);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Nothing came in time: a browser opens connections before it needs them.
            Err(_) if bytes.is_empty() => return Ok(false),
            Err(_) => return Err(refusal(408, "the request took too long")),
        }
    }
}

/// The request without its form, the length of that, and where it begins; none while the head is not complete.
fn parse_head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(refusal(431, "the request has too many headers")),
        Err(_) => return Err(MALFORMED),
    };
    let method = match parsed.method {
        Some("GET") => Method::Get,
        Some("POST") => Method::Post,
        _ => return Err(refusal(405, "only GET and POST are answered")),
    };
    let headers = &*parsed.headers;
    if single(headers, "transfer-encoding")?.is_some() {
        return Err(refusal(411, "a form must come with its length"));
    }
    let length = body_length(method, single(headers, "content-length")?)?;
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method,
        path: path.to_owned(),
        query: decode_pairs(query.as_bytes()),
        form: Pairs::new(),
        host: single(headers, "host")?.map(str::to_owned),
        origin: single(headers, "origin")?.map(str::to_owned),
        fetch_site: single(headers, "sec-fetch-site")?.map(str::to_owned),
    };
    Ok(Some((request, length, head)))
}

/// The value of a header, which must not be there twice: who reads the first and who the last would not agree.
fn single<'a>(headers: &'a [httparse::Header<'_>], name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name));
    let value = values.next().map(|header| std::str::from_utf8(header.value));
    if values.next().is_some() {
        return Err(refusal(400, "a header is there twice"));
    }
    value.transpose().map_err(|_| MALFORMED)
}

fn body_length(method: Method, stated: Option<&str>) -> Result<usize, Refusal> {
    match (method, stated) {
        (Method::Get, None) => Ok(0),
        (Method::Post, None) => Err(refusal(411, "a form must come with its length")),
        (method, Some(text)) => {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            match text.parse::<usize>() {
                Ok(0) => Ok(0),
                Ok(length) if digits && length <= MAX_BODY && method == Method::Post => Ok(length),
                Ok(_) if digits && method == Method::Get => Err(refusal(400, "a GET has no body here")),
                _ if digits => Err(refusal(413, "the form is too long")),
                _ => Err(MALFORMED),
            }
        }
    }
}

fn decode_pairs(bytes: &[u8]) -> Pairs {
    form_urlencoded::parse(bytes).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Request>, Refusal> {
        read_request(&mut text.as_bytes())
    }

    #[test]
    fn a_request_is_read_with_its_query_and_form() {
        let text = "POST /t/review?a=1&b=x%20y HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nORIGIN: o\r\n\r\nnote=%C3%A9 and more";
        let request = read(&text.replace("Length: 9", "Length: 11")).unwrap().unwrap();
        assert_eq!(
            (request.method, request.path.as_str()),
            (Method::Post, "/t/review")
        );
        assert_eq!(
            request.query,
            [("a", "1"), ("b", "x y")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        assert_eq!(request.form, [("note".to_owned(), "é".to_owned())]);
        assert_eq!(
            (request.host.as_deref(), request.origin.as_deref()),
            (Some("h"), Some("o"))
        );
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn what_is_too_long_too_many_or_strange_is_refused() {
        let status = |text: &str| read(text).unwrap_err().status;
        let many: String = (0..80).map(|i| format!("x{i}: 1\r\n")).collect();
        for (text, expected) in [
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), 400),
            ("PUT / HTTP/1.1\r\n\r\n".to_owned(), 405),
            ("GET / HT".to_owned(), 400),
            ("\u{1}\u{2}\r\n\r\n".to_owned(), 400),
            (format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
            (format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(MAX_HEAD)), 431),
            ("POST / HTTP/1.1\r\n\r\n".to_owned(), 411),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
                411,
            ),
            ("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n".to_owned(), 413),
            ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n".to_owned(), 400),
            (
                "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n".to_owned(),
                413,
            ),
            ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde".to_owned(), 400),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc".to_owned(), 400),
        ] {
            assert_eq!(status(&text), expected, "{text:.60}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read_request(&mut &bytes[..]);
            let _ = read_request(&mut &[b"GET /", &bytes[..]].concat()[..]);
        }
    }
}
