//! What publishers state: the hub in the head of its answers, Zenodo in a record.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;

use common::{Asked, Reply, Server, bytes, fetch, fetch_with, names, quick, sha256, source};
use ecgfm_fetch::{Checksum, DataSource, Error, FetchOptions, FetchOutcome, Fetcher, Pin};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A hub whose large files lie on another host, as they do.
fn hub(store: &Server, sha256: String, size: usize) -> Server {
    let store = store.base.clone();
    Server::start(move |asked, _| match asked.path.as_str() {
        "/owner/old/resolve/main/m.pt" => {
            Reply::new(307, "").with("Location", "/owner/model/resolve/main/m.pt")
        }
        "/owner/model/resolve/main/m.pt" => Reply::new(302, "")
            .with("Location", format!("{store}/blob"))
            .with("X-Linked-Etag", format!("\"{sha256}\""))
            .with("X-Linked-Size", size)
            .with("X-Repo-Commit", COMMIT),
        "/owner/gated/resolve/main/m.pt" => Reply::new(403, "").with("X-Error-Code", "GatedRepo"),
        _ => Reply::new(404, ""),
    })
}

fn model(repository: &str) -> DataSource {
    source(
        "",
        &format!("{{ name: m.pt, repository: {repository}, revision: main, file: m.pt }}"),
    )
}

fn on(hub: &Server) -> FetchOptions {
    FetchOptions {
        hub: hub.base.clone(),
        token: Some("secret".into()),
        ..quick()
    }
}

#[test]
fn a_checkpoint_is_compared_with_the_hubs_own_checksum() {
    let whole = bytes(5000);
    let sent = whole.clone();
    let store = Server::start(move |asked, _| Reply::file(asked, &sent, "\"blob\""));
    let hub = hub(&store, sha256(&whole), 5000);
    let dir = tempfile::tempdir().unwrap();
    let fetched = fetch_with(on(&hub), &model("owner/old"), dir.path()).unwrap();
    assert_eq!(fetched[0].published, Some(Checksum::Sha256(sha256(&whole))));
    let pin = Pin::read(&dir.path().join("m.pt")).unwrap().unwrap();
    assert_eq!((pin.size, pin.commit.as_deref()), (5000, Some(COMMIT)));

    let token = |asked: &Asked| asked.header("authorization").map(str::to_owned);
    assert!(
        hub.asked()
            .iter()
            .all(|a| token(a).as_deref() == Some("Bearer secret"))
    );
    assert!(
        store.asked().iter().all(|a| token(a).is_none()),
        "the token is for the hub alone"
    );
}

