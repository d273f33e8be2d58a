//! Downloads one file over HTTP: resumes it, tries again if that may help, and verifies it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE, RETRY_AFTER};
use ureq::http::{HeaderName, Response};
use ureq::{Agent, Body};

use super::step::Step;
use super::wanted::Content;
use crate::model::fetch_error::FetchError;
use crate::model::weights::sha256_of;

/// How often a file is requested before giving up, if not a byte of it arrives.
const TRIES: u32 = 5;

/// The longest wait in seconds that a server may ask for.
const LONGEST_WAIT: u64 = 60;

/// How long a silent server is waited for.
const SILENCE: Duration = Duration::from_mins(1);

/// An HTTP client for downloads.
pub(super) struct Client {
    agent: Agent,
    token: Option<String>,
}

/// Why an attempt ended without the whole file.
enum Ended {
    /// Another attempt may succeed, after this wait if the server asks for one.
    Early { problem: FetchError, wait: Option<Duration> },
    /// Another attempt is useless.
    ForGood(FetchError),
}

impl From<FetchError> for Ended {
    fn from(problem: FetchError) -> Self {
        Self::ForGood(problem)
    }
}

impl Client {
    /// Creates a client. Proxies are those of the environment. `token` is not passed on if the server redirects to
    /// another address.
    pub(super) fn new(token: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .user_agent(concat!("readseeker/", env!("CARGO_PKG_VERSION")));
        Self { agent: config.build().new_agent(), token: token.map(|token| format!("Bearer {token}")) }
    }

    /// Downloads a file to `to`; returns whether the server has it.
    pub(super) fn receive(
        &self,
        url: &str,
        to: &Path,
        content: Option<&Content>,
        told: &mut dyn FnMut(Step<'_>),
    ) -> Result<bool, FetchError> {
        let part = Part::of(to);
        let (mut tries, mut before) = (0, part.size());
        loop {
            let (problem, wait) = match self.attempt(url, &part, content, told) {
                Ok(false) => return Ok(false),
                Ok(true) => break,
                Err(Ended::ForGood(problem)) => return Err(problem),
                Err(Ended::Early { problem, wait }) => (problem, wait),
            };
            tries = if part.size() > before { 0 } else { tries + 1 };
            before = part.size();
            if tries == TRIES {
                return Err(problem);
            }
            std::thread::sleep(wait.unwrap_or(Duration::from_secs((1 << tries) - 1)));
        }
        if let Some(content) = content {
            part.check(url, content)?;
        }
        part.finish(to)?;
        Ok(true)
    }

    /// Requests the missing part of a file, and writes what arrives.
    fn attempt(
        &self,
        url: &str,
        part: &Part,
        content: Option<&Content>,
        told: &mut dyn FnMut(Step<'_>),
    ) -> Result<bool, Ended> {
        let network = |source: ureq::Error| Ended::Early { problem: FetchError::network(url, source), wait: None };
        // Without a checksum, only the server can tell whether the rest belongs to the same file.
        let etag = part.etag();
        let have = if content.is_some() || etag.is_some() { part.size() } else { 0 };
        let mut request = self.agent.get(url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
            if let Some(etag) = etag {
                request = request.header(IF_RANGE, etag);
            }
        }
        let mut response = request.call().map_err(network)?;
        let (start, total) = match response.status().as_u16() {
            200 => (0, number(&response, &CONTENT_LENGTH)),
            206 => match range(&response) {
                Some((start, total)) if start == have => (have, Some(total)),
                _ => return Err(part.anew(url, 206)),
            },
            404 => return Ok(false),
            // There is nothing after what we have: it is complete, or of another file.
            416 if have > 0 && content.is_some_and(|content| content.size == have) => return Ok(true),
            416 => return Err(part.anew(url, 416)),
            status @ (401 | 403) => return Err(FetchError::Refused { url: url.to_owned(), status }.into()),
            status @ (408 | 425 | 429 | 500 | 502..=504) => {
                let wait = number(&response, &RETRY_AFTER).map(|wait| Duration::from_secs(wait.min(LONGEST_WAIT)));
                return Err(Ended::Early { problem: FetchError::Status { url: url.to_owned(), status }, wait });
            }
            status => return Err(FetchError::Status { url: url.to_owned(), status }.into()),
        };
        if let (Some(found), Some(content)) = (total, content)
            && found != content.size
        {
            return Err(FetchError::Size { url: url.to_owned(), found, expected: content.size }.into());
        }
        let etag = header(&response, &ETAG).map(str::to_owned);
        let written = part.write(start, etag.as_deref(), response.body_mut().as_reader(), |received| {
            told(Step { file: &part.name, received, total });
        });
        match written? {
            Ok(received) if total.is_none_or(|total| received == total) => Ok(true),
            Ok(_) => Err(early(url, io::ErrorKind::UnexpectedEof.into())),
            Err(source) => Err(early(url, source)),
        }
    }
}

fn early(url: &str, source: io::Error) -> Ended {
    Ended::Early { problem: FetchError::network(url, source), wait: None }
}

fn header<'a>(response: &'a Response<Body>, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn number(response: &Response<Body>, name: &HeaderName) -> Option<u64> {
    header(response, name).and_then(|value| value.trim().parse().ok())
}

/// Parses `bytes 100-199/200` into the first byte sent and the total.
fn range(response: &Response<Body>) -> Option<(u64, u64)> {
    let (range, total) = header(response, &CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()?))
}

/// The part of a file that has been downloaded.
struct Part {
    name: String,
    path: PathBuf,
    /// The file with the `ETag`: which version this part is of, according to the server.
    etag: PathBuf,
}

impl Part {
    fn of(to: &Path) -> Self {
        let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = |suffix: &str| to.with_file_name(format!("{name}.{suffix}"));
        Self { path: beside("part"), etag: beside("etag"), name }
    }

    fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Only a strong `ETag` guarantees identical bytes.
    fn etag(&self) -> Option<String> {
        fs::read_to_string(&self.etag).ok().filter(|etag| etag.starts_with('"'))
    }

    /// Discards the part, which is useless, so that another attempt starts anew.
    fn anew(&self, url: &str, status: u16) -> Ended {
        self.discard();
        Ended::Early { problem: FetchError::Status { url: url.to_owned(), status }, wait: None }
    }

    fn discard(&self) {
        let _ = (fs::remove_file(&self.path), fs::remove_file(&self.etag));
    }

    /// Writes the bytes after the first `start` ones; returns how many there are then. The outer error is ours, the
    /// inner one the sender's.
    fn write(
        &self,
        start: u64,
        etag: Option<&str>,
        mut from: impl Read,
        mut told: impl FnMut(u64),
    ) -> Result<io::Result<u64>, FetchError> {
        let failed = |source| FetchError::Io { path: self.path.clone(), source };
        fs::write(&self.etag, etag.unwrap_or_default()).map_err(failed)?;
        let mut file = File::options().create(true).append(true).open(&self.path).map_err(failed)?;
        file.set_len(start).map_err(failed)?;
        let (mut received, mut room) = (start, vec![0; 1 << 16]);
        loop {
            told(received);
            match from.read(&mut room) {
                Ok(0) => break,
                Ok(n) => {
                    file.write_all(&room[..n]).map_err(failed)?;
                    received += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        file.sync_all().map_err(failed)?;
        Ok(Ok(received))
    }

    /// Verifies the file. A file that is wrong is not resumed.
    fn check(&self, url: &str, content: &Content) -> Result<(), FetchError> {
        let url = url.to_owned();
        let found = File::open(&self.path).and_then(|mut file| sha256_of(&mut file));
        let found = found.map_err(|source| FetchError::Io { path: self.path.clone(), source })?;
        let size = self.size();
        if size == content.size && found == content.sha256 {
            return Ok(());
        }
        self.discard();
        let expected = content.sha256.clone();
        Err(if size == content.size {
            FetchError::Checksum { url, found, expected }
        } else {
            FetchError::Size { url, found: size, expected: content.size }
        })
    }

    fn finish(&self, to: &Path) -> Result<(), FetchError> {
        let _ = fs::remove_file(&self.etag);
        fs::rename(&self.path, to).map_err(|source| FetchError::Io { path: to.to_owned(), source })
    }
}

impl FetchError {
    fn network(url: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Network { url: url.to_owned(), source: Box::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_wrong_checksum_or_length_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::of(&folder.path().join("weights"));
        // sha256sum of "abc"
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        let content = Content { size: 3, sha256 };
        let check = |text: &str| {
            fs::write(&part.path, text).unwrap();
            part.check("there", &content)
        };
        check("abc").unwrap();
        assert!(matches!(check("abd"), Err(FetchError::Checksum { .. })) && part.size() == 0);
        assert!(matches!(check("abcd"), Err(FetchError::Size { found: 4, expected: 3, .. })) && part.size() == 0);
    }

    #[test]
    fn a_weak_etag_does_not_say_that_bytes_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let part = Part::of(&folder.path().join("weights"));
        for (etag, kept) in [("\"abc\"", Some("\"abc\"".to_owned())), ("W/\"abc\"", None)] {
            assert_eq!(part.write(0, Some(etag), &b"abc"[..], |_| {}).unwrap().unwrap(), 3);
            assert_eq!(part.etag(), kept);
        }
    }
}
