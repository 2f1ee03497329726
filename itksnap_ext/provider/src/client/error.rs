//! Why a call to the service failed.

use thiserror::Error;

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
    /// The service does not prove who it is.
    #[error("the service's certificate is not accepted: if it was issued by your own institution, name that authority's certificate with --ca ({0})")]
    Untrusted(String),
    /// A file of certificates.
    #[error("the file of certificates cannot be used: {0}")]
    Certificates(String),
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

pub(super) fn unreachable(error: ureq::Error) -> DssError {
    let text = error.to_string();
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => DssError::Untrusted(text),
        // The handshake's failures arrive as failures to read.
        _ if text.contains("invalid peer certificate") => DssError::Untrusted(text),
        _ => DssError::Unreachable(text),
    }
}

pub(super) fn refused(status: u16, text: &str) -> DssError {
    let text = first_line(text);
    match status {
        401 | 403 => DssError::Unauthorized(text),
        408 | 429 | 500.. => DssError::Unreachable(format!("status {status}: {text}")),
        _ => DssError::Refused(format!("status {status}: {text}")),
    }
}

pub(super) fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_that_may_pass_are_tried_again() {
        assert!(refused(500, "").is_temporary() && refused(503, "").is_temporary());
        assert!(!refused(400, "deleted").is_temporary() && !refused(401, "").is_temporary());
    }
}
