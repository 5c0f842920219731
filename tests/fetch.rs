//! `ecgfm fetch` against a model hub on this machine: what it leaves, what it says, the exit codes.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

mod common;
#[path = "../crates/fetch/tests/common/mod.rs"]
mod server;

use common::{ecgfm, ok, signal};
use server::{Asked, Reply, Server, bytes, names, sha256};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const NAME: &str = "physionet_finetuned.pt";
const SIZE: usize = 2 << 20;

/// A hub that has the checkpoint; `serve` sends it.
fn hub(serve: impl Fn(&Asked, &[u8]) -> Reply + Send + Sync + 'static) -> Server {
    let whole = bytes(SIZE);
    let sum = sha256(&whole);
    Server::start(move |asked, _| match asked.path.as_str() {
        "/blob" => serve(asked, &whole),
        path if path.ends_with(NAME) => Reply::new(302, "")
            .with("Location", "/blob")
            .with("X-Linked-Size", SIZE)
            .with("X-Linked-Etag", format!("\"{sum}\"")),
        _ => Reply::new(404, ""),
    })
}

fn fetch(hub: &Server, dir: &Path, further: &[&str]) -> Command {
    let mut command = ecgfm();
    command
        .env("HF_ENDPOINT", &hub.base)
        .args(["fetch", "checkpoint", "physionet_finetuned", "--dir"]);
    command.arg(dir).args(further);
    command
}

fn said(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_checkpoint_by_name() {
    let hub = hub(|asked, whole| Reply::file(asked, whole, "\"blob\""));
    let dir = tempfile::tempdir().unwrap();
    let planned: serde_json::Value =
        serde_json::from_str(&ok(&mut fetch(&hub, dir.path(), &["--dry-run", "--json"]))).unwrap();
    assert_eq!(planned["would_fetch"][0]["size"], SIZE);
    assert_eq!(names(dir.path()), [""; 0]);

    let text = ok(&mut fetch(&hub, dir.path(), &["--json"]));
    let fetched: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(fetched["files"][0]["sha256"], sha256(&bytes(SIZE)));
    assert_eq!(names(dir.path()), [NAME, "physionet_finetuned.pt.ecgfm.json"]);

    let sources = ok(ecgfm()
        .args(["sources", "physionet_finetuned", "--dir"])
        .arg(dir.path()));
    assert!(sources.contains("all 1 files are in"), "{sources}");

    std::fs::write(dir.path().join(NAME), "another").unwrap();
    let (code, text) = said(&fetch(&hub, dir.path(), &[]).output().unwrap());
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("but the file fetched before was"), "{text}");
}

