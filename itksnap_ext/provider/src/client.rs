//! The service's interface for providers.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use raterlens_core::atomic::write_atomic;
use thiserror::Error;
use ureq::unversioned::multipart::{Form, Part};
use ureq::Agent;

/// A connection that gives no sign of life for this long is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// A whole request, up to the largest file.
const REQUEST: Duration = Duration::from_secs(1800);
/// A text answer is short; anything far beyond is none.
const LONGEST_TEXT: u64 = 4 << 20;
/// The largest file of a ticket.
const LARGEST_FILE: u64 = 4 << 30;

/// Why a call to the service failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DssError {
    /// The network or the service failed: trying again may help.
    #[error("the service cannot be reached or has failed: {0}")]
    Unreachable(String),
    /// Not logged in, or not a provider of this service.
    #[error("the service does not let this provider in: log in again with 'raterlens dss-provider login' ({0})")]
    Unauthorized(String),
    /// The service understood and refused: the ticket is gone, or not this provider's.
    #[error("the service refused: {0}")]
    Refused(String),
    /// The service said something that is not understood.
    #[error("the service's answer is not understood: {0}")]
    Answer(String),
    /// A file of this machine.
    #[error("cannot read or write a file of this provider: {0}")]
    File(#[from] std::io::Error),
}

impl DssError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// A service that this provider may serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// What tickets refer to it by.
    pub githash: String,
    /// The provider that may serve it.
    pub provider: String,
}

/// A ticket that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The ticket.
    pub ticket: u64,
    /// The service it asks for.
    pub githash: String,
}

/// What kind a line of a ticket's log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// News.
    Info,
    /// Something to know.
    Warning,
    /// A failure.
    Error,
}

/// A connection to a service, with its cookies.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: String,
    cookies: PathBuf,
}

