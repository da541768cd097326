//! Handlers for clippy to look at, once with the attribute and once, under `--cfg control`, without it.
//! Some are written badly: their warnings must be the same both times.

// Code in between can't allow a forbidden lint.
#![forbid(
    unsafe_code,
    unused_braces,
    unused_parens,
    clippy::used_underscore_binding,
    clippy::used_underscore_items,
    clippy::let_and_return,
    clippy::match_single_binding,
    clippy::large_futures,
    clippy::redundant_closure_call,
    clippy::let_underscore_untyped,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::panic
)]

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::{self, Display},
    pin::Pin,
    sync::Arc,
};

#[cfg(not(control))]
use redis_cache_runtime::handler_cache;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A handler's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The class.
    pub class: u8,
}

/// Why it does not.
#[derive(Debug)]
pub struct HandleError;

impl Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

/// A handler.
#[derive(Clone, Debug)]
pub struct Handler {
    factor: u32,
    name: String,
}

impl Handler {
    /// Every argument.
    ///
    /// # Errors
    ///
    /// If the image is empty.
    #[cfg_attr(
        not(control),
        handler_cache(
            host = "localhost",
            port = 6379,
            db = 0,
            maxsize = 128,
            name = "lint",
            timeout = "50ms",
            skip(context),
            version = self.name.len(),
            crate = ::redis_cache_runtime
        )
    )]
    pub fn all(&self, image: &[u8], mut n: u32, context: &str) -> Result<Prediction, HandleError> {
        n += u32::try_from(context.len()).map_err(|_| HandleError)?;
        if image.is_empty() {
            return Err(HandleError);
        }
        Ok(Prediction {
            class: u8::try_from(n * self.factor).unwrap_or_default(),
        })
    }

    /// No argument.
    #[cfg_attr(not(control), handler_cache)]
    pub fn short(&self, n: u32) -> u32 {
        self.factor * n
    }

    /// One expression.
    #[cfg_attr(not(control), handler_cache(maxsize = None))]
    #[must_use]
    pub fn single(&self, n: u32) -> Option<u32> {
        n.checked_mul(self.factor)
    }

    /// Unit.
    #[cfg_attr(not(control), handler_cache)]
    pub fn unit(&mut self, n: u32) {
        self.factor += n;
    }

    /// Unit, said.
    #[cfg_attr(not(control), handler_cache)]
    pub fn said_unit(&mut self, n: u32) -> () {
        self.factor += n;
    }

    /// By value.
    #[cfg_attr(not(control), handler_cache)]
    #[must_use]
    pub fn value(self, other: String) -> String {
        self.name + &other
    }

    /// Shared.
    #[cfg_attr(not(control), handler_cache)]
    #[must_use]
    pub fn shared(self: Arc<Self>, n: u32) -> u32 {
        self.factor * n
    }

    /// Pinned.
    #[cfg_attr(not(control), handler_cache)]
    pub fn pinned(self: Pin<&mut Self>, n: u32) -> u32 {
        self.factor * n
    }

    /// Borrowing.
    #[cfg_attr(not(control), handler_cache)]
    #[must_use]
    pub fn borrowing<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    /// Async.
    ///
    /// # Errors
    ///
    /// If the text is no number.
    #[cfg_attr(not(control), handler_cache(url = "redis://localhost", version = (1, "a")))]
    pub async fn parse(&self, text: &str, mut n: u32) -> Result<u32, std::num::ParseIntError> {
        n += 1;
        std::future::ready(()).await;
        if text.is_empty() {
            return Ok(n);
        }
        Ok(text.parse::<u32>()? * self.factor)
    }

    /// Async, one expression.
    #[cfg_attr(not(control), handler_cache)]
    pub async fn ready(&self, n: u32) -> u32 {
        std::future::ready(n * self.factor).await
    }

    /// Async unit.
    #[cfg_attr(not(control), handler_cache)]
    pub async fn ready_unit(&mut self, n: u32) {
        std::future::ready(()).await;
        self.factor += n;
    }

    /// Async, shared.
    #[cfg_attr(not(control), handler_cache)]
    pub async fn ready_shared(self: Arc<Self>, n: u32) -> Vec<Prediction> {
        std::future::ready(()).await;
        vec![Prediction {
            class: u8::try_from(n).unwrap_or_default(),
        }]
    }
}

/// A model that is read from a file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Model {
    bias: u32,
}

impl Model {
    /// Async, on a type that derives `Deserialize`.
    #[cfg_attr(not(control), handler_cache(version = self.bias))]
    pub async fn predict(&self, x: u32) -> u32 {
        std::future::ready(x + self.bias).await
    }

    /// Asked again.
    #[cfg_attr(not(control), handler_cache(skip(model), version = (model.bias, format!("{x}"))))]
    #[must_use]
    pub fn compare(self: Arc<Self>, model: Arc<Self>, x: u32) -> bool {
        self.bias + x < model.bias
    }

    /// The first item comes before the first statement.
    #[cfg_attr(not(control), handler_cache)]
    pub async fn items(&self, x: u32) -> u32 {
        const FACTOR: u32 = 2;
        std::future::ready(x * FACTOR).await
    }

    /// The same, blocking.
    #[cfg_attr(not(control), handler_cache)]
    #[must_use]
    pub fn blocking_items(&self, x: u32) -> u32 {
        use std::convert::identity;
        identity(x * self.bias)
    }
}

