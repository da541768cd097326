//! A web service with a cached async handler.
//!
//! ```sh
//! cargo run -p handler-cache-examples --example axum_service
//! curl -i -d 'Redis remembers what was expensive to find out' http://127.0.0.1:3000/keywords
//! ```

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use redis_cache_runtime::{
    CacheIdentity, HandlerCache, SkipInKey, flush_all, handler_cache, observe_async,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:3000";

/// What one deployment of the service knows. Its answers depend on that, so its keys do too.
struct Extractor {
    shortest: usize,
}

/// The words that say most about a text.
#[derive(Serialize, Deserialize)]
struct Keywords {
    words: Vec<String>,
}

/// Why a text has no keywords. Errors are not cached.
struct EmptyText;

/// What is known about a request, but does not change the answer.
struct Request {
    bytes: usize,
}

impl SkipInKey for Request {}

impl CacheIdentity for Extractor {
    fn cache_identity(&self) -> impl Serialize {
        self.shortest
    }
}

impl Extractor {
    #[handler_cache(name = "keywords", maxsize = 1024, timeout = "20ms")]
    async fn keywords(&self, text: &str, request: &Request) -> Result<Keywords, EmptyText> {
        println!("looking for keywords in {} bytes", request.bytes);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let words: Vec<String> = text
            .split_whitespace()
            .filter(|word| word.chars().count() >= self.shortest)
            .map(str::to_lowercase)
            .collect();
        if words.is_empty() {
            return Err(EmptyText);
        }
        Ok(Keywords { words })
    }
}

type Answer = ([(&'static str, &'static str); 1], Json<Keywords>);

async fn keywords(
    State(extractor): State<Arc<Extractor>>,
    text: String,
) -> Result<Answer, StatusCode> {
    let request = Request { bytes: text.len() };
    let (keywords, outcome) = observe_async(extractor.keywords(&text, &request)).await;
    let cache = outcome.map_or("unknown", |outcome| outcome.result.as_str());
    let keywords = keywords.map_err(|EmptyText| StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(([("x-cache", cache)], Json(keywords)))
}

#[tokio::main]
async fn main() -> Result<()> {
    let extractor = Arc::new(Extractor { shortest: 6 });
    say_whether_redis_answers(&extractor).await;
    let app = Router::new()
        .route("/keywords", post(keywords))
        .with_state(extractor);
    let listener = TcpListener::bind(ADDRESS).await?;
    println!("listening on http://{ADDRESS}/keywords, Ctrl-C ends it");
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    if let Err(error) = flush_all().await {
        eprintln!("the last answers were not stored: {error}");
    }
    Ok(())
}

/// The service works either way. A cache has its name from the first call of its handler on.
async fn say_whether_redis_answers(extractor: &Extractor) {
    let _ = extractor.keywords("", &Request { bytes: 0 }).await;
    let info = match HandlerCache::named("keywords") {
        Ok(cache) => cache.info().await,
        Err(error) => Err(error),
    };
    let away = match info {
        Ok(info) => match info.unavailable {
            None => return println!("{} answers are cached already", info.currsize),
            Some(reason) => reason,
        },
        Err(error) => error.to_string(),
    };
    println!("every request runs the handler until Redis answers: {away}");
}
