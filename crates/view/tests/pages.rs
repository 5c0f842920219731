//! The pages of a small run, over raw connections.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use ecgfm_view::{EcgPlace, Host, RunPlaces, RunningServer, Server, show_run};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Draws what it is asked for as text.
struct Words;

impl Host for Words {
    fn draw(&self, place: &EcgPlace, saliency: bool) -> Result<String, String> {
        match &place.kept {
            Some(kept) => Ok(format!(
                "<svg>{} row {} {saliency}</svg>",
                place.trace_file, kept.row
            )),
            None => Err(format!("{} cannot be <read>", place.trace_file)),
        }
    }

    fn now(&self) -> String {
        "2026-01-31T23:59:58.000000000Z".to_owned()
    }
}

const PREDICTIONS: &str = r#"{"subset": "test", "returns": "logits", "thresholds": {"source": "fixed", "by": "0.5"},
"threshold_of": {"AF": 0.5, "A & B": 0.25}, "mapping": null,
"labels": {"name": "two", "title": "two", "labels": [{"name": "AF", "title": "Atrial fibrillation"}, {"name": "A & B", "title": "both"}]}}"#;

/// A run of 120 exams, of which 3 were set aside, and 60 predicted.
fn write_run(dir: &Path) -> RunPlaces {
    let write = |path: &str, text: String| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let rows = |row: &dyn Fn(usize) -> String, from: usize| (from..117).map(row).collect::<String>();
    let meta = rows(
        &|i| {
            format!(
                "{},{},{},{},p{}.hdf5,r_{i}.mat,s,{i},400\n",
                500 - i,
                1000 + i,
                i % 90,
                i % 2 == 0,
                i % 3
            )
        },
        0,
    );
    write(
        "signals/meta.csv",
        format!("idx,exam_id,age,is_male,trace_file,save_file,source,hdf_ind,sample_rate\n{meta}"),
    );
    let rejected =
        "exam_id,trace_file,reason,detail\n7,q.hdf5,all_zero,\n8,q.hdf5,all_zero,\n<b>9,q.hdf5,too_short,\n";
    write("signals/rejected.csv", rejected.to_owned());
    write(
        "signals/quality.csv",
        "idx,exam_id,check,leads,value,detail\n500,1000,flat_lead,V1,0.0,\n".to_owned(),
    );
    let labels = rows(&|i| format!("{},{},\n", 500 - i, i % 4 == 0), 0);
    write("labels/labels.csv", format!("idx,AF,A & B\n{labels}"));
    let splits = rows(
        &|i| {
            format!(
                "{},r_{i}.mat,{}\n",
                500 - i,
                if i < 57 { "train" } else { "test" }
            )
        },
        0,
    );
    write("splits/meta_split.csv", format!("idx,save_file,split\n{splits}"));
    let ecgs = rows(
        &|i| format!("{},r_{i}.mat,1,{},0.5,\n", 500 - i, (i as f32 - 0.3) / 120.0),
        57,
    );
    write(
        "predict/ecg.csv",
        format!("idx,save_file,segments,AF,A & B,labels\n{ecgs}"),
    );
    write("predict/predictions.json", PREDICTIONS.to_owned());
    RunPlaces {
        dir: dir.to_owned(),
        title: "toy, profile <full>".to_owned(),
        notice: Some("MADE UP".to_owned()),
        signals: dir.join("signals"),
        labels: Some(dir.join("labels")),
        splits: Some(dir.join("splits")),
        predict: Some(dir.join("predict")),
        attributes: vec!["sex".to_owned(), "age".to_owned()],
        age_bands: vec![40, 60],
        ..RunPlaces::default()
    }
}

struct Site {
    dir: tempfile::TempDir,
    address: SocketAddr,
    base: String,
    _running: RunningServer,
}

