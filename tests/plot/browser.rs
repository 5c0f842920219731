//! Chromium without a window.

use std::path::Path;
use std::process::Command;

/// Opens a page without a window, and does one thing with it.
pub(crate) fn browse(browser: &str, dir: &Path, page: &Path, action: &str) -> std::process::Output {
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--enable-logging=stderr",
            "--v=0",
            "--no-pdf-header-footer",
            action,
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
