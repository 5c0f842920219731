//! HTTP requests, one at a time.

use crate::address::{check_redirect, is_private, parse_address, redirect_target, same_host};
use crate::netrc::NetrcFile;
use crate::{Error, FetchOptions};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
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
        /// What to do about a login, where the host asks for one.
        login: Option<String>,
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
    netrc: NetrcFile,
    /// Hosts that have asked for a login.
    asking: Arc<Mutex<HashSet<String>>>,
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
        let netrc = options.netrc.as_deref().map(NetrcFile::read).transpose()?;
        Ok(Self {
            agent,
            hub,
            token: options.token.clone(),
            netrc: netrc.unwrap_or_default(),
            asking: Arc::default(),
        })
    }

    /// Sends a request and follows redirects; for `HEAD` only on the same host.
    pub(crate) fn ask(&self, request: &HttpRequest) -> Result<HttpAnswer, RequestError> {
        let start = parse_address(&request.url).map_err(RequestError::Protocol)?;
        let mut at = start.clone();
        let mut linked = HubFile::default();
        for _ in 0..=REDIRECTS {
            let login = self.login(&at);
            let response = self.send(request, &at, login.as_deref())?;
            if same_host(&at, &start) {
                linked.read_headers(response.headers());
            }
            let next = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    redirect_target(response.headers(), &at).map_err(RequestError::Redirect)?
                }
                // The same request again, now with the login.
                401 if login.is_none() && self.is_asked_for_login(&at) => at.clone(),
                code @ 400.. => {
                    let advice = self.login_advice(code, &at, login.is_some());
                    return Err(status_error(code, response.headers(), advice));
                }
                _ => return Ok(HttpAnswer { response, linked }),
            };
            if request.head_only && !same_host(&next, &start) {
                return Ok(HttpAnswer { response, linked });
            }
            check_redirect(&start, &at, &next).map_err(RequestError::Redirect)?;
            at = next;
        }
        Err(RequestError::Redirect(format!("more than {REDIRECTS} redirects")))
    }

    /// Header with the login for the host of `at`, where that has asked for one.
    fn login(&self, at: &Uri) -> Option<String> {
        let host = at.host().filter(|_| is_private(at))?;
        let asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let header = asking.contains(host).then(|| self.netrc.authorization(host));
        header.flatten()
    }

    /// Notes that the host of `at` asks for a login; true where there is one that may be sent.
    fn is_asked_for_login(&self, at: &Uri) -> bool {
        let host = at.host().filter(|_| is_private(at)).unwrap_or_default();
        let known = self.netrc.authorization(host).is_some();
        if known {
            let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            asking.insert(host.to_owned());
        }
        known
    }

    /// What to do where the host of `at` has refused to give a file.
    fn login_advice(&self, code: u16, at: &Uri, sent: bool) -> Option<String> {
        let host = at
            .host()
            .filter(|_| matches!(code, 401 | 403) && !same_host(at, &self.hub))?;
        Some(if sent {
            format!(
                "the login that your netrc file has for {host} is not enough: sign the terms on the page named above, or correct it"
            )
        } else if !is_private(at) {
            format!("a login for {host} is sent over https only")
        } else {
            format!(
                "add `machine {host} login NAME password PASSWORD` to ~/.netrc, or to the file that NETRC names"
            )
        })
    }

    fn send(
        &self,
        request: &HttpRequest,
        at: &Uri,
        login: Option<&str>,
    ) -> Result<Response<Body>, RequestError> {
        let mut builder = match request.head_only {
            true => self.agent.head(at.clone()),
            false => self.agent.get(at.clone()),
        };
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let is_for_hub = is_private(at) && same_host(at, &self.hub);
        let token = self.token.as_ref().filter(|_| is_for_hub);
        let token = token.map(|token| format!("Bearer {token}"));
        if let Some(value) = token.as_deref().or(login) {
            builder = builder.header("Authorization", value);
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
        let sha256 = tag.filter(|t| crate::hexadecimal::is_hexadecimal(t, 64));
        self.sha256 = sha256.or(self.sha256.take());
    }
}

pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(crate) fn header_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    header_text(headers, name)?.trim().parse().ok()
}

fn status_error(code: u16, headers: &HeaderMap, login: Option<String>) -> RequestError {
    RequestError::Status {
        code,
        login,
        // The header's other form, a date, is rare; the usual pause is used then.
        retry_after: header_number(headers, "retry-after").map(Duration::from_secs),
        code_of_hub: header_text(headers, "x-error-code").map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
