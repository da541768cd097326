use std::{fmt::Display, marker::PhantomData};

use redis_cache_runtime::handler_cache;
use serde::{Serialize, de::DeserializeOwned};

#[handler_cache]
fn show<T: Display + Serialize>(value: T) -> String {
    value.to_string()
}

#[handler_cache]
fn echo<T>(value: &T) -> T
where
    T: Clone + Serialize + DeserializeOwned,
{
    value.clone()
}

#[handler_cache]
fn sum<const N: usize>(values: [u32; N]) -> u32 {
    values.iter().sum()
}

#[handler_cache(skip(n, skipped))]
fn implied(text: impl AsRef<str> + Serialize, n: &impl Display, skipped: impl Fn() -> u32) -> String
where
    u8: Sized,
{
    format!("{}{n}{}", text.as_ref(), skipped())
}

#[handler_cache]
fn longest<'a, 'b: 'a>(a: &'a str, b: &'b str) -> String {
    if a.len() > b.len() {
        a.to_owned()
    } else {
        b.to_owned()
    }
}

struct Handler<M, const N: usize = 1> {
    model: PhantomData<fn() -> M>,
}

impl<M: Default + Into<u32>, const N: usize> Handler<M, N> {
    #[handler_cache]
    fn handle(&self, n: u32) -> u32 {
        n + M::default().into() + u32::try_from(N).unwrap_or_default()
    }

    #[handler_cache]
    async fn handle_async<T>(&self, n: T) -> Option<T>
    where
        T: Serialize + DeserializeOwned + Send,
    {
        Some(n)
    }
}

#[handler_cache]
async fn show_async<'a, T>(value: &'a T, other: &str) -> String
where
    T: Display + Serialize + ?Sized,
{
    format!("{value}{other}")
}

#[test]
pub fn main() {
    assert_eq!(show(42), "42");
    assert_eq!(show("42"), "42");
    assert_eq!(echo(&vec![1, 2]), [1, 2]);
    assert_eq!(sum([20, 22]), 42);
    assert_eq!(implied("a", &1, || 2), "a12");
    assert_eq!(longest("ab", "a"), "ab");
    let handler = Handler::<u16, 2> { model: PhantomData };
    assert_eq!(handler.handle(40), 42);
    smol::block_on(async {
        assert_eq!(handler.handle_async(1_u8).await, Some(1));
        assert_eq!(show_async("4", "2").await, "42");
    });
}