impl Client {
    /// A client of the service at `server` (`http://host:port`); its session is kept in `folder`.
    ///
    /// # Errors
    /// A session file that cannot be read.
    pub fn new(server: &str, folder: &Path) -> Result<Self, DssError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .timeout_global(Some(REQUEST))
            .build();
        let agent = Agent::new_with_config(config);
        let cookies = folder.join("session.json");
        if let Ok(file) = File::open(&cookies) {
            let loaded = agent.cookie_jar_lock().load_json(BufReader::new(file));
            loaded.map_err(|e| DssError::Answer(format!("the saved session is damaged: {e}")))?;
        }
        Ok(Self {
            agent,
            server: server.trim_end_matches('/').to_owned(),
            cookies,
        })
    }

    /// Logs in with the one-time token of the service's web page, and keeps the session. Returns the service's greeting.
    ///
    /// # Errors
    /// A token that is not accepted, or a session that cannot be kept.
    pub fn login(&self, token: &str) -> Result<String, DssError> {
        let greeting = self.post("login", &[("token", token)])?;
        if !greeting.starts_with("logged in as ") {
            return Err(DssError::Unauthorized(first_line(&greeting)));
        }
        let mut session = Vec::new();
        let saved = self.agent.cookie_jar_lock().save_json(&mut session);
        saved.map_err(|e| DssError::Answer(e.to_string()))?;
        // Written through a file that only this user can read: whoever has it is logged in.
        write_atomic(&self.cookies, |out| out.write_all(&session))
            .map_err(|e| DssError::File(std::io::Error::other(e)))?;
        Ok(first_line(&greeting))
    }

    /// The services that this user may serve.
    ///
    /// # Errors
    /// Those of the service.
    pub fn services(&self) -> Result<Vec<Registered>, DssError> {
        let rows = rows(&self.get("pro/services")?)?;
        rows.into_iter()
            .map(|row| match row.as_slice() {
                [name, version, githash, provider, ..] => Ok(Registered {
                    name: name.clone(),
                    version: version.clone(),
                    githash: githash.clone(),
                    provider: provider.clone(),
                }),
                _ => Err(DssError::Answer(row.join(","))),
            })
            .collect()
    }

    /// Claims the next ticket for one of these services; `None` if there is none.
    ///
    /// # Errors
    /// Those of the service.
    pub fn claim(
        &self,
        githashes: &[String],
        provider: &str,
        instance: &str,
    ) -> Result<Option<Claimed>, DssError> {
        let list = githashes.join(",");
        let form = [
            ("services", list.as_str()),
            ("provider", provider),
            ("code", instance),
        ];
        let text = self.post("pro/services/claims", &form)?;
        if text.trim() == "None" || text.trim().is_empty() {
            return Ok(None);
        }
        let rows = rows(&text)?;
        match rows.first().map(Vec::as_slice) {
            Some([ticket, githash, ..]) => Ok(Some(Claimed {
                ticket: ticket
                    .parse()
                    .map_err(|_| DssError::Answer(first_line(&text)))?,
                githash: githash.clone(),
            })),
            _ => Err(DssError::Answer(first_line(&text))),
        }
    }

    /// The state of a ticket: `claimed`, `deleted`, ...
    ///
    /// # Errors
    /// Those of the service.
    pub fn status(&self, ticket: u64) -> Result<String, DssError> {
        Ok(self
            .get(&format!("pro/tickets/{ticket}/status"))?
            .trim()
            .to_owned())
    }

    /// Marks a ticket as done or failed.
    ///
    /// # Errors
    /// Those of the service.
    pub fn finish(&self, ticket: u64, succeeded: bool) -> Result<(), DssError> {
        let status = if succeeded { "success" } else { "failed" };
        self.post(
            &format!("pro/tickets/{ticket}/status"),
            &[("status", status)],
        )?;
        Ok(())
    }

    /// Says how far the work is, 0 to 1.
    ///
    /// # Errors
    /// Those of the service.
    pub fn progress(&self, ticket: u64, fraction: f64) -> Result<(), DssError> {
        let value = format!("{:.3}", fraction.clamp(0.001, 1.0));
        let form = [
            ("chunk_start", "0"),
            ("chunk_end", "1"),
            ("progress", value.as_str()),
        ];
        self.post(&format!("pro/tickets/{ticket}/progress"), &form)?;
        Ok(())
    }

    /// Writes a line into a ticket's log, with the attachments that were sent since the last line.
    ///
    /// # Errors
    /// Those of the service.
    pub fn log(&self, ticket: u64, category: Category, message: &str) -> Result<(), DssError> {
        let kind = match category {
            Category::Info => "info",
            Category::Warning => "warning",
            Category::Error => "error",
        };
        self.post(
            &format!("pro/tickets/{ticket}/{kind}"),
            &[("message", message)],
        )?;
        Ok(())
    }

    /// Sends a picture for the next line of the log.
    ///
    /// # Errors
    /// Those of the service.
    pub fn attach(
        &self,
        ticket: u64,
        file: &str,
        mime: &str,
        bytes: &[u8],
        text: &str,
    ) -> Result<(), DssError> {
        let more = [("desc", text), ("mime_type", mime)];
        self.send_file(
            &format!("pro/tickets/{ticket}/attachments"),
            file,
            bytes,
            &more,
        )
    }

    /// Names of a ticket's files in `area` (`input`, `results`), in the order of their numbers.
    ///
    /// # Errors
    /// Those of the service.
    pub fn files(&self, ticket: u64, area: &str) -> Result<Vec<(u64, String)>, DssError> {
        let rows = rows(&self.get(&format!("pro/tickets/{ticket}/files/{area}"))?)?;
        rows.into_iter()
            .map(|row| match row.as_slice() {
                [number, name, ..] => {
                    let number = number.parse();
                    Ok((
                        number.map_err(|_| DssError::Answer(row.join(",")))?,
                        name.clone(),
                    ))
                }
                _ => Err(DssError::Answer(row.join(","))),
            })
            .collect()
    }

    /// Downloads one of a ticket's files into `out`.
    ///
    /// # Errors
    /// Those of the service, or of `out`.
    pub fn download(
        &self,
        ticket: u64,
        area: &str,
        number: u64,
        out: &mut impl Write,
    ) -> Result<(), DssError> {
        let url = format!(
            "{}/api/pro/tickets/{ticket}/files/{area}/{number}",
            self.server
        );
        let reply = self.agent.get(&url).call().map_err(unreachable)?;
        let status = reply.status().as_u16();
        let promised = reply
            .headers()
            .get("content-length")
            .and_then(|l| l.to_str().ok()?.parse::<u64>().ok());
        let mut body = reply
            .into_body()
            .into_with_config()
            .limit(LARGEST_FILE)
            .reader();
        if status != 200 {
            let mut text = String::new();
            // The status is the answer; what else it says is a courtesy.
            let _ = body.take(LONGEST_TEXT).read_to_string(&mut text);
            return Err(refused(status, &text));
        }
        let copied =
            std::io::copy(&mut body, out).map_err(|e| DssError::Unreachable(e.to_string()))?;
        if promised.is_some_and(|p| p != copied) {
            return Err(DssError::Unreachable(
                "a file arrived incomplete".to_owned(),
            ));
        }
        Ok(())
    }

    /// Uploads a file of a ticket's result.
    ///
    /// # Errors
    /// Those of the service.
    pub fn upload(&self, ticket: u64, file: &str, bytes: &[u8]) -> Result<(), DssError> {
        self.send_file(
            &format!("pro/tickets/{ticket}/files/results"),
            file,
            bytes,
            &[],
        )
    }

    fn get(&self, path: &str) -> Result<String, DssError> {
        let url = format!("{}/api/{path}", self.server);
        text(self.agent.get(&url).call())
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<String, DssError> {
        let url = format!("{}/api/{path}", self.server);
        text(self.agent.post(&url).send_form(form.iter().copied()))
    }

    fn send_file(
        &self,
        path: &str,
        file: &str,
        bytes: &[u8],
        more: &[(&str, &str)],
    ) -> Result<(), DssError> {
        let part = Part::bytes(bytes).file_name(file);
        let part = part
            .mime_str("application/octet-stream")
            .map_err(unreachable)?;
        let mut form = Form::new()
            .part("myfile", part)
            .text("filename", file)
            .text("submit", "send");
        for (name, value) in more {
            form = form.text(name, value);
        }
        let kind = format!("multipart/form-data; boundary={}", form.boundary());
        // As one piece: the service does not take a body of unknown length.
        let mut body = Vec::with_capacity(bytes.len() + 1024);
        form.read_to_end(&mut body)?;
        let url = format!("{}/api/{path}", self.server);
        let sent = self
            .agent
            .post(&url)
            .header("content-type", kind)
            .send(&body);
        text(sent).map(|_| ())
    }
}

