//! HTTP requests, one at a time, with rules of our own for redirects.

use crate::{Error, FetchOptions};
use std::time::Duration;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

/// Redirects that are followed, at most, so that a circle of them ends.
const REDIRECTS: usize = 10;

/// Request for a file.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequest {
    pub(crate) url: String,
    /// `GET`, or `HEAD` for the answer's head alone.
    pub(crate) head_only: bool,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// Reason for which a request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestError {
    /// No connection, or a broken one.
    Network(String),
    /// Answer with an error's status.
    Status {
        code: u16,
        retry_after: Option<Duration>,
        /// The hub's code for the error, such as `GatedRepo`.
        code_of_hub: Option<String>,
    },
    /// Redirect that is not followed.
    Redirect(String),
    /// Answer that contradicts HTTP or the request.
    Protocol(String),
}

/// Answer whose body is not read yet.
pub(crate) struct HttpAnswer {
    pub(crate) response: Response<Body>,
    pub(crate) linked: HubFile,
}

/// Facts about a large file that the hub sends with the redirect to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HubFile {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) commit: Option<String>,
}

/// Client that sends requests.
#[derive(Clone)]
pub(crate) struct HttpClient {
    agent: Agent,
    hub: Uri,
    token: Option<String>,
}

impl HttpClient {
    pub(crate) fn new(options: &FetchOptions) -> Result<Self, Error> {
        let tls = match &options.certificates {
            Some(path) => TlsConfig::builder().root_certs(read_certificates(path)?).build(),
            None => TlsConfig::builder().root_certs(RootCerts::WebPki).build(),
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Set even to none: ureq's default would read the environment, which is the caller's to decide.
            .proxy(read_proxy(options)?)
            .tls_config(tls)
            .timeout_connect(Some(options.silence))
            .timeout_recv_response(Some(options.silence))
            .timeout_per_read(Some(options.silence))
            .timeout_per_write(Some(options.silence))
            .user_agent(concat!("ecgfm/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let hub = parse_address(&options.hub).map_err(|reason| Error::Setting {
            what: "model hub",
            value: options.hub.clone(),
            reason,
        })?;
        let token = options.token.clone();
        Ok(Self { agent, hub, token })
    }

    /// Sends a request and follows redirects; for `HEAD` only on the same host.
    pub(crate) fn ask(&self, request: &HttpRequest) -> Result<HttpAnswer, RequestError> {
        let start = parse_address(&request.url).map_err(RequestError::Protocol)?;
        let mut at = start.clone();
        let mut linked = HubFile::default();
        for _ in 0..=REDIRECTS {
            let response = self.send(request, &at)?;
            if same_host(&at, &start) {
                linked.read_headers(response.headers());
            }
            let next = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => redirect_target(response.headers(), &at)?,
                code @ 400.. => return Err(status_error(code, response.headers())),
                _ => return Ok(HttpAnswer { response, linked }),
            };
            if request.head_only && !same_host(&next, &start) {
                return Ok(HttpAnswer { response, linked });
            }
            check_redirect(&start, &at, &next)?;
            at = next;
        }
        Err(RequestError::Redirect(format!("more than {REDIRECTS} redirects")))
    }

    fn send(&self, request: &HttpRequest, at: &Uri) -> Result<Response<Body>, RequestError> {
        let mut builder = match request.head_only {
            true => self.agent.head(at.clone()),
            false => self.agent.get(at.clone()),
        };
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let private = at.scheme_str() == Some("https") || is_this_machine(at);
        if let Some(token) = self
            .token
            .as_ref()
            .filter(|_| private && same_host(at, &self.hub))
        {
            builder = builder.header("Authorization", format!("Bearer {token}"));
        }
        // A compressed answer would have another size, and ranges would count compressed bytes.
        let builder = builder.header("Accept-Encoding", "identity");
        builder.call().map_err(network_error)
    }
}

pub(crate) fn network_error(error: ureq::Error) -> RequestError {
    match error {
        ureq::Error::HostNotFound => {
            RequestError::Network("the host's name is not known: no network?".to_owned())
        }
        ureq::Error::Timeout(_) => RequestError::Network("the server is silent".to_owned()),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            RequestError::Protocol(error.to_string())
        }
        ureq::Error::Io(error) => RequestError::Network(error.to_string()),
        other => RequestError::Network(other.to_string()),
    }
}

fn parse_address(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| "not an address".to_owned())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
        _ => Err("not an http or https address".to_owned()),
    }
}

fn read_proxy(options: &FetchOptions) -> Result<Option<Proxy>, Error> {
    let Some(text) = &options.proxy else {
        return Ok(None);
    };
    let bad = |error: ureq::Error| Error::Setting {
        what: "proxy",
        value: text.clone(),
        reason: error.to_string(),
    };
    let given = Proxy::new(text).map_err(bad)?;
    let mut builder = Proxy::builder(given.protocol())
        .host(given.host())
        .port(given.port());
    if let Some(name) = given.username() {
        builder = builder.username(name);
    }
    if let Some(password) = given.password() {
        builder = builder.password(password);
    }
    let direct = options.no_proxy.as_deref().unwrap_or_default().split(',');
    for host in ["localhost", "127.0.0.1", "[::1]"].into_iter().chain(direct) {
        builder = builder.no_proxy(host.trim());
    }
    builder.build().map(Some).map_err(bad)
}

