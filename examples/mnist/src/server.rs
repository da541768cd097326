//! TorchServe's inference API.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use redis_cache_runtime::observe_async;
use tokio::net::TcpListener;
use tokio::select;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tracing::debug;

use crate::api_error::ApiError;
use crate::cache_status;
use crate::handler::{Context, MnistHandler};

/// The most bytes that the body of a request may have; TorchServe's default.
pub const BODY_LIMIT: usize = 6_553_500;

const MODEL: &str = "mnist";
const VERSION: &str = "1.0";

/// The fields of a form in which TorchServe's handlers look for the image.
const FORM_FIELDS: [&str; 2] = ["data", "body"];

/// How long open requests may take to end once the server is told to.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Service {
    handler: MnistHandler,
    requests: AtomicU64,
}

/// Serves until `shutdown` is done, then lets the open requests end, for 5 seconds at most.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    handler: MnistHandler,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (end, ending) = oneshot::channel();
    let server = axum::serve(listener, router(handler)).with_graceful_shutdown(async {
        shutdown.await;
        _ = end.send(());
    });
    let overdue = async {
        _ = ending.await;
        sleep(GRACE).await;
    };
    select! {
        ended = server => ended,
        () = overdue => Ok(()),
    }
}

/// The routes, with the handler behind them.
pub fn router(handler: MnistHandler) -> Router {
    let service = Service {
        handler,
        requests: AtomicU64::new(0),
    };
    Router::new()
        .route("/ping", get(ping))
        .route("/predictions/{model}", put(predict).post(predict))
        .route("/predictions/{model}/{version}", put(predict).post(predict))
        .fallback(async || ApiError::unknown_path())
        .method_not_allowed_fallback(async || ApiError::unknown_method())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(log))
        .with_state(Arc::new(service))
}

async fn ping() -> Response {
    let json = [(CONTENT_TYPE, "application/json")];
    (json, r#"{"status":"Healthy"}"#).into_response()
}

async fn predict(
    State(service): State<Arc<Service>>,
    Path(target): Path<Vec<String>>,
    request: Request,
) -> Result<Response, ApiError> {
    check_target(&target)?;
    let image = image(request).await?;
    let context = Context {
        request_id: service.requests.fetch_add(1, Ordering::Relaxed),
    };
    let (result, outcome) = observe_async(service.handler.answer(&image, &context)).await;
    let storable = result.is_ok();
    let mut response = match result {
        Ok(prediction) => prediction.digit.to_string().into_response(),
        Err(error) => ApiError::from(error).into_response(),
    };
    if let Some(outcome) = outcome {
        cache_status::add(response.headers_mut(), &outcome, storable);
    }
    Ok(response)
}

fn check_target(target: &[String]) -> Result<(), ApiError> {
    match target {
        [model, ..] if model != MODEL => Err(ApiError::unknown_model(model)),
        [_, version] if version != VERSION => Err(ApiError::unknown_version(MODEL, version)),
        _ => Ok(()),
    }
}

/// The image in a request: a field of a form, else the whole body.
async fn image(request: Request) -> Result<Bytes, ApiError> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    if !is_form {
        return Ok(Bytes::from_request(request, &()).await?);
    }
    let mut form = Multipart::from_request(request, &()).await?;
    while let Some(field) = form.next_field().await? {
        if field.name().is_some_and(|name| FORM_FIELDS.contains(&name)) {
            return Ok(field.bytes().await?);
        }
    }
    Err(ApiError::new(
        StatusCode::BAD_REQUEST,
        "the form has no field `data` or `body`",
    ))
}

async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    debug!(%method, path, status, elapsed = ?start.elapsed(), "request");
    response
}
