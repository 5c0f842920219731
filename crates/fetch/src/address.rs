//! Addresses on the web, and rules of our own for redirects from one to another.

use ureq::http::{HeaderMap, Uri};

/// Address of a file on the web.
pub(crate) fn parse_address(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| "not an address".to_owned())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
        _ => Err("not an http or https address".to_owned()),
    }
}

/// Returns true where nobody between this program and the host can read what is sent.
pub(crate) fn is_private(at: &Uri) -> bool {
    at.scheme_str() == Some("https") || is_this_machine(at)
}

/// Returns true for addresses on one host.
pub(crate) fn same_host(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.authority() == b.authority()
}

fn is_this_machine(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Address of a redirect; one without a host is on the host of `at`.
pub(crate) fn redirect_target(headers: &HeaderMap, at: &Uri) -> Result<Uri, String> {
    let Some(location) = headers.get("location").and_then(|value| value.to_str().ok()) else {
        return Err("a redirect that does not say where".to_owned());
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
    parse_address(whole).map_err(|reason| format!("a redirect to `{location}`: {reason}"))
}

/// Refuses a redirect from https to http, unless the first request went to this machine, as in a test.
pub(crate) fn check_redirect(start: &Uri, from: &Uri, to: &Uri) -> Result<(), String> {
    let from_https = from.scheme_str() == Some("https") || start.scheme_str() == Some("https");
    let local = start.scheme_str() == Some("http") && is_this_machine(start);
    if from_https && to.scheme_str() == Some("http") && !local {
        return Err(format!(
            "it redirects to {to}, which is not encrypted; not followed"
        ));
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
}
