//! Who is answered: a browser on this machine, sent by nobody else, that knows the token.

use super::request::{Method, Refusal, Request};

/// What a request must show to be answered.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// Names by which this server may be called, with its port.
    hosts: [String; 2],
    token: String,
}

impl Access {
    pub(super) fn new(port: u16, token: String) -> Self {
        Self {
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            token,
        }
    }

    /// Where every path begins that is answered.
    pub(super) fn base(&self) -> String {
        format!("/{}/", self.token)
    }

    /// The path after the token, where the request may be answered.
    ///
    /// # Errors
    /// It came by another name, from another site, or without the token.
    pub(super) fn check<'a>(&self, request: &'a Request) -> Result<&'a str, Refusal> {
        let refused = |why| Err(Refusal { status: 403, why });
        // A name that leads here from elsewhere would make other pages of that name this site's own.
        let host = request.host.as_ref().filter(|host| self.hosts.contains(host));
        let Some(host) = host else {
            return refused("this server has another name");
        };
        let own = format!("http://{host}");
        match &request.origin {
            Some(origin) if *origin != own => return refused("another site sent this request"),
            // Browsers name the origin of every form.
            None if request.method == Method::Post => return refused("a form must say where it comes from"),
            _ => {}
        }
        if !matches!(request.fetch_site.as_deref(), None | Some("same-origin" | "none")) {
            return refused("another site sent this request");
        }
        let path = request.path.strip_prefix('/').unwrap_or_default();
        let (token, rest) = path.split_once('/').unwrap_or((path, ""));
        match same_bytes(token.as_bytes(), self.token.as_bytes()) {
            true => Ok(rest),
            false => refused("the address lacks the token: use the one that the program printed"),
        }
    }
}

/// Compares in a time that does not tell how much is the same.
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    a.len() == b.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, path: &str, [host, origin, site]: [&str; 3]) -> Request {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Request {
            method,
            path: path.to_owned(),
            query: Vec::new(),
            form: Vec::new(),
            host: given(host),
            origin: given(origin),
            fetch_site: given(site),
        }
    }

    #[test]
    fn only_the_own_name_the_own_pages_and_the_token_are_answered() {
        let access = Access::new(7, "secret".to_owned());
        let (host, own) = ("127.0.0.1:7", "http://127.0.0.1:7");
        let check = |method, path, shown| {
            access
                .check(&request(method, path, shown))
                .ok()
                .map(str::to_owned)
        };
        assert_eq!(
            check(Method::Get, "/secret/ecg/3", [host, "", "none"]).as_deref(),
            Some("ecg/3")
        );
        assert_eq!(
            check(Method::Get, "/secret", ["localhost:7", "", ""]).as_deref(),
            Some("")
        );
        assert_eq!(
            check(Method::Post, "/secret/review", [host, own, "same-origin"]).as_deref(),
            Some("review")
        );
        for (method, path, shown) in [
            (Method::Get, "/", [host, "", ""]),
            (Method::Get, "/secre/", [host, "", ""]),
            (Method::Get, "/secret2/", [host, "", ""]),
            (Method::Get, "//secret/", [host, "", ""]),
            (Method::Get, "/secret/", ["", "", ""]),
            (Method::Get, "/secret/", ["example.org", "", ""]),
            (Method::Get, "/secret/", ["127.0.0.1:8", "", ""]),
            (Method::Get, "/secret/", ["127.0.0.1", "", ""]),
            (Method::Get, "/secret/", [host, "http://example.org", ""]),
            (Method::Get, "/secret/", [host, "http://localhost:7", ""]),
            (Method::Get, "/secret/", [host, "", "cross-site"]),
            (Method::Get, "/secret/", [host, "", "same-site"]),
            (Method::Post, "/secret/review", [host, "", "same-origin"]),
            (Method::Post, "/secret/review", [host, "null", "same-origin"]),
        ] {
            assert_eq!(check(method, path, shown), None, "{path} {shown:?}");
        }
    }
}
