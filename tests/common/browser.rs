//! Chromium without a window, driven over its debugging pipe: JSON messages, each with a zero byte at its end.

#![allow(clippy::unwrap_used)] // A test that cannot go on should stop there.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Time that a page may take to be what is waited for, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Chromium's options, and the pipe: the shell's input and output become its third and fourth file.
const START: &str = "exec \"$0\" --headless=new --no-sandbox --disable-gpu --disable-quic --disable-sync \
                     --disable-background-networking --disable-component-update --no-first-run --window-size=1400,900 \
                     --remote-debugging-pipe --user-data-dir=\"$1\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";

/// A browser with one page.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last_id: u64,
    /// What the page said and asked for since it was opened.
    pub events: Vec<Value>,
}

impl Browser {
    /// Starts the program and opens an empty page.
    pub fn start(program: &str, profile: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", START, program]).arg(profile);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            to: process.stdin.take().unwrap(),
            from: BufReader::new(process.stdout.take().unwrap()),
            process,
            session: None,
            last_id: 0,
            events: Vec::new(),
        };
        let target = browser.send("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.send("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Network.enable", "Runtime.enable", "Log.enable"] {
            browser.send(domain, json!({}));
        }
        browser
    }

    /// Sends a command, and returns its result.
    pub fn send(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.ask(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Sends a command, and returns the answer, an error too.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut message = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser ended");
            let answer: Value = serde_json::from_slice(&bytes).unwrap();
            if answer["id"] == self.last_id {
                return answer;
            }
            self.events.push(answer);
        }
    }

    /// Opens an address.
    pub fn open(&mut self, url: &str) {
        self.send("Page.navigate", json!({"url": url}));
    }

    /// The value of an expression in the page; null while the page changes.
    pub fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        // The browser calls it an error where the page went while it was asked.
        self.ask("Runtime.evaluate", params)["result"]["result"]["value"].take()
    }

    /// Waits until an expression in the page is true, and the page and its script are loaded.
    pub fn wait_for(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        let loaded = format!("document.readyState == 'complete' && ({expression})");
        while self.value(&loaded) != json!(true) {
            let text = "document.documentElement.outerHTML.slice(0, 3000)";
            assert!(
                Instant::now() < until,
                "{expression} is not true of {}",
                self.value(text)
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The value that the promise of an expression in the page becomes.
    pub fn promised(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut said = self.send("Runtime.evaluate", params);
        assert!(said["exceptionDetails"].is_null(), "{said}");
        said["result"]["value"].take()
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let mut down = json!({"type": "keyDown", "key": key});
        match key {
            "Enter" => down["text"] = json!("\r"),
            letter if letter.chars().count() == 1 => down["text"] = json!(letter),
            _ => {}
        }
        self.send("Input.dispatchKeyEvent", down);
        self.send("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
