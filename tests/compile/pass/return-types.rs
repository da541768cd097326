use std::{borrow::Cow, collections::HashMap, fmt, sync::Mutex};

use redis_cache_runtime::handler_cache;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Prediction {
    class: u8,
}

#[derive(Debug)]
struct HandleError;

type Answer = Result<Prediction, HandleError>;

type AnswerOf<T, E = HandleError> = Result<T, E>;

struct Borrowed<'a>(&'a str);

static CALLS: Mutex<u32> = Mutex::new(0);

#[handler_cache(maxsize = 0)]
fn nothing() {
    *CALLS.lock().unwrap() += 1;
}

#[handler_cache(maxsize = 0)]
fn unit() -> () {
    *CALLS.lock().unwrap() += 1;
}

#[handler_cache(maxsize = 0)]
async fn nothing_async() {
    *CALLS.lock().unwrap() += 1;
}

#[handler_cache]
fn own(class: u8) -> Prediction {
    Prediction { class }
}

#[handler_cache]
fn option(class: u8) -> Option<Prediction> {
    (class < 10).then_some(Prediction { class })
}

#[handler_cache]
fn result(class: u8) -> Result<Prediction, HandleError> {
    if class < 10 {
        Ok(Prediction { class })
    } else {
        Err(HandleError)
    }
}

#[handler_cache]
fn alias(class: u8) -> Answer {
    Ok(Prediction { class })
}

#[handler_cache]
fn generic_alias(class: u8) -> AnswerOf<Prediction> {
    Ok(Prediction { class })
}

#[handler_cache]
fn formatted(n: u8) -> Result<String, fmt::Error> {
    use fmt::Write as _;
    let mut text = String::new();
    write!(text, "{n}")?;
    Ok(text)
}

#[handler_cache]
fn boxed_error(n: u8) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(n.to_string().parse::<u32>()?.to_string())
}

#[handler_cache]
fn borrowed_error(text: &str) -> Result<u32, &str> {
    text.parse().map_err(|_| text)
}

#[handler_cache]
fn error_with_lifetime<'a>(text: &'a str) -> Result<u32, Borrowed<'a>> {
    text.parse().map_err(|_| Borrowed(text))
}

#[handler_cache]
fn static_error(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "not a number")
}

#[handler_cache]
fn cow(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

#[handler_cache]
fn nested(n: u32) -> Option<Result<Vec<(u32, String)>, String>> {
    Some(Ok(vec![(n, n.to_string())]))
}

#[handler_cache]
fn map(n: u32) -> HashMap<String, [u32; 2]> {
    HashMap::from([(n.to_string(), [n, n])])
}

#[handler_cache]
async fn result_async(class: u8) -> Result<Prediction, HandleError> {
    std::future::ready(()).await;
    if class < 10 {
        Ok(Prediction { class })
    } else {
        Err(HandleError)
    }
}

#[handler_cache]
async fn borrowed_error_async(text: &str) -> Result<u32, &str> {
    text.parse().map_err(|_| text)
}

/// A value, though it is called a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SearchResult<Id, T> {
    id: Id,
    found: Vec<T>,
}

#[handler_cache]
fn called_result<T>(id: u32) -> SearchResult<u32, T>
where
    T: Clone + Send + PartialEq + Serialize + serde::de::DeserializeOwned,
{
    SearchResult {
        id,
        found: Vec::new(),
    }
}

mod search {
    pub type Result<Id, T> = super::SearchResult<Id, T>;
}

#[handler_cache]
fn called_result_elsewhere<T>(id: u32) -> search::Result<u32, T>
where
    T: Clone + Send + PartialEq + Serialize + serde::de::DeserializeOwned,
{
    SearchResult {
        id,
        found: Vec::new(),
    }
}

type ErrorFirstResult<E, T> = Result<T, E>;

#[handler_cache]
fn error_first(n: u32) -> ErrorFirstResult<&'static str, u32> {
    Ok(n)
}

#[handler_cache]
fn generic_after_error<T>(n: u32) -> ErrorFirstResult<String, T>
where
    T: Clone + Send + Serialize + serde::de::DeserializeOwned,
{
    Err(n.to_string())
}

#[test]
pub fn main() {
    assert_eq!(called_result::<u8>(1), called_result_elsewhere(1));
    assert_eq!(error_first(1), Ok(1));
    assert!(generic_after_error::<u8>(1).is_err());
    nothing();
    unit();
    smol::block_on(nothing_async());
    assert_eq!(*CALLS.lock().unwrap(), 3);
    assert_eq!(own(4), Prediction { class: 4 });
    assert_eq!(option(11), None);
    assert!(result(4).is_ok() && result(11).is_err());
    assert!(alias(4).is_ok() && generic_alias(4).is_ok());
    assert_eq!(formatted(42).unwrap(), "42");
    assert_eq!(boxed_error(42).unwrap(), "42");
    assert_eq!(borrowed_error("x"), Err("x"));
    assert_eq!(
        error_with_lifetime("x").map_err(|Borrowed(text)| text),
        Err("x")
    );
    assert_eq!(static_error("x"), Err("not a number"));
    assert_eq!(cow("42"), "42");
    assert_eq!(nested(1), Some(Ok(vec![(1, "1".to_owned())])));
    assert_eq!(map(1)["1"], [1, 1]);
    assert!(smol::block_on(result_async(11)).is_err());
    assert_eq!(smol::block_on(borrowed_error_async("x")), Err("x"));
}
