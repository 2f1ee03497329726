//! Errors as ITK-SNAP shows them: one plain sentence.

use axum::http::{header, StatusCode};
use axum::response::{IntoResponse, Response};
use raterlens_core::correction::CorrectionError;
use raterlens_engine::EngineError;
use thiserror::Error;

/// Why a request was not answered with 200.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A session that never was, or was forgotten.
    #[error("this session is not known any more: disconnect from the server and connect again, or choose another model and come back")]
    UnknownSession,
    /// A model that is not there.
    #[error("this server has no model of that name: choose one from its list")]
    UnknownModel,
    /// A path that leads nowhere.
    #[error("there is nothing at this address: it needs the server's root, without anything after the port")]
    NoSuchPath,
    /// GET where POST is needed, or the other way round.
    #[error("this address is not for requests of this kind")]
    WrongMethod,
    /// An interaction before an image.
    #[error("this session has no image yet: disconnect from the server and connect again, so that the image is sent")]
    NoImage,
    /// Something is wrong with the request.
    #[error("{0}")]
    BadRequest(String),
    /// The request is fine, but there is no sensible answer.
    #[error("{0}")]
    Unprocessable(String),
    /// The request is larger than allowed.
    #[error("{0}")]
    TooLarge(String),
    /// The client stopped sending.
    #[error("the request did not arrive in time")]
    Timeout,
    /// No room now.
    #[error("{0}")]
    Full(String),
    /// The server is being stopped, or the client went away.
    #[error("the server is being stopped")]
    Stopping,
    /// Not from here.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Without the access token.
    #[error("this server asks for an access token: see RaterLens's manual for where to enter it")]
    Unauthorized,
    /// A defect; details are in the log only.
    #[error("the server failed on this request: its log says why")]
    Internal,
}

impl ServeError {
    /// A malformed request.
    pub fn bad(sentence: impl Into<String>) -> Self {
        Self::BadRequest(sentence.into())
    }

    /// A defect, written to the log here and nowhere else.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        tracing::error!("{detail}");
        Self::Internal
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnknownSession | Self::UnknownModel | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoImage => StatusCode::CONFLICT,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Full(_) | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ServeError {
    fn into_response(self) -> Response {
        let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (self.status(), text, self.to_string()).into_response()
    }
}

impl From<EngineError> for ServeError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Stopping,
            EngineError::Image(reason) => Self::Unprocessable(reason.to_string()),
            other => Self::internal(other),
        }
    }
}

impl From<CorrectionError> for ServeError {
    fn from(error: CorrectionError) -> Self {
        match error {
            CorrectionError::OutsideImage { .. } | CorrectionError::EmptyMark => {
                Self::Unprocessable(error.to_string())
            }
            other => Self::internal(other),
        }
    }
}
