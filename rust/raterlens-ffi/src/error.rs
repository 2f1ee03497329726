//! The error that crosses the bridge, and its form as text.

use std::fmt;

use crate::guard::trim_backtrace;

/// Separates the kind from the message. A control character, so that no message contains it.
const SEPARATOR: char = '\u{1f}';

/// Coarse kinds that a C++ host can act on; `raterlens::ErrorKind` has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The run was cancelled.
    Cancelled,
    /// The image or its geometry cannot be used.
    InvalidImage,
    /// The model package cannot be used.
    Model,
    /// The device asked for is unknown.
    Device,
    /// The raters' label maps, or what was asked of them, cannot be used.
    Raters,
    /// What was asked for makes no sense, or the model cannot do it.
    Request,
    /// A defect in RaterLens, a panic included.
    Internal,
}

impl ErrorKind {
    /// The word that stands for the kind in the text that crosses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::InvalidImage => "invalid-image",
            Self::Model => "model",
            Self::Device => "device",
            Self::Raters => "raters",
            Self::Request => "request",
            Self::Internal => "internal",
        }
    }
}

/// An error on its way to C++.
///
/// cxx hands C++ nothing but the `Display` text, so that is `<kind code> U+001F <message>`; the
/// C++ wrapper takes it apart again. The message has no libtorch backtrace.
///
/// ```
/// use raterlens_ffi::{BridgeError, ErrorKind};
/// let error = BridgeError::new(ErrorKind::Model, "no such model");
/// assert_eq!(error.to_string(), "model\u{1f}no such model");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeError {
    kind: ErrorKind,
    message: String,
}

impl BridgeError {
    /// An error with a sentence for the user.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        let message = message.to_string().replace(SEPARATOR, " ");
        Self {
            kind,
            message: trim_backtrace(&message).to_owned(),
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence for the user, without the kind.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SEPARATOR}{}", self.kind.code(), self.message)
    }
}

impl std::error::Error for BridgeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_forge_a_kind() {
        let error = BridgeError::new(ErrorKind::Device, "a\u{1f}b");
        assert_eq!(error.to_string(), "device\u{1f}a b");
    }

    #[test]
    fn a_libtorch_backtrace_does_not_reach_the_user() {
        let text = "The size of tensor a (3) must match\nException raised from infer_size at x.cpp:1\nframe #0: c10";
        let error = BridgeError::new(ErrorKind::Internal, text);
        assert_eq!(error.message(), "The size of tensor a (3) must match");
    }
}