/// An error that is not `Send`.
///
/// # Errors
///
/// If the text is no number.
#[cfg_attr(not(control), handler_cache)]
pub async fn boxed_error(text: String, _quiet: u32) -> Result<u32, Box<dyn std::error::Error>> {
    Ok(std::future::ready(text).await.parse()?)
}

/// A trait.
pub trait Handle {
    /// Handles.
    fn handle(&self, n: u32) -> u32;

    /// Has a body.
    #[cfg_attr(not(control), handler_cache)]
    fn provided(&self, n: u32) -> u32 {
        n + 1
    }
}

impl Handle for Handler {
    #[cfg_attr(not(control), handler_cache)]
    fn handle(&self, n: u32) -> u32 {
        n * self.factor
    }
}

/// Patterns.
#[cfg_attr(not(control), handler_cache)]
#[must_use]
pub fn patterns((a, mut b): (u32, u32), Prediction { class }: Prediction, _: &Handler) -> u32 {
    b += a;
    b + u32::from(class)
}

/// An argument that only the key needs.
#[cfg_attr(not(control), handler_cache)]
#[must_use]
pub fn underscore(_n: u32) -> u32 {
    1
}

/// Arguments of which the body needs none.
#[cfg_attr(not(control), handler_cache)]
#[must_use]
pub fn underscores(_n: u32, _text: String, _: Vec<u8>, (_left, _right): (u32, String)) -> u32 {
    1
}

/// Generic.
///
/// # Errors
///
/// Never.
#[cfg_attr(not(control), handler_cache(skip(other, show)))]
pub fn generic<T, const N: usize>(
    values: &[T],
    other: &impl Display,
    show: impl Fn(&T) -> String,
) -> Result<HashMap<String, [u8; 2]>, Box<dyn std::error::Error>>
where
    T: Clone + Serialize + DeserializeOwned,
    for<'a> &'a T: Sized,
{
    let shown = values.iter().map(|value| (show(value), [0, 1]));
    Ok(shown
        .chain([(other.to_string(), [u8::try_from(N)?; 2])])
        .collect())
}

/// Long, but not too long.
#[cfg_attr(not(control), handler_cache)]
#[must_use]
pub fn branches(n: u32, text: &str) -> String {
    match n {
        0 => text.to_owned(),
        1 | 2 => {
            let mut out = String::new();
            for (i, c) in text.chars().enumerate() {
                if i % 2 == 0 {
                    out.push(c);
                } else if c.is_alphabetic() {
                    out.extend(c.to_uppercase());
                }
            }
            out
        }
        _ if text.is_empty() => return String::new(),
        _ => text.chars().rev().collect(),
    }
}

/// Recursive.
#[cfg_attr(not(control), handler_cache)]
#[must_use]
pub fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}

/// Has parameters of its own, and writes to them.
#[derive(Clone, Debug, Serialize)]
pub struct Owned {
    count: u32,
    bytes: Vec<u8>,
}

impl Owned {
    /// Itself.
    #[cfg_attr(not(control), handler_cache)]
    pub fn counted(mut self, n: u32) -> u32 {
        self.count += n;
        1
    }

    /// Boxed.
    #[cfg_attr(not(control), handler_cache)]
    pub fn counted_in_a_box(mut self: Box<Self>, n: u32) -> Vec<u8> {
        self.count += n;
        self.bytes
    }

    /// Async.
    #[cfg_attr(not(control), handler_cache)]
    pub async fn counted_later(mut self, n: u32) -> u32 {
        self.count += n;
        std::future::ready(n).await
    }
}

/// Writes to one field and returns the other.
#[cfg_attr(not(control), handler_cache)]
pub fn taken(mut owned: Owned, n: u32) -> Vec<u8> {
    owned.count = n;
    owned.bytes
}

/// Writes to a field, maybe.
#[cfg_attr(not(control), handler_cache)]
pub fn written(n: u32, mut owned: Owned) -> u32 {
    if n > 1 {
        owned.count = n;
    }
    owned.bytes = Vec::new();
    1
}

/// Writes to a field, later.
#[cfg_attr(not(control), handler_cache)]
pub async fn written_later(mut owned: Owned, n: u32) -> u32 {
    std::future::ready(()).await;
    while owned.count < n {
        owned.count += 1;
    }
    owned.count += 1;
    n
}

/// Written badly: nobody reads the array again.
#[cfg_attr(not(control), handler_cache)]
pub fn written_in_vain(mut array: [u32; 2], n: u32) -> u32 {
    let read = array[0];
    array[1] = n;
    read
}

/// Written badly, and async.
#[cfg_attr(not(control), handler_cache)]
pub async fn written_in_vain_later(mut count: u32) -> u32 {
    let read = std::future::ready(count).await;
    count = 1;
    read
}

/// Written badly.
#[cfg_attr(not(control), handler_cache)]
pub fn bad(mut n: u32, text: String, items: &Vec<u32>) -> Result<u32, ()> {
    let unused = n as u8;
    if text.len() == 0 {
        return Ok(1);
        println!("unreachable");
    }
    let x = items.iter().map(|i| i.clone()).collect::<Vec<_>>();
    fn late() {}
    return Ok(x.len() as u32);
}

/// Written badly, and async.
#[cfg_attr(not(control), handler_cache)]
pub async fn bad_async(mut n: u32, text: String) -> Result<u32, ()> {
    let unused = n as u8;
    std::future::ready(()).await;
    if text.len() == 0 {
        return Ok(1);
        println!("unreachable");
    }
    fn late() {}
    return Ok(n);
}

fn main() {}
