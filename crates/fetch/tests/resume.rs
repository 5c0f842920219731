//! A download that breaks, stops, or continues with something else.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Reply, Server, bytes, fetch, fetch_with, names, one, quick, sha256};
use ecgfm_fetch::{Error, FetchOptions, Fetcher};
use ecgfm_stage::{NoProgress, Progress};
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
    let once = FetchOptions {
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
    let elsewhere = format!("bytes 5-{}/{SIZE}", SIZE - 1);
    let other_size = format!("bytes 1000-{}/{}", SIZE, SIZE + 1);
    for wrong in [
        ("ETag", "\"new\""),
        ("Content-Range", &*elsewhere),
        ("Content-Range", &*other_size),
    ] {
        let header = (wrong.0.to_owned(), wrong.1.to_owned());
        let (old, sent) = (old.clone(), new.clone());
        let server = Server::start(move |asked, n| match n {
            0 => Reply::file(asked, &old, "\"old\"").cut(1000),
            1 => Reply {
                headers: vec![
                    header.clone(), // The first of two of a name counts.
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
    let once = FetchOptions {
        retries: 0,
        ..quick()
    };
    fetch_with(once, &one(&server, ""), dir.path()).unwrap_err();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(server.asked()[1].from(), None);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}

/// Raises the flag when the first bytes have come.
struct StopAtFirst<'a>(&'a AtomicBool);

impl Progress for StopAtFirst<'_> {
    fn begin(&self, _: u64, _: &'static str) {}
    fn note(&self, _: &str) {}
    fn advance(&self, _: u64) {
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
            &NoProgress,
            &AtomicBool::new(false),
        )
        .unwrap();
    assert!(fetched[0].resumed_from > 0);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}

/// A server may send less than the rest; that is no end.
#[test]
fn a_piece_of_the_rest_is_not_taken_for_all_of_it() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &sent, "\"one\"").cut(1000),
        1 => Reply::new(206, &sent[1000..2000])
            .with("Content-Range", format!("bytes 1000-1999/{SIZE}"))
            .with("ETag", "\"one\""),
        _ => Reply::file(asked, &sent, "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(server.asked()[2].from(), Some(2000));
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}

#[test]
fn without_a_validator_the_rest_of_another_file_is_not_appended() {
    let (old, new) = (vec![7; SIZE], bytes(SIZE));
    let sent = new.clone();
    let server = Server::start(move |asked, n| match (n, asked.from()) {
        (0, _) => Reply::new(200, &*old).cut(2 << 20),
        (_, Some(from)) => {
            Reply::new(206, &sent[from..]).with("Content-Range", format!("bytes {from}-{}/{SIZE}", SIZE - 1))
        }
        _ => Reply::new(200, &*sent),
    });
    let dir = tempfile::tempdir().unwrap();
    fetch(&one(&server, ""), dir.path()).unwrap();
    assert_eq!(server.asked()[1].from(), None);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), new);
}

#[test]
fn a_server_that_always_breaks_and_says_nothing_of_the_file_is_given_up() {
    let whole = bytes(SIZE);
    let server = Server::start(move |_, _| Reply::new(200, &*whole).cut(2 << 20));
    let dir = tempfile::tempdir().unwrap();
    let twice = FetchOptions {
        retries: 2,
        ..quick()
    };
    let error = fetch_with(twice, &one(&server, ""), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_page_of_a_proxy_costs_nothing_of_what_is_there() {
    let whole = bytes(SIZE);
    let sent = whole.clone();
    let server = Server::start(move |asked, n| match n {
        0 => Reply::file(asked, &sent, "\"one\"").cut(2 << 20),
        1 => Reply::new(200, &b"down for maintenance"[..]).with("Content-Type", "text/html"),
        _ => Reply::file(asked, &sent, "\"one\""),
    });
    let dir = tempfile::tempdir().unwrap();
    let stated = format!(", size: {SIZE}, sha256: {}", sha256(&whole));
    let error = fetch(&one(&server, &stated), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Size { found: 20, .. }), "{error}");
    assert_eq!(names(dir.path()), ["a.partial", "a.partial.json"]);
    let fetched = fetch(&one(&server, &stated), dir.path()).unwrap();
    assert_eq!(fetched[0].resumed_from, 2 << 20);
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), whole);
}
