//! One file over a connection that does not always do what it should.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Notes, Reply, Server, bytes, fetch, fetch_with, names, one, quick, sha256};
use ecgfm_fetch::{Error, FetchOptions, FetchOutcome, Fetcher};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[test]
fn a_wrong_checksum_leaves_nothing_under_the_name() {
    let server = Server::start(|_, _| Reply::new(200, "other"));
    let right = sha256(b"right");
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&one(&server, &format!(", sha256: {right}")), dir.path()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(&right) && message.contains(&sha256(b"other")),
        "{message}"
    );
    assert!(message.contains("run again"), "{message}");
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn what_the_server_refuses_is_said_with_what_to_do() {
    for (status, expected) in [
        (404, "there is no such file"),
        (401, "needs an access token"),
        (403, "needs an access token"),
    ] {
        let server = Server::start(move |_, _| Reply::new(status, "<html>"));
        let dir = tempfile::tempdir().unwrap();
        let message = fetch(&one(&server, ""), dir.path()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("https://example.org/mine"), "{message}");
        assert_eq!(server.asked().len(), 1, "asking again would not help");
    }
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/a" => Reply::new(302, "").with("Location", "/b"),
        "/b" => Reply::new(307, "").with("Location", "c?x=1"),
        "/c?x=1" => Reply::new(200, "here"),
        _ => Reply::new(302, "").with("Location", &asked.path),
    });
    let dir = tempfile::tempdir().unwrap();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), b"here");
    let round = common::source("", &format!("{{ name: l, url: '{}' }}", server.url("loop")));
    let error = fetch(&round, dir.path()).unwrap_err();
    assert!(matches!(&error, Error::Redirect { .. }), "{error}");
    assert!(error.to_string().contains("more than 10 redirects"), "{error}");
}

