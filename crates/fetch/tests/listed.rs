//! A source whose files a list of checksums names, as PhysioNet publishes them; and hosts that ask for a login.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Asked, Reply, Server, bytes, fetch, fetch_with, names, quick, sha256};
use ecgfm_fetch::{CheckDepth, DataSource, Error, FetchOptions, FetchOutcome, Fetcher, FileProblem};
use std::path::Path;
use std::sync::atomic::AtomicBool;

const LIST: &str = "/files/x/1.0/SHA256SUMS.txt";

/// Files of the dataset: a table and recordings in two directories.
fn files() -> Vec<(String, Vec<u8>)> {
    let recording = |rate: usize, number: usize| {
        (
            format!("records{rate}/0/{number}.dat"),
            bytes(100 * number + rate),
        )
    };
    let mut files = vec![("table.csv".to_owned(), b"a,b\n".to_vec())];
    files.extend((0..12).flat_map(|number| [recording(100, number), recording(500, number)]));
    files
}

/// A host of the dataset; `before` may answer in its place.
fn publisher(before: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let files = files();
    let list: String = files
        .iter()
        .map(|(name, body)| format!("{} {name}\n", sha256(body)))
        .collect();
    Server::start(move |asked, _| {
        let of_file = || {
            let name = asked.path.strip_prefix("/files/x/1.0/")?;
            let (_, body) = files.iter().find(|(known, _)| known == name)?;
            Some(Reply::file(asked, body, "\"tag\""))
        };
        before(asked)
            .or_else(|| (asked.path == LIST).then(|| Reply::file(asked, list.as_bytes(), "\"list\"")))
            .or_else(of_file)
            .unwrap_or_else(|| Reply::new(404, ""))
    })
}

fn source(server: &Server) -> DataSource {
    let parts = "[{ part: 100, directory: records100 }, { part: 500, directory: records500 }]";
    let text = format!(
        "{{ name: mine, title: Mine, kind: dataset, page: 'https://example.org/mine', licence: CC BY 4.0, place: d, \
         checksums: {{ url: '{}', parts: {parts} }} }}",
        server.url(&LIST[1..])
    );
    DataSource::from_yaml(&text).unwrap()
}

fn count(dir: &Path, folder: &str) -> usize {
    names(&dir.join(folder)).len()
}

#[test]
fn every_file_of_the_list_is_fetched_and_compared_with_it() {
    let server = publisher(|_| None);
    let (source, dir) = (source(&server), tempfile::tempdir().unwrap());
    assert!(source.instructions().contains("licence: CC BY 4.0\n"));
    let missing = source.check(dir.path(), CheckDepth::Sizes).unwrap();
    assert_eq!(missing, [FileProblem::Missing("SHA256SUMS.txt".into())]);

    let fetched = fetch(&source, dir.path()).unwrap();
    assert_eq!(fetched.len(), 1 + 25);
    assert!(fetched.iter().all(|file| file.outcome == FetchOutcome::Fetched));
    for (name, body) in files() {
        assert_eq!(std::fs::read(dir.path().join(name)).unwrap(), body);
    }
    // Only the list has a record of its own.
    assert_eq!(
        names(dir.path()),
        [
            "SHA256SUMS.txt",
            "SHA256SUMS.txt.ecgfm.json",
            "records100",
            "records500",
            "table.csv"
        ]
    );
    assert_eq!(count(dir.path(), "records100/0"), 12);
    assert_eq!(source.check(dir.path(), CheckDepth::Contents).unwrap(), []);

    let asked = server.asked().len();
    let again = fetch(&source, dir.path()).unwrap();
    assert!(again.iter().all(|file| file.outcome == FetchOutcome::Present));
    assert_eq!(
        server.asked().len(),
        asked,
        "what is there is compared without a network"
    );
    std::fs::remove_file(dir.path().join("records500/0/3.dat")).unwrap();
    let again = fetch(&source, dir.path()).unwrap();
    let new: Vec<&str> = again
        .iter()
        .filter(|file| file.outcome == FetchOutcome::Fetched)
        .map(|file| file.file.as_str())
        .collect();
    assert_eq!(new, ["records500/0/3.dat"]);
}

