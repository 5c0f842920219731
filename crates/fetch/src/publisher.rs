//! Sizes and checksums that publishers state, asked for when a file is fetched.

use crate::Error;
use crate::catalogue::DataSource;
use crate::client::HttpRequest;
use crate::digest::Checksum;
use crate::hexadecimal::is_hexadecimal;
use crate::retry::{AttemptError, Attempts, FetchContext};
use crate::source_file::{FileOrigin, SourceFile};
use crate::stream::{AnswerHead, BodyStream};
use crate::transfer::PublishedFile;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Size of the largest record that is read, in bytes: enough for hundreds of files, more than any record has.
const RECORD: usize = 4 << 20;

/// Record of Zenodo's API, with the fields that are used.
#[derive(Deserialize)]
struct ZenodoRecord {
    files: Vec<RecordFile>,
}

#[derive(Deserialize)]
struct RecordFile {
    key: String,
    size: u64,
    /// Checksum: `md5:` and 32 digits.
    checksum: String,
}

/// Asks publishers about files, and for each record only once.
pub(crate) struct Publisher<'a> {
    source: &'a DataSource,
    record: OnceLock<BTreeMap<String, PublishedFile>>,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(source: &'a DataSource) -> Self {
        let record = OnceLock::new();
        Self { source, record }
    }

    /// Size and checksum of a file. Those of the catalogue take precedence over those of a server.
    pub(crate) fn published(
        &self,
        context: FetchContext<'_>,
        file: &SourceFile,
    ) -> Result<PublishedFile, Error> {
        let stated = PublishedFile {
            size: file.size,
            checksum: Checksum::of(file),
            commit: None,
        };
        let asked = match (&self.source.record, &file.origin) {
            (Some(url), _) => self.find_in_record(context, url, file)?,
            (None, FileOrigin::Hub { .. }) => {
                from_hub(&request_head(context, &file.url(&context.options.hub))?)
            }
            (None, FileOrigin::Url(_)) => PublishedFile::default(),
        };
        Ok(PublishedFile {
            size: stated.size.or(asked.size),
            checksum: stated.checksum.or(asked.checksum),
            commit: asked.commit,
        })
    }

    /// Size of a file; asks its server where neither catalogue nor record states it.
    pub(crate) fn size(&self, context: FetchContext<'_>, file: &SourceFile) -> Result<Option<u64>, Error> {
        let stated = self.published(context, file)?;
        match (stated.size, &file.origin) {
            (None, FileOrigin::Url(url)) => Ok(request_head(context, url)?.length),
            (size, _) => Ok(size),
        }
    }

    fn find_in_record(
        &self,
        context: FetchContext<'_>,
        url: &str,
        file: &SourceFile,
    ) -> Result<PublishedFile, Error> {
        if self.record.get().is_none() {
            let read = read_record(context, url)?;
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

fn read_record(context: FetchContext<'_>, url: &str) -> Result<BTreeMap<String, PublishedFile>, Error> {
    let text = read_body(
        context,
        url,
        RECORD,
        vec![("Accept", "application/json".to_owned())],
    )?;
    let record: ZenodoRecord = serde_json::from_slice(&text).map_err(|error| Error::Protocol {
        url: url.to_owned(),
        reason: format!("not a record as Zenodo describes them: {error}"),
    })?;
    Ok(record.files.into_iter().map(from_record).collect())
}

/// Reads what is published at `url`, of `limit` bytes at most.
pub(crate) fn read_small(context: FetchContext<'_>, url: &str, limit: usize) -> Result<Vec<u8>, Error> {
    read_body(context, url, limit, Vec::new())
}

fn read_body(
    context: FetchContext<'_>,
    url: &str,
    limit: usize,
    headers: Vec<(&'static str, String)>,
) -> Result<Vec<u8>, Error> {
    Attempts::new(context, url).run(|| {
        let request = HttpRequest {
            url: url.to_owned(),
            head_only: false,
            headers: headers.clone(),
        };
        let (_, stream) = BodyStream::open(context.client, request, context.cancel)?;
        Ok::<_, AttemptError>(stream.read_all(limit)?)
    })
}

fn from_record(listed: RecordFile) -> (String, PublishedFile) {
    let md5 = listed.checksum.strip_prefix("md5:").map(str::to_ascii_lowercase);
    let checksum = md5.filter(|md5| is_hexadecimal(md5, 32)).map(Checksum::Md5);
    let published = PublishedFile {
        size: Some(listed.size),
        checksum,
        commit: None,
    };
    (listed.key, published)
}

fn request_head(context: FetchContext<'_>, url: &str) -> Result<AnswerHead, Error> {
    Attempts::new(context, url).run(|| {
        let request = HttpRequest {
            url: url.to_owned(),
            head_only: true,
            headers: Vec::new(),
        };
        let (head, _) = BodyStream::open(context.client, request, context.cancel)?;
        Ok(head)
    })
}

/// Size and SHA-256 of a large file of the hub, which come with a redirect. A small file has no SHA-256.
fn from_hub(head: &AnswerHead) -> PublishedFile {
    let here = head.length.filter(|_| head.status == 200);
    PublishedFile {
        size: head.linked.size.or(here),
        checksum: head.linked.sha256.clone().map(Checksum::Sha256),
        commit: head.linked.commit.clone(),
    }
}
