//! One file over a connection that does not always do what it should.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Notes, Reply, Server, bytes, fetch, fetch_with, names, one, quick, sha256};
use ecgfm_fetch::{Error, Fetcher, Options, Outcome, Progress, Silent};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SIZE: usize = 3 << 20;

#[test]
fn a_broken_connection_is_gone_on_from_where_it_broke() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &sent, "\"one\"").cut(SIZE / 3),
        _ => Reply::file(asked, &sent, "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    let fetched = fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
    assert_eq!((fetched[0].downloaded, fetched[0].resumed_from), (SIZE as u64, 0));
    let second = &server.asked()[1];
    assert_eq!(second.from(), Some(SIZE / 3));
    assert_eq!(second.header("if-range"), Some("\"one\""));
    assert_eq!(names(dir.path()), ["a", "a.ecgfm.json"]);
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_gave_up() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &sent, "\"one\"").cut(1000),
        _ => Reply::file(asked, &sent, "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    let once = Options {
        retries: 0,
        ..quick()
    };
    let error = fetch_with(once, &one(&server, ""), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(names(dir.path()), ["a.partial", "a.partial.json"]);
    let fetched = fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(
        (fetched[0].resumed_from, fetched[0].downloaded),
        (1000, SIZE as u64 - 1000)
    );
    assert_eq!(fetched[0].sha256, Some(sha256(&whole)));
}

#[test]
fn a_server_without_ranges_is_asked_from_the_beginning() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |_, n| match n {
        0 => Reply::new(200, &*sent).with("ETag", "\"one\"").cut(1000),
        _ => Reply::new(200, &*sent).with("ETag", "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_from_the_beginning() {
    let (old, new) = (vec![7; SIZE], bytes(SIZE));
    let sent = new.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &old, "\"old\"").cut(1000),
        _ => Reply::file(asked, &sent, "\"new\""),
    });
    let dir = tempfile::tempdir().unwrap();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), new);
}

/// A server that ignores If-Range would otherwise give a file half old, half new.
#[test]
fn a_continuation_of_another_file_or_place_is_not_appended() {
    let (old, new) = (vec![7; SIZE], bytes(SIZE));
    for wrong in [("ETag", "\"new\""), ("Content-Range", "bytes 5-9/10")] {
        let (old, sent) = (old.clone(), new.clone());
        let server = Server::start(move |asked, n| match n {
            0 => Reply::file(asked, &old, "\"old\"").cut(1000),
            1 => Reply {
                headers: vec![
                    (wrong.0.into(), wrong.1.into()),
                    ("Content-Range".into(), format!("bytes 1000-{}/{SIZE}", SIZE - 1)),
                ],
                ..Reply::new(206, &sent[1000..])
            },
            _ => Reply::new(200, &*sent),
        });
        let dir = tempfile::tempdir().unwrap();
        fetch(&one(&server, ""), dir.path()).unwrap();
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), new, "{wrong:?}");
        assert_eq!(server.asked()[2].from(), None);
    }
}

#[test]
fn without_a_validator_nothing_is_gone_on_from() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |_, n| match n {
        0 => Reply::new(200, &*sent).cut(1000),
        _ => Reply::new(200, &*sent),
    });
    let dir = tempfile::tempdir().unwrap();
    let once = Options {
        retries: 0,
        ..quick()
    };
    fetch_with(once, &one(&server, ""), dir.path()).unwrap_err();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(server.asked()[1].from(), None);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}

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
    assert!(notes.0.lock().unwrap()[0].starts_with("the server answered 500; trying again"));

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
    let small = Options {
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
    let small = Options {
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
    assert_eq!(again[0].outcome, Outcome::Present);
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

/// Raises the flag when the first bytes have come.
struct StopAtFirst<'a>(&'a AtomicBool);

impl Progress for StopAtFirst<'_> {
    fn advanced(&self, _: u64) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_stop_is_heard_while_the_server_is_silent_and_the_next_run_goes_on() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &sent, "\"one\"").hang(1000),
        _ => Reply::file(asked, &sent, "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let fetcher = Fetcher::new(quick()).unwrap();
    let error = fetcher
        .fetch(&one(&server, ""), &[], dir.path(), &StopAtFirst(&stop), &stop)
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let fetched = fetcher
        .fetch(
            &one(&server, ""),
            &[],
            dir.path(),
            &Silent,
            &AtomicBool::new(false),
        )
        .unwrap();
    assert!(fetched[0].resumed_from > 0);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}

#[test]
fn a_silent_server_is_given_up() {
    let server = Server::start(|_, _| Reply::new(200, bytes(1000)).hang(10));
    let impatient = Options {
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
fn an_empty_file_is_a_file() {
    let server = Server::start(|_, _| Reply::new(200, ""));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(fetch(&one(&server, ""), dir.path()).unwrap()[0].size, 0);
}