#[test]
fn a_part_is_a_directory_and_the_files_that_belong_to_all() {
    let server = publisher(|_| None);
    let (source, dir) = (source(&server), tempfile::tempdir().unwrap());
    let never = AtomicBool::new(false);
    let fetcher = Fetcher::new(quick()).unwrap();
    let planned = fetcher.plan(&source, &[500], dir.path(), &never).unwrap();
    assert_eq!(planned.len(), 2 + 12);
    assert!(planned.iter().all(|file| !file.present && file.size.is_none()));
    assert_eq!(names(dir.path()), [""; 0], "a plan writes nothing");
    let fetched = fetcher.fetch(&source, &[500], dir.path(), &ecgfm_stage::NoProgress, &never);
    assert_eq!(fetched.unwrap().len(), 2 + 12);
    assert!(!dir.path().join("records100").exists());
    let message = source.select(&[7]).unwrap_err().to_string();
    assert_eq!(message, "`mine` has no part 7; its parts are 100, 500");
}

#[test]
fn a_damaged_file_ends_the_fetch_and_is_not_kept() {
    let server = publisher(|asked| {
        asked
            .path
            .ends_with("records100/0/5.dat")
            .then(|| Reply::new(200, "other"))
    });
    let (source, dir) = (source(&server), tempfile::tempdir().unwrap());
    let error = fetch(&source, dir.path()).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("records100/0/5.dat"), "{error}");
    assert!(!dir.path().join("records100/0/5.dat").exists());
}

#[test]
fn a_list_that_leads_out_of_the_directory_is_refused() {
    let sum = sha256(b"x");
    let list = format!("{sum} ../out.csv\n");
    let server = Server::start(move |_, _| Reply::new(200, list.clone()));
    let dir = tempfile::tempdir().unwrap();
    let message = fetch(&source(&server), &dir.path().join("in"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("no path inside the dataset"), "{message}");
    assert!(!dir.path().join("out.csv").exists());
}

/// A host that gives nothing without the login `me`, `secret`.
fn with_login() -> Server {
    publisher(|asked| {
        let right = asked.header("authorization") == Some("Basic bWU6c2VjcmV0");
        (!right).then(|| Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\""))
    })
}

fn with_netrc(dir: &Path, text: &str) -> FetchOptions {
    let path = dir.join("netrc");
    std::fs::write(&path, text).unwrap();
    FetchOptions {
        netrc: Some(path),
        ..quick()
    }
}

#[test]
fn a_host_that_asks_for_a_login_gets_that_of_the_netrc_file() {
    let (server, dir) = (with_login(), tempfile::tempdir().unwrap());
    let options = with_netrc(dir.path(), "machine 127.0.0.1 login me password secret\n");
    let fetched = fetch_with(options, &source(&server), &dir.path().join("d")).unwrap();
    assert_eq!(fetched.len(), 26);
    let unasked = server
        .asked()
        .iter()
        .filter(|asked| asked.header("authorization").is_none())
        .count();
    assert_eq!(unasked, 1, "it is asked for once");
}

#[test]
fn a_missing_and_a_wrong_login_say_what_to_do() {
    use ecgfm_stage::StageFailure;
    let (server, dir) = (with_login(), tempfile::tempdir().unwrap());
    for (text, words) in [
        (
            "machine physionet.org login me password secret\n",
            "add `machine 127.0.0.1 login NAME password PASSWORD` to ~/.netrc",
        ),
        ("machine 127.0.0.1 login me password wrong\n", "is not enough"),
    ] {
        let error = fetch_with(
            with_netrc(dir.path(), text),
            &source(&server),
            &dir.path().join("d"),
        );
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Refused { status: 401, .. }), "{error}");
        let help = error.help().unwrap();
        assert!(help.contains(words), "{help}");
        assert!(
            !error.to_string().contains("wrong") && !help.contains("wrong"),
            "no password is shown"
        );
    }
}