impl Site {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let places = write_run(dir.path());
        let server = Server::bind(None).unwrap();
        let (address, base) = (SocketAddr::from(([127, 0, 0, 1], server.port())), server.base());
        assert_eq!(server.url(), format!("http://{address}{base}"));
        let (running, exams) = show_run(server, places, Arc::new(Words)).unwrap();
        assert_eq!(exams, 120);
        Self {
            dir,
            address,
            base,
            _running: running,
        }
    }

    /// Sends a text, and returns all that comes back.
    fn raw(&self, text: &str) -> String {
        self.try_raw(text).unwrap()
    }

    fn try_raw(&self, text: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(text.as_bytes())?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    }

    fn get_with(&self, path: &str, headers: &str) -> (u16, String) {
        let host = self.address;
        status_of(&self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n")))
    }

    fn get(&self, rest: &str) -> String {
        let (status, text) = self.get_with(&format!("{}{rest}", self.base), "");
        assert_eq!(status, 200, "{rest}: {text}");
        text
    }

    fn post_from(&self, origin: &str, rest: &str, form: &str) -> (u16, String) {
        let (host, base, length) = (self.address, &self.base, form.len());
        status_of(&self.raw(&format!(
            "POST {base}{rest} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{form}"
        )))
    }

    fn post(&self, rest: &str, form: &str) -> (u16, String) {
        self.post_from(&format!("Origin: http://{}\r\n", self.address), rest, form)
    }

    fn reviews(&self) -> String {
        fs::read_to_string(self.dir.path().join("review.csv")).unwrap_or_default()
    }
}

fn status_of(said: &str) -> (u16, String) {
    let status = said.split(' ').nth(1).and_then(|text| text.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no answer: {said}")),
        said.to_owned(),
    )
}

/// Rows of ECGs in a list, in its order.
fn listed(page: &str) -> Vec<usize> {
    let links = page.split("class=\"ecg\" href=\"").skip(1);
    let row = |link: &str| {
        let path = link.split(['"', '?']).next().unwrap().replace("&#x2f;", "/");
        path.rsplit('/').next().unwrap().parse().unwrap()
    };
    links.map(row).collect()
}