#[test]
fn a_checkpoint_that_is_another_than_the_hub_says_is_refused() {
    let store = Server::start(|asked, _| Reply::file(asked, &bytes(5000), "\"blob\""));
    let hub = hub(&store, sha256(b"other"), 5000);
    let dir = tempfile::tempdir().unwrap();
    let error = fetch_with(on(&hub), &model("owner/model"), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn a_checkpoint_that_the_hub_replaced_is_noticed_before_it_is_downloaded() {
    let store = Server::start(|asked, _| Reply::file(asked, b"new", "\"blob\""));
    let hub = hub(&store, sha256(b"new"), 3);
    let dir = tempfile::tempdir().unwrap();
    let pin = format!(
        "{{\"size\": 3, \"sha256\": \"{}\", \"url\": \"u\"}}",
        sha256(b"old")
    );
    std::fs::write(Pin::path_for(&dir.path().join("m.pt")), pin).unwrap();
    let message = fetch_with(on(&hub), &model("owner/model"), dir.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains(&sha256(b"new")) && message.contains(&sha256(b"old")),
        "{message}"
    );
    assert_eq!(store.asked().len(), 0);
}

#[test]
fn a_gated_repository_says_so() {
    let store = Server::start(|_, _| Reply::new(404, ""));
    let hub = hub(&store, String::new(), 0);
    let dir = tempfile::tempdir().unwrap();
    let message = fetch_with(on(&hub), &model("owner/gated"), dir.path())
        .unwrap_err()
        .to_string();
    assert!(message.contains("accept its terms"), "{message}");
}

#[test]
fn a_checkpoint_put_there_by_hand_is_compared_too() {
    let store = Server::start(|_, _| Reply::new(404, ""));
    let hub = hub(&store, sha256(b"good"), 4);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.pt");
    std::fs::write(&path, "good").unwrap();
    let fetched = fetch_with(on(&hub), &model("owner/model"), dir.path()).unwrap();
    assert_eq!(fetched[0].outcome, FetchOutcome::Present);
    assert!(Pin::read(&path).unwrap().is_some());

    std::fs::remove_file(Pin::path_for(&path)).unwrap();
    std::fs::write(&path, "evil").unwrap();
    let error = fetch_with(on(&hub), &model("owner/model"), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");

    let fetched = fetch_with(on(&hub), &model("owner/nowhere"), dir.path()).unwrap();
    assert_eq!(fetched[0].outcome, FetchOutcome::Unverified);
}

/// A zip archive of these members.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in members {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).unwrap();
        zip.write_all(body).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Its MD5 is stated; it is `d41d8cd98f00b204e9800998ecf8427e` for an empty file.
fn zenodo(files: Vec<(&'static str, Vec<u8>, String)>) -> Server {
    Server::start(move |asked, _| {
        let listed: Vec<String> = files
            .iter()
            .map(|(key, body, md5)| {
                format!(
                    "{{\"key\": \"{key}\", \"size\": {}, \"checksum\": \"md5:{md5}\", \"links\": {{}}}}",
                    body.len()
                )
            })
            .collect();
        match asked.path.strip_prefix("/files/") {
            Some(name) => match files.iter().find(|f| f.0 == name) {
                Some((_, body, _)) => Reply::file(asked, body, "\"z\""),
                None => Reply::new(404, ""),
            },
            None => Reply::new(200, format!("{{\"id\": 1, \"files\": [{}]}}", listed.join(","))),
        }
    })
}

/// A dataset of one part in an archive.
fn dataset(server: &Server) -> DataSource {
    let extra = format!("record: '{}', unpack: true,", server.url("record"));
    source(
        &extra,
        &format!(
            "{{ part: 0, name: p.hdf5, url: '{}' }}",
            server.url("files/p.zip")
        ),
    )
}

fn md5(bytes: &[u8]) -> String {
    use md5::{Digest, Md5};
    Md5::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn part(members: &[(&str, &[u8])]) -> Server {
    let body = zip(members);
    let md5 = md5(&body);
    zenodo(vec![("p.zip", body, md5)])
}

#[test]
fn an_archive_is_compared_with_the_record_unpacked_and_removed() {
    let server = part(&[("p.hdf5", b"signals")]);
    let dir = tempfile::tempdir().unwrap();
    let fetched = fetch(&dataset(&server), dir.path()).unwrap();
    assert!(matches!(fetched[0].published, Some(Checksum::Md5(_))));
    assert_eq!(fetched[0].sha256, Some(sha256(b"signals")));
    assert_eq!(names(dir.path()), ["p.hdf5", "p.hdf5.ecgfm.json"]);
    assert_eq!(std::fs::read(dir.path().join("p.hdf5")).unwrap(), b"signals");

    std::fs::remove_file(dir.path().join("p.hdf5")).unwrap();
    let keep = FetchOptions {
        keep_archives: true,
        ..quick()
    };
    fetch_with(keep, &dataset(&server), dir.path()).unwrap();
    assert_eq!(names(dir.path()), ["p.hdf5", "p.hdf5.ecgfm.json", "p.zip"]);
}

#[test]
fn an_archive_put_there_by_hand_is_compared_and_unpacked_without_a_download() {
    let server = part(&[("p.hdf5", b"signals")]);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("p.zip"), zip(&[("p.hdf5", b"signals")])).unwrap();
    let fetched = fetch(&dataset(&server), dir.path()).unwrap();
    assert_eq!(
        (fetched[0].outcome, fetched[0].downloaded),
        (FetchOutcome::Fetched, 0)
    );

    std::fs::remove_file(dir.path().join("p.hdf5")).unwrap();
    std::fs::write(dir.path().join("p.zip"), zip(&[("p.hdf5", b"silence")])).unwrap();
    let error = fetch(&dataset(&server), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    assert!(!dir.path().join("p.hdf5").exists());
}

#[test]
fn an_archive_of_other_names_writes_nothing() {
    let members: [&[(&str, &[u8])]; 3] = [
        &[("../p.hdf5", b"evil")],
        &[("/tmp/p.hdf5", b"evil"), ("x/p.hdf5", b"evil")],
        &[("other.hdf5", b"evil")],
    ];
    for members in members {
        let server = part(members);
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("in");
        let error = fetch(&dataset(&server), &dir).unwrap_err();
        assert!(matches!(error, Error::Archive { .. }), "{error}");
        assert!(error.to_string().contains("it should hold `p.hdf5`"), "{error}");
        assert_eq!(names(outer.path()), ["in"]);
        assert_eq!(names(&dir), ["p.zip"]);
    }
}

#[test]
fn a_member_larger_than_allowed_or_than_declared_is_refused() {
    let zeros = vec![0; 1 << 20];
    let server = part(&[("p.hdf5", &zeros)]);
    let dir = tempfile::tempdir().unwrap();
    let small = FetchOptions {
        max_bytes: 100_000,
        ..quick()
    };
    let error = fetch_with(small, &dataset(&server), dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { size: 1_048_576, .. }),
        "{error}"
    );
    assert_eq!(names(dir.path()), ["p.zip"]);

    // The same archive, that declares 5 bytes where there are a million.
    let mut lies = zip(&[("p.hdf5", &zeros)]);
    let declared = (1u32 << 20).to_le_bytes();
    for at in (0..lies.len() - 4)
        .filter(|at| lies[*at..*at + 4] == declared)
        .collect::<Vec<_>>()
    {
        lies[at..at + 4].copy_from_slice(&5u32.to_le_bytes());
    }
    let sum = md5(&lies);
    let server = zenodo(vec![("p.zip", lies, sum)]);
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&dataset(&server), dir.path()).unwrap_err();
    assert!(matches!(error, Error::Archive { .. }), "{error}");
    assert_eq!(names(dir.path()), ["p.zip"]);
}

#[test]
fn an_archive_that_is_none_or_damaged_says_so() {
    let mut damaged = zip(&[("p.hdf5", &bytes(5000))]);
    damaged[60] ^= 0xff;
    for body in [b"<html>sorry</html>".to_vec(), damaged] {
        let sum = md5(&body);
        let server = zenodo(vec![("p.zip", body, sum)]);
        let dir = tempfile::tempdir().unwrap();
        let error = fetch(&dataset(&server), dir.path()).unwrap_err();
        assert!(matches!(error, Error::Archive { .. }), "{error}");
        assert!(
            error.to_string().contains("delete it to fetch it anew"),
            "{error}"
        );
        assert!(!dir.path().join("p.hdf5").exists());
    }
}

#[test]
fn a_record_that_does_not_list_the_file_or_is_none_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = zenodo(vec![]);
    let message = fetch(&dataset(&server), dir.path()).unwrap_err().to_string();
    assert!(message.contains("does not list `p.zip`"), "{message}");
    let server = Server::start(|_, _| Reply::new(200, "<html>"));
    let message = fetch(&dataset(&server), dir.path()).unwrap_err().to_string();
    assert!(message.contains("not a record"), "{message}");
}

#[test]
fn a_plan_says_what_would_be_downloaded_and_how_large() {
    let plan = |source: &DataSource, dir: &Path| {
        let never = AtomicBool::new(false);
        Fetcher::new(quick())
            .unwrap()
            .plan(source, &[], dir, &never)
            .unwrap()
    };
    let server = part(&[("p.hdf5", b"signals")]);
    let dir = tempfile::tempdir().unwrap();
    let source = dataset(&server);
    let size = zip(&[("p.hdf5", b"signals")]).len() as u64;
    let planned = plan(&source, dir.path());
    assert_eq!((planned[0].present, planned[0].size), (false, Some(size)));
    assert_eq!(names(dir.path()), [""; 0]);
    drop(server);
    let planned = plan(&source, dir.path());
    assert_eq!(planned[0].size, None);
    assert!(planned[0].unknown.is_some());
}