#[test]
fn a_server_in_trouble_is_asked_again_as_often_as_said() {
    let server = Server::start(|_, n| match n {
        0 => Reply::new(500, ""),
        1 => Reply::new(429, "").with("Retry-After", 0),
        _ => Reply::new(200, "here"),
    });
    let dir = tempfile::tempdir().unwrap();
    let notes = Notes::default();
    let fetcher = Fetcher::new(quick()).unwrap();
    let never = AtomicBool::new(false);
    fetcher
        .fetch(&one(&server, ""), &[], dir.path(), &notes, &never)
        .unwrap();
    assert!(notes.0.lock().unwrap()[0].starts_with("a: the server answered 500; trying again"));

    let server = Server::start(|_, _| Reply::new(503, ""));
    let error = fetch(&one(&server, ""), tempfile::tempdir().unwrap().path()).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 503, .. }), "{error}");
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn a_server_that_asks_to_wait_for_an_hour_has_refused() {
    let server = Server::start(|_, _| Reply::new(429, "").with("Retry-After", 3600));
    let error = fetch(&one(&server, ""), tempfile::tempdir().unwrap().path()).unwrap_err();
    assert!(error.to_string().contains("it asks to wait 3600 s"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_body_that_is_always_too_short_is_given_up() {
    let server = Server::start(|_, _| Reply::new(200, bytes(1000)).cut(10));
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&one(&server, ""), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(!dir.path().join("a").exists());
}

#[test]
fn a_body_larger_than_known_or_allowed_is_refused_before_it_is_stored() {
    let server = Server::start(|_, _| Reply::new(200, bytes(1000)));
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&one(&server, ", size: 999"), dir.path()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Size {
                expected: 999,
                found: 1000,
                ..
            }
        ),
        "{error}"
    );
    let small = FetchOptions {
        max_bytes: 500,
        ..quick()
    };
    let error = fetch_with(small, &one(&server, ""), dir.path()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLarge {
                size: 1000,
                limit: 500,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(names(dir.path()), [""; 0]);
}

/// Chunks of 1000 bytes, and no announcement of how many.
#[test]
fn a_body_without_a_length_is_stopped_at_the_limit() {
    let server = Server::start(|_, _| {
        let mut body = Vec::new();
        for _ in 0..100 {
            body.extend(b"3e8\r\n");
            body.extend(bytes(1000));
            body.extend(b"\r\n");
        }
        body.extend(b"0\r\n\r\n");
        Reply {
            no_length: true,
            ..Reply::new(200, body).with("Transfer-Encoding", "chunked")
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let small = FetchOptions {
        max_bytes: 50_000,
        ..quick()
    };
    let error = fetch_with(small, &one(&server, ""), dir.path()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 50_000, .. }), "{error}");
    assert_eq!(names(dir.path()), [""; 0]);
    let fetched = fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(fetched[0].size, 100_000);
}

#[test]
fn a_body_that_nothing_says_is_complete_is_not_believed() {
    let server = Server::start(|_, _| Reply {
        no_length: true,
        ..Reply::new(200, "some of it")
    });
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&one(&server, ""), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
    let known = format!(", sha256: {}", sha256(b"some of it"));
    assert!(fetch(&one(&server, &known), dir.path()).is_ok());
}

#[test]
fn no_network_says_what_to_get_and_where_to_put_it() {
    let server = Server::start(|_, _| Reply::new(200, ""));
    let source = one(&server, "");
    // Nobody listens on this port any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nowhere = common::source("", &format!("{{ name: a, url: 'http://127.0.0.1:{port}/a' }}"));
    let dir = tempfile::tempdir().unwrap();
    let message = fetch(&nowhere, dir.path()).unwrap_err().to_string();
    assert!(message.contains("or get it by hand"), "{message}");
    assert!(
        message.contains(&format!("put into: {}/", dir.path().display())),
        "{message}"
    );
    assert!(
        message.contains(&format!("a  <-  http://127.0.0.1:{port}/a")),
        "{message}"
    );
    drop(source);
}

#[test]
fn the_first_download_is_pinned_and_a_later_other_file_is_an_error_that_names_both() {
    let server = Server::start(|_, n| Reply::new(200, if n == 0 { "first" } else { "second" }));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let source = one(&server, "");
    fetch(&source, dir.path()).unwrap();

    let again = fetch(&source, dir.path()).unwrap();
    assert_eq!(again[0].outcome, FetchOutcome::Present);
    assert_eq!(
        server.asked().len(),
        1,
        "what is there and right needs no network"
    );

    std::fs::remove_file(&path).unwrap();
    let message = fetch(&source, dir.path()).unwrap_err().to_string();
    assert!(
        message.contains(&sha256(b"first")) && message.contains(&sha256(b"second")),
        "{message}"
    );
    assert_eq!(names(dir.path()), ["a.ecgfm.json"]);

    std::fs::write(&path, "third").unwrap();
    let error = fetch(&source, dir.path()).unwrap_err();
    assert!(matches!(&error, Error::Pinned { .. }), "{error}");
    assert!(error.to_string().contains(&sha256(b"third")), "{error}");
    assert_eq!(
        std::fs::read(&path).unwrap(),
        b"third",
        "it is not ours to delete"
    );
}

#[test]
fn a_silent_server_is_given_up() {
    let server = Server::start(|_, _| Reply::new(200, bytes(1000)).hang(10));
    let impatient = FetchOptions {
        silence: Duration::from_millis(50),
        retries: 1,
        ..quick()
    };
    let dir = tempfile::tempdir().unwrap();
    let error = fetch_with(impatient, &one(&server, ""), dir.path()).unwrap_err();
    assert!(error.to_string().contains("the server is silent"), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_file_that_cannot_be_looked_for_is_not_downloaded_again() {
    let server = Server::start(|_, _| Reply::new(200, "new"));
    let dir = tempfile::tempdir().unwrap();
    // A link that leads to itself cannot be looked at, by no user.
    std::os::unix::fs::symlink("a", dir.path().join("a")).unwrap();
    let error = fetch(&one(&server, ""), dir.path()).unwrap_err();
    assert!(error.to_string().contains("cannot look for"), "{error}");
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn an_empty_file_is_a_file() {
    let server = Server::start(|_, _| Reply::new(200, ""));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(fetch(&one(&server, ""), dir.path()).unwrap()[0].size, 0);
}
