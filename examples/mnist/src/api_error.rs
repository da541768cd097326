//! Errors as TorchServe reports them.

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::handler::HandleError;
use crate::server::BODY_LIMIT;

/// An error with its status, TorchServe's name for its type, and a message.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    r#type: &'a str,
    message: &'a str,
}

impl ApiError {
    /// An error whose type follows from its status.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let kind = match status {
            StatusCode::NOT_FOUND => "ResourceNotFoundException",
            StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowedException",
            StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLargeException",
            status if status.is_client_error() => "BadRequestException",
            _ => "InternalServerException",
        };
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    fn unreadable_body(status: StatusCode, reason: String) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::new(status, format!("the body has more than {BODY_LIMIT} bytes"));
        }
        Self::new(status, reason)
    }

    pub(crate) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    pub(crate) fn unknown_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path has no such method",
        )
    }

    pub(crate) fn unknown_model(model: &str) -> Self {
        Self {
            kind: "ModelNotFoundException",
            ..Self::new(
                StatusCode::NOT_FOUND,
                format!("there is no model `{model}`"),
            )
        }
    }

    pub(crate) fn unknown_version(model: &str, version: &str) -> Self {
        let message = format!("there is no version `{version}` of the model `{model}`");
        Self {
            kind: "ModelVersionNotFoundException",
            ..Self::new(StatusCode::NOT_FOUND, message)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Body {
            code: self.status.as_u16(),
            r#type: self.kind,
            message: &self.message,
        };
        (self.status, Json(body)).into_response()
    }
}

impl From<HandleError> for ApiError {
    fn from(error: HandleError) -> Self {
        let status = match error {
            HandleError::Image(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        Self::unreadable_body(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartRejection> for ApiError {
    fn from(rejection: MultipartRejection) -> Self {
        Self::unreadable_body(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        Self::unreadable_body(error.status(), error.body_text())
    }
}
