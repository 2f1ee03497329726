//! Calls about the queue and about a ticket's state and log.

use super::{first_line, rows, Client, DssError};

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

impl Client {
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
}