fn unreachable(error: ureq::Error) -> DssError {
    DssError::Unreachable(error.to_string())
}

fn text(reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, DssError> {
    let mut reply = reply.map_err(unreachable)?;
    let status = reply.status().as_u16();
    let limited = reply.body_mut().with_config().limit(LONGEST_TEXT);
    let text = limited.read_to_string().map_err(unreachable)?;
    match status {
        200 => Ok(text),
        _ => Err(refused(status, &text)),
    }
}

fn refused(status: u16, text: &str) -> DssError {
    let text = first_line(text);
    match status {
        401 | 403 => DssError::Unauthorized(text),
        408 | 429 | 500.. => DssError::Unreachable(format!("status {status}: {text}")),
        _ => DssError::Refused(format!("status {status}: {text}")),
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// Rows of a table without a header.
fn rows(text: &str) -> Result<Vec<Vec<String>>, DssError> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let rows = reader.into_records().map(|row| {
        let row = row.map_err(|e| DssError::Answer(e.to_string()))?;
        Ok(row.iter().map(str::to_owned).collect())
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_without_a_header() {
        assert_eq!(
            rows("1,a b,c\n2,\"d,e\",f\n").unwrap(),
            [["1", "a b", "c"], ["2", "d,e", "f"]]
        );
        assert!(rows("\n").unwrap().is_empty());
    }

    #[test]
    fn only_failures_that_may_pass_are_tried_again() {
        assert!(refused(500, "").is_temporary() && refused(503, "").is_temporary());
        assert!(!refused(400, "deleted").is_temporary() && !refused(401, "").is_temporary());
    }
}
