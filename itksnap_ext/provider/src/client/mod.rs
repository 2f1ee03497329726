//! The service's interface for providers.

mod error;
mod files;
mod session;
mod tickets;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{parse_pem, PemItem, RootCerts, TlsConfig};
use ureq::Agent;

pub use error::DssError;
use error::{first_line, refused, unreachable};
pub use tickets::{Category, Claimed, Registered};

/// A connection that gives no sign of life for this long is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// A whole request, up to the largest file.
const REQUEST: Duration = Duration::from_secs(1800);
/// A text answer is short; anything far beyond is none.
const LONGEST_TEXT: u64 = 4 << 20;

/// A connection to a service, with its cookies.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: String,
    cookies: PathBuf,
}

impl Client {
    /// A client of the service at `server` (`https://host`); its session is kept in `folder`. The service's certificate must come
    /// from an authority of the file `ca` (PEM), or without one from those that browsers know.
    ///
    /// # Errors
    /// A session or a file of certificates that cannot be read.
    pub fn new(server: &str, folder: &Path, ca: Option<&Path>) -> Result<Self, DssError> {
        let roots = ca.map(authorities).transpose()?;
        let tls = TlsConfig::builder().root_certs(roots.unwrap_or(RootCerts::WebPki));
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .timeout_global(Some(REQUEST))
            .build();
        let agent = Agent::new_with_config(config);
        let cookies = folder.join("session.json");
        session::load(&agent, server, &cookies)?;
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
        session::save(&self.agent, &self.cookies)?;
        Ok(first_line(&greeting))
    }

    fn get(&self, path: &str) -> Result<String, DssError> {
        let url = format!("{}/api/{path}", self.server);
        text(self.agent.get(&url).call())
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<String, DssError> {
        let url = format!("{}/api/{path}", self.server);
        text(self.agent.post(&url).send_form(form.iter().copied()))
    }
}

/// The certificates of a file.
fn authorities(file: &Path) -> Result<RootCerts, DssError> {
    let bad = |reason: String| DssError::Certificates(format!("{reason} ({})", file.display()));
    let pem = std::fs::read(file).map_err(|e| bad(e.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| bad(e.to_string()))? {
            found.push(certificate);
        }
    }
    match found.is_empty() {
        true => Err(bad("it has no certificate in PEM form".to_owned())),
        false => Ok(RootCerts::Specific(Arc::new(found))),
    }
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
}