fn read_certificates(path: &std::path::Path) -> Result<RootCerts, Error> {
    let pem = std::fs::read(path).map_err(crate::error::io_error(path, "read"))?;
    let bad = |reason: String| Error::Setting {
        what: "certificates",
        value: path.display().to_string(),
        reason,
    };
    let mut found: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| bad(e.to_string()))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(bad("there is no certificate in it".to_owned()));
    }
    Ok(RootCerts::from(found))
}

impl HubFile {
    fn read_headers(&mut self, headers: &HeaderMap) {
        let commit = header_text(headers, "x-repo-commit").map(str::to_owned);
        self.commit = commit.or(self.commit.take());
        self.size = header_number(headers, "x-linked-size").or(self.size);
        // The entity tag of a large file is its SHA-256; that of a small one is another hash, of another length.
        let tag = header_text(headers, "x-linked-etag").map(|t| t.trim_matches('"').to_ascii_lowercase());
        let sha256 = tag.filter(|t| crate::catalogue::is_hexadecimal(t, 64));
        self.sha256 = sha256.or(self.sha256.take());
    }
}

pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(crate) fn header_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    header_text(headers, name)?.trim().parse().ok()
}

fn status_error(code: u16, headers: &HeaderMap) -> RequestError {
    RequestError::Status {
        code,
        // The header's other form, a date, is rare; the usual pause is used then.
        retry_after: header_number(headers, "retry-after").map(Duration::from_secs),
        code_of_hub: header_text(headers, "x-error-code").map(str::to_owned),
    }
}

fn same_host(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.authority() == b.authority()
}

fn is_this_machine(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Address of a redirect; one without a host is on the host of `at`.
fn redirect_target(headers: &HeaderMap, at: &Uri) -> Result<Uri, RequestError> {
    let Some(location) = header_text(headers, "location") else {
        return Err(RequestError::Redirect(
            "a redirect that does not say where".to_owned(),
        ));
    };
    let scheme = at.scheme_str().unwrap_or("https");
    let authority = at.authority().map_or("", |a| a.as_str());
    let whole = match location {
        l if l.starts_with("//") => format!("{scheme}:{l}"),
        l if l.starts_with('/') => format!("{scheme}://{authority}{l}"),
        l if l.contains("://") => l.to_owned(),
        l => {
            let folder = at.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{folder}/{l}")
        }
    };
    // The part after `#` is not sent to a server.
    let whole = whole.split('#').next().unwrap_or_default();
    parse_address(whole)
        .map_err(|reason| RequestError::Redirect(format!("a redirect to `{location}`: {reason}")))
}

/// Refuses a redirect from https to http, unless the first request went to this machine, as in a test.
fn check_redirect(start: &Uri, from: &Uri, to: &Uri) -> Result<(), RequestError> {
    let from_https = from.scheme_str() == Some("https") || start.scheme_str() == Some("https");
    let local = start.scheme_str() == Some("http") && is_this_machine(start);
    if from_https && to.scheme_str() == Some("http") && !local {
        return Err(RequestError::Redirect(format!(
            "it redirects to {to}, which is not encrypted; not followed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        parse_address(text).unwrap()
    }

    #[test]
    fn a_redirect_never_leaves_encryption_unless_all_began_on_this_machine() {
        let (safe, open) = (uri("https://a/x"), uri("http://b/x"));
        let local = uri("http://127.0.0.1:1/x");
        assert!(check_redirect(&safe, &safe, &open).is_err());
        assert!(check_redirect(&open, &safe, &open).is_err());
        assert!(check_redirect(&local, &safe, &open).is_ok());
        assert!(check_redirect(&open, &open, &safe).is_ok());
        assert!(check_redirect(&safe, &safe, &uri("https://b/x")).is_ok());
    }

    #[test]
    fn a_redirect_may_be_relative() {
        let at = uri("https://host:1/a/b?c");
        let to = |location: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("location", location.parse().unwrap());
            redirect_target(&headers, &at).map(|u| u.to_string())
        };
        assert_eq!(to("/d?e").unwrap(), "https://host:1/d?e");
        assert_eq!(to("d#f").unwrap(), "https://host:1/a/d");
        assert_eq!(to("//other/d").unwrap(), "https://other/d");
        assert_eq!(to("http://other/d").unwrap(), "http://other/d");
        assert!(to("ftp://other/d").is_err());
    }

    #[test]
    fn only_a_sha256_counts_as_the_hubs_checksum() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-linked-etag",
            "\"3f786850e387550fdab836ed7e6dc881de23001b\"".parse().unwrap(),
        );
        let mut linked = HubFile::default();
        linked.read_headers(&headers);
        assert_eq!(linked.sha256, None);
        headers.insert(
            "x-linked-etag",
            format!("\"{}\"", "A".repeat(64)).parse().unwrap(),
        );
        linked.read_headers(&headers);
        assert_eq!(linked.sha256, Some("a".repeat(64)));
    }

    #[test]
    fn a_bad_proxy_and_a_bad_hub_are_refused() {
        let proxy = FetchOptions {
            proxy: Some("no\nproxy".into()),
            ..FetchOptions::default()
        };
        assert!(matches!(
            HttpClient::new(&proxy),
            Err(Error::Setting { what: "proxy", .. })
        ));
        let hub = FetchOptions {
            hub: "hub".into(),
            ..FetchOptions::default()
        };
        assert!(matches!(
            HttpClient::new(&hub),
            Err(Error::Setting {
                what: "model hub",
                ..
            })
        ));
    }
}
