//! A small HTTP server on this machine that does as it is told, and what else the tests share.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)] // Each test binary uses a part of it.

use ecgfm_fetch::{DataSource, Error, FetchOptions, FetchedFile, Fetcher};
use ecgfm_stage::{NoProgress, Progress};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as the server got it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The first byte asked for.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    }
}

/// What the server answers.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The length announced, where it is not the body's.
    pub length: Option<usize>,
    /// Say no length.
    pub no_length: bool,
    /// Hold the connection open and silent after the body, until the server ends.
    pub hang: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Announces all of it, sends the first `n` bytes and closes the connection.
    pub fn cut(mut self, n: usize) -> Self {
        self.length = Some(self.body.len());
        self.body.truncate(n);
        self
    }

    /// Sends the first `n` bytes and no more.
    pub fn hang(self, n: usize) -> Self {
        Self {
            hang: true,
            ..self.cut(n)
        }
    }

    /// A whole file, or the rest of it, as a server does that knows ranges.
    pub fn file(asked: &Asked, whole: &[u8], tag: &str) -> Self {
        let same = asked.header("if-range").is_none_or(|t| t == tag);
        let reply = match asked.from().filter(|from| same && *from < whole.len()) {
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
                Self::new(206, &whole[from..]).with("Content-Range", range)
            }
            None => Self::new(200, whole),
        };
        reply.with("ETag", tag)
    }
}

type Handler = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// Answers until it is dropped.
pub struct Server {
    pub base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    end: Arc<AtomicBool>,
}

impl Server {
    /// The handler gets the request, and how many came before it.
    pub fn start(handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self {
            base,
            asked: Arc::default(),
            end: Arc::default(),
        };
        let (asked, end) = (Arc::clone(&server.asked), Arc::clone(&server.end));
        let handler: Arc<Handler> = Arc::new(handler);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let (asked, end, handler) = (Arc::clone(&asked), Arc::clone(&end), Arc::clone(&handler));
                std::thread::spawn(move || serve(stream, &asked, &end, handler.as_ref()));
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.base.trim_start_matches("http://"));
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, end: &AtomicBool, handler: &Handler) {
    let Some(asked) = read(&stream) else { return };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let reply = handler(&asked, before);
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", reply.status);
    if !reply.no_length {
        head += &format!("Content-Length: {}\r\n", reply.length.unwrap_or(reply.body.len()));
    }
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    if asked.method != "HEAD" {
        let _ = stream.write_all(&reply.body);
    }
    while reply.hang && !end.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())))
        .collect();
    Some(Asked {
        method,
        path,
        headers,
    })
}

/// Bytes that are not all alike.
pub fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 31 % 251) as u8).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x"), bytes).unwrap();
    ecgfm_fetch::sha256(&dir.path().join("x")).unwrap()
}

/// A source of these files, in the catalogue's own YAML.
pub fn source(extra: &str, files: &str) -> DataSource {
    let text = format!(
        "{{ name: mine, title: Mine, kind: dataset, page: 'https://example.org/mine', place: d, {extra} \
         files: [{files}] }}"
    );
    DataSource::from_yaml(&text).unwrap()
}

/// A source of one file `a` at the server.
pub fn one(server: &Server, extra: &str) -> DataSource {
    source("", &format!("{{ name: a, url: '{}' {extra} }}", server.url("a")))
}

/// No pause worth waiting for.
pub fn quick() -> FetchOptions {
    FetchOptions {
        pause: Duration::from_millis(1),
        ..FetchOptions::default()
    }
}

#[derive(Default)]
pub struct Notes(pub Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _: u64, _: &'static str) {}
    fn advance(&self, _: u64) {}
    fn note(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

pub fn fetch_with(options: FetchOptions, source: &DataSource, dir: &Path) -> Result<Vec<FetchedFile>, Error> {
    let never = AtomicBool::new(false);
    Fetcher::new(options)?.fetch(source, &[], dir, &NoProgress, &never)
}

pub fn fetch(source: &DataSource, dir: &Path) -> Result<Vec<FetchedFile>, Error> {
    fetch_with(quick(), source, dir)
}

/// The names in a directory, in order.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