#[test]
fn what_cannot_be_fetched_says_why() {
    let dir = tempfile::tempdir().unwrap();
    for (words, expected) in [
        (vec!["code16"], "no source is called `code16`"),
        (
            vec!["checkpoint", "code15"],
            "`code15` is a dataset, not a `checkpoint`",
        ),
        (vec!["code15", "--part", "18"], "its parts are 0-17"),
    ] {
        let (code, text) = said(
            &ecgfm()
                .arg("fetch")
                .args(words)
                .arg("--dir")
                .arg(dir.path())
                .output()
                .unwrap(),
        );
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    let hub = hub(|_, _| Reply::new(404, ""));
    let (code, text) = said(&fetch(&hub, dir.path(), &["--quiet"]).output().unwrap());
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("there is no such file") && text.contains("wanglab/ecg-fm-preprint"),
        "{text}"
    );
    let damaged = self::hub(|_, _| Reply::new(200, vec![0; SIZE]));
    let (code, text) = said(&fetch(&damaged, dir.path(), &[]).output().unwrap());
    assert_eq!(code, Some(3), "{text}");
    assert_eq!(names(dir.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_download_exits_130_and_is_gone_on_from() {
    let stuck = hub(|asked, whole| Reply::file(asked, whole, "\"blob\"").hang(SIZE / 2));
    let dir = tempfile::tempdir().unwrap();
    let mut child = fetch(&stuck, dir.path(), &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let partial = dir.path().join("physionet_finetuned.pt.partial");
    let began = Instant::now();
    while std::fs::metadata(&partial).map_or(0, |m| m.len()) < SIZE as u64 / 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing arrives");
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));

    // Another port is another address; the hub's own checksum says that it is the same file.
    let hub = hub(|asked, whole| Reply::file(asked, whole, "\"blob\""));
    let fetched: serde_json::Value =
        serde_json::from_str(&ok(&mut fetch(&hub, dir.path(), &["--json"]))).unwrap();
    assert_eq!(fetched["files"][0]["resumed_from"], SIZE / 2);
    assert_eq!(fetched["files"][0]["sha256"], sha256(&bytes(SIZE)));
}

/// The text that a command prints before anything is downloaded.
fn refused_by(args: &[&str]) -> String {
    let hub = self::hub(|_, _| Reply::new(404, ""));
    let dir = tempfile::tempdir().unwrap();
    let mut command = ecgfm();
    command.env("HF_ENDPOINT", &hub.base).arg("fetch").args(args);
    let (_, text) = said(&command.arg("--dir").arg(dir.path()).output().unwrap());
    text
}

#[test]
fn the_licence_of_a_model_is_told_before_its_weights_and_loudly_where_it_forbids_commercial_use() {
    let text = refused_by(&["ecgfounder"]);
    let (told, failed) = (
        text.find("licence: MIT (code), not stated (weights)"),
        text.find("error: "),
    );
    assert!(told.is_some() && told < failed, "{text}");
    assert!(!text.contains("NON-COMMERCIAL"), "{text}");
    for args in [&["hubert_ecg"][..], &["model", "hubert_ecg", "--quiet"]] {
        let text = refused_by(args);
        assert!(text.contains("NON-COMMERCIAL USE ONLY: HuBERT-ECG"), "{text}");
        assert!(text.contains("CC BY-NC 4.0"), "{text}");
    }
}

#[test]
fn weights_without_a_known_address_are_got_by_hand() {
    for name in ["st_mem", "deepecg"] {
        let output = ecgfm().args(["fetch", name]).output().unwrap();
        let (code, text) = said(&output);
        assert_eq!(code, Some(2), "{text}");
        for part in [
            "by hand: ",
            &format!("ecgfm export FILE --model {name} -o {name}.ts"),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn a_gated_model_of_ones_own_description_is_fetched_with_the_token_of_the_environment() {
    let whole = bytes(5000);
    let hub = Server::start(move |asked, _| match asked.header("authorization") {
        Some("Bearer secret") => Reply::file(asked, &whole, "\"blob\""),
        _ => Reply::new(401, "").with("X-Error-Code", "GatedRepo"),
    });
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("mine.yaml");
    std::fs::write(
        &model,
        "name: mine\ntitle: Mine\nabout: ''\ncode: {url: u, licence: MIT}\nrecipe: ecg_fm\nweights:\n  page: https://hub/mine\n  \
         licence: not stated\n  gated: true\n  files: [{name: m.pt, repository: o/m, revision: main, file: m.pt}]\n",
    )
    .unwrap();
    let fetch = |token: Option<&str>| {
        let mut command = ecgfm();
        command.env_remove("HF_TOKEN").env("HF_ENDPOINT", &hub.base);
        if let Some(token) = token {
            command.env("HF_TOKEN", token);
        }
        let output = command
            .arg("fetch")
            .arg(&model)
            .arg("--dir")
            .arg(dir.path())
            .output();
        said(&output.unwrap())
    };
    let (code, text) = fetch(None);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("gated: accept the terms on https://hub/mine") && text.contains("help: set HF_TOKEN"),
        "{text}"
    );
    let (code, text) = fetch(Some("secret"));
    assert_eq!(code, Some(0), "{text}");
    assert!(
        dir.path().join("m.pt").is_file() && !text.contains("secret"),
        "{text}"
    );
}