#[test]
fn only_the_own_pages_in_a_browser_here_that_knows_the_token_are_answered() {
    let site = Site::open();
    let (base, host) = (site.base.clone(), site.address);
    let path = |path: &str| site.get_with(path, "").0;
    assert_eq!(path(&base), 200);
    for wrong in [
        "/",
        "/view.css",
        "/ecg/0",
        &base[..base.len() - 2],
        &format!("/x{base}"),
        "/%2e%2e/",
    ] {
        assert_eq!(path(wrong), 403, "{wrong}");
    }
    for outside in [
        "../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/signals/meta.csv",
        "signals/meta.csv",
        "ecg/../ecg/0",
        "ecg/0/../../x",
        "ecg/0/drawing.svg/..",
        "ecg/-1",
        "ecg/120",
        "review",
        "view.css/",
    ] {
        assert_eq!(path(&format!("{base}{outside}")), 404, "{outside}");
    }
    let with = |headers: &str| site.get_with(&base, headers).0;
    assert_eq!(with("Sec-Fetch-Site: same-origin\r\n"), 200);
    assert_eq!(with("Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_eq!(with("Origin: http://example.org\r\n"), 403);
    for name in ["example.org", "127.0.0.1", "0.0.0.0:80", "localhost.example.org"] {
        let said = site.raw(&format!("GET {base} HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        assert_eq!(status_of(&said).0, 403, "{name}");
    }
    assert_eq!(
        status_of(&site.raw(&format!("GET {base} HTTP/1.1\r\n\r\n"))).0,
        403
    );
    assert_eq!(
        status_of(&site.raw(&format!(
            "GET {base} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n",
            host.port()
        )))
        .0,
        200
    );
    let head = site.raw(&format!(
        "GET {base} HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n",
        "a".repeat(20_000)
    ));
    assert_eq!(status_of(&head).0, 431);
    assert_eq!(
        status_of(&site.raw(&format!("DELETE {base} HTTP/1.1\r\nHost: {host}\r\n\r\n"))).0,
        405
    );
    // Other addresses of this machine, even on the loopback interface, are not listened on.
    let other = SocketAddr::from(([127, 0, 0, 2], host.port()));
    assert!(TcpStream::connect_timeout(&other, Duration::from_secs(2)).is_err());
}

#[test]
fn a_form_of_another_site_keeps_nothing() {
    let site = Site::open();
    let form = "row=60&label=AF&said=disagree&note=x";
    for origin in ["", "Origin: http://example.org\r\n", "Origin: null\r\n"] {
        assert_eq!(site.post_from(origin, "review", form).0, 403, "{origin}");
    }
    assert_eq!(site.post("", form).0, 405);
    for wrong in [
        "row=500&label=AF&said=agree",
        "label=AF&said=agree",
        "row=60&label=XX&said=agree",
        "row=60&label=AF&said=perhaps",
    ] {
        let status = site.post("review", wrong).0;
        assert!(status == 400 || status == 404, "{wrong}: {status}");
    }
    assert_eq!(site.reviews(), "");
}

#[test]
fn connections_are_bounded_and_idle_ones_keep_nobody_out_for_long() {
    let site = Site::open();
    let idle: Vec<TcpStream> = (0..40)
        .map(|_| TcpStream::connect(site.address).unwrap())
        .collect();
    let refused = site.raw("");
    assert!(refused.contains("503"), "{refused}");
    drop(idle);
    let until = Instant::now() + Duration::from_secs(30);
    let text = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", site.base, site.address);
    // A connection that is turned away may also be cut.
    while !site
        .try_raw(&text)
        .is_ok_and(|said| said.starts_with("HTTP/1.1 200"))
    {
        assert!(Instant::now() < until, "the places were not given back");
    }
}

#[test]
fn the_list_is_filtered_sorted_and_paged_by_its_address() {
    let site = Site::open();
    let all = site.get("");
    assert!(
        all.contains("120 exams: 117 kept, 3 set aside")
            && all.contains("MADE UP")
            && all.contains("&lt;full&gt;")
    );
    assert_eq!(listed(&all).len(), 50);
    // AF of row 60 is just below 0.5; A & B is 0.5 of all, where its threshold is 0.25.
    let doubtful = site.get("?label=AF&split=test");
    assert_eq!(listed(&doubtful)[..3], [60, 61, 59]);
    assert!(doubtful.contains("60 of 120 ECGs"), "{doubtful}");
    let wrong = site.get("?label=AF&sort=wrong");
    assert_eq!(
        listed(&wrong)[0],
        115,
        "the highest probability without the label"
    );
    assert_eq!(
        listed(&site.get("?label=AF&truth=yes&predicted=no&sort=archive")),
        [60]
    );
    assert_eq!(
        listed(&site.get("?label=A+%26+B&truth=unknown&predicted=yes&min=0.4&sort=archive&page=2")).len(),
        10
    );
    assert_eq!(listed(&site.get("?exams=set+aside")), [117, 118, 119]);
    assert_eq!(listed(&site.get("?reason=too_short")), [119]);
    assert_eq!(listed(&site.get("?flag=flat_lead")), [0]);
    assert_eq!(listed(&site.get("?find=1003")), [3]);
    let young = site.get("?group.sex=male&group.age=%3C40&sort=archive");
    assert!(
        young.contains("34 of 120 ECGs") && listed(&young)[..2] == [0, 2],
        "{young}"
    );
    let last = site.get("?sort=archive&page=3");
    assert_eq!(listed(&last), (100..120).collect::<Vec<_>>());
    assert!(last.contains("rel=\"prev\"") && !last.contains("rel=\"next\""));
    assert!(site.get("?find=nobody").contains("No ECG is left"));
    let (status, text) = site.get_with(&format!("{}?label=XX", site.base), "");
    assert!(
        status == 400 && text.contains("it is one of: AF, A &amp; B"),
        "{text}"
    );
}

#[test]
fn an_ecg_has_its_drawing_its_labels_its_neighbours_and_its_rows() {
    let site = Site::open();
    let page = loop {
        // Tables are read after the first page.
        let page = site.get("ecg/61?label=AF&split=test&page=7");
        if !page.contains("still being read") {
            break page;
        }
    };
    let plain = page.replace("&#x2f;", "/");
    assert!(
        plain.contains("Exam 1061") && plain.contains("2 of 60"),
        "{plain}"
    );
    for (rel, path) in [
        ("prev", "ecg/60?label=AF&amp;split=test"),
        ("next", "ecg/59?label=AF&amp;split=test"),
    ] {
        assert!(
            plain.contains(&format!("rel=\"{rel}\" href=\"{}{path}\"", site.base)),
            "{rel} {plain}"
        );
    }
    assert!(plain.contains("AF: the truth says no") && plain.contains("A &amp; B: the model says yes"));
    for table in [
        "signals/meta.csv",
        "labels/labels.csv",
        "splits/meta_split.csv",
        "predict/ecg.csv",
    ] {
        assert!(plain.contains(&format!("<summary>{table}</summary>")), "{table}");
    }
    assert!(plain.contains("<th scope=\"row\">hdf_ind</th><td>61</td>"));
    assert!(
        site.get("ecg/61/drawing.svg")
            .ends_with("<svg>p1.hdf5 row 61 true</svg>")
    );
    assert!(
        site.get("ecg/61/drawing.svg?saliency=off")
            .ends_with("row 61 false</svg>")
    );
    let (status, said) = site.get_with(&format!("{}ecg/119/drawing.svg", site.base), "");
    assert!(
        status == 404 && said.contains("q.hdf5 cannot be &lt;read&gt;"),
        "{said}"
    );
    let aside = site.get("ecg/119");
    assert!(
        aside.contains("set aside: too short. Was that right?") && aside.contains("&lt;b&gt;9"),
        "{aside}"
    );
}

#[test]
fn what_a_reader_says_is_kept_and_shown_as_text() {
    let site = Site::open();
    let (status, said) = site.post(
        "review?label=AF",
        "row=60&label=AF&said=disagree&note=%3Cscript%3E%22no%22%2C%0D%0Areally",
    );
    assert!(
        status == 303 && said.contains(&format!("Location: {}ecg/60?label=AF\r\n", site.base)),
        "{said}"
    );
    site.post("review", "row=60&label=A+%26+B&said=unsure&note=");
    site.post("review", "row=117&said=agree&note=");
    let header = "idx,exam_id,save_file,source,label,about,stated,verdict,note,time\n";
    let time = "2026-01-31T23:59:58.000000000Z";
    let expected = format!(
        "{header}440,1060,r_60.mat,s,AF,truth,True,disagree,\"<script>\"\"no\"\",\nreally\",{time}\n\
         440,1060,r_60.mat,s,A & B,decision,True,unsure,,{time}\n,7,,s,,rejection,all_zero,agree,,{time}\n"
    );
    assert_eq!(site.reviews(), expected);
    let page = site.get("ecg/60?label=AF");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>\"no\""));
    assert_eq!(listed(&site.get("?verdict=disagree")), [60]);
    assert_eq!(listed(&site.get("?verdict=reviewed&sort=archive")), [60, 117]);
    assert_eq!(
        listed(&site.get("?verdict=unreviewed&split=test&label=AF"))[0],
        61
    );
    site.post("review", "row=60&label=AF&said=nothing");
    assert!(listed(&site.get("?verdict=disagree")).is_empty() && !site.reviews().contains("disagree"));
}
