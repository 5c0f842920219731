//! An answer, with the headers that keep a page to itself.

use super::request::Refusal;
use std::io::{self, Write};

/// What a page may load: this program's own style, script and drawings, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";

/// A drawing carries its style inside.
const DRAWING_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    content_type: &'static str,
    policy: &'static str,
    location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type,
            policy: PAGE_POLICY,
            location: None,
            body: body.into(),
        }
    }

    /// A page.
    pub(crate) fn html(status: u16, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// A drawing.
    pub(crate) fn svg(status: u16, body: String) -> Self {
        Self {
            policy: DRAWING_POLICY,
            ..Self::new(status, "image/svg+xml; charset=utf-8", body)
        }
    }

    /// The style of the pages.
    pub(crate) fn css(body: &str) -> Self {
        Self::new(200, "text/css; charset=utf-8", body)
    }

    /// The script of the pages.
    pub(crate) fn script(body: &str) -> Self {
        Self::new(200, "text/javascript; charset=utf-8", body)
    }

    /// Plain text.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{body}\n"))
    }

    /// Leads on to another page of this server, by its path.
    pub(crate) fn see_other(path: String) -> Self {
        Self {
            location: Some(path),
            ..Self::text(303, "see the page")
        }
    }

    /// Writes the answer.
    ///
    /// # Errors
    /// The peer is gone, or does not read.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        // ECGs stay out of the browser's cache on disk.
        for (name, value) in [
            ("Content-Type", self.content_type),
            ("Content-Security-Policy", self.policy),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Connection", "close"),
        ] {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(location) = &self.location {
            // A line end would begin a header of its own.
            let plain: String = location.chars().filter(|c| !c.is_control()).collect();
            head += &format!("Location: {plain}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        out.write_all(head.as_bytes())?;
        out.write_all(&self.body)?;
        out.flush()
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        Self::text(refusal.status, refusal.why)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_length_its_policy_and_no_header_of_another() {
        let mut bytes = Vec::new();
        Response::see_other("/a\r\nSet-Cookie: b".to_owned())
            .write(&mut bytes)
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 303 See Other\r\n"));
        assert!(head.contains("\r\nLocation: /aSet-Cookie: b\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())));
        assert!(head.contains("default-src 'none'") && head.contains("no-store"));
    }
}
