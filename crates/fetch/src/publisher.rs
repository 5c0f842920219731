//! What a publisher states about its files: sizes and checksums, asked for when something is fetched.

use crate::Error;
use crate::catalogue::{File, Origin, Source, is_hexadecimal};
use crate::client::Request;
use crate::digest::Checksum;
use crate::retry::{Context, Halt, Tries};
use crate::stream::{Head, Stream};
use crate::transfer::Published;
use serde::Deserialize;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A record of a few hundred files; far more than any has.
const RECORD: usize = 4 << 20;

/// A record as Zenodo's API gives it, as far as we read it.
#[derive(Deserialize)]
struct Record {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    key: String,
    size: u64,
    /// `md5:` and 32 digits.
    checksum: String,
}

/// Asks publishers; a record is asked for once.
pub(crate) struct Publisher<'a> {
    source: &'a Source,
    record: OnceCell<BTreeMap<String, Published>>,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        let record = OnceCell::new();
        Self { source, record }
    }

    /// What is published about a file. What the catalogue states goes before what a server says.
    pub(crate) fn states(&self, context: Context<'_>, file: &File) -> Result<Published, Error> {
        let stated = Published {
            size: file.size,
            checksum: Checksum::of(file),
            commit: None,
        };
        let asked = match (&self.source.record, &file.origin) {
            (Some(url), _) => self.listed(context, url, file)?,
            (None, Origin::Hub { .. }) => hub(&ask(context, &file.url(&context.options.hub))?),
            (None, Origin::Url(_)) => Published::default(),
        };
        Ok(Published {
            size: stated.size.or(asked.size),
            checksum: stated.checksum.or(asked.checksum),
            commit: asked.commit,
        })
    }

    /// The size alone, where nobody states it but the server that has the file.
    pub(crate) fn size(&self, context: Context<'_>, file: &File) -> Result<Option<u64>, Error> {
        let stated = self.states(context, file)?;
        match (stated.size, &file.origin) {
            (None, Origin::Url(url)) => Ok(ask(context, url)?.length),
            (size, _) => Ok(size),
        }
    }

    fn listed(&self, context: Context<'_>, url: &str, file: &File) -> Result<Published, Error> {
        if self.record.get().is_none() {
            let read = record(context, url)?;
            let _ = self.record.set(read);
        }
        let name = file.published_name();
        let found = self.record.get().and_then(|record| record.get(name));
        found.cloned().ok_or_else(|| Error::Protocol {
            url: url.to_owned(),
            reason: format!(
                "the publisher's record does not list `{name}` (any more): compare with {}",
                self.source.page
            ),
        })
    }
}

fn record(context: Context<'_>, url: &str) -> Result<BTreeMap<String, Published>, Error> {
    let text = Tries::new(context, url).run(|| {
        let request = Request {
            url: url.to_owned(),
            head_only: false,
            headers: vec![("Accept", "application/json".to_owned())],
        };
        let (_, stream) = Stream::open(context.client, request, context.cancel)?;
        Ok::<_, Halt>(stream.whole(RECORD)?)
    })?;
    let record: Record = serde_json::from_slice(&text).map_err(|error| Error::Protocol {
        url: url.to_owned(),
        reason: format!("not a record as Zenodo describes them: {error}"),
    })?;
    Ok(record.files.into_iter().map(published).collect())
}

fn published(listed: Listed) -> (String, Published) {
    let md5 = listed.checksum.strip_prefix("md5:").map(str::to_ascii_lowercase);
    let checksum = md5.filter(|md5| is_hexadecimal(md5, 32)).map(Checksum::Md5);
    let published = Published {
        size: Some(listed.size),
        checksum,
        commit: None,
    };
    (listed.key, published)
}

fn ask(context: Context<'_>, url: &str) -> Result<Head, Error> {
    Tries::new(context, url).run(|| {
        let request = Request {
            url: url.to_owned(),
            head_only: true,
            headers: Vec::new(),
        };
        let (head, _) = Stream::open(context.client, request, context.cancel)?;
        Ok(head)
    })
}

/// A large file of the hub is a redirect that says size and SHA-256; a small one is there itself, and has no SHA-256.
fn hub(head: &Head) -> Published {
    let here = head.length.filter(|_| head.status == 200);
    Published {
        size: head.linked.size.or(here),
        checksum: head.linked.sha256.clone().map(Checksum::Sha256),
        commit: head.linked.commit.clone(),
    }
}
