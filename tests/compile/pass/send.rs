//! A future is `Send` where it is without the attribute, and as far down in other futures.

use std::{cell::Cell, error::Error};

use redis_cache_runtime::handler_cache;

#[handler_cache]
async fn parse(text: String) -> Result<u32, Box<dyn Error>> {
    Ok(text.parse()?)
}

/// The value is made and used up between two `await`s.
#[derive(serde::Serialize, serde::Deserialize)]
struct NotSend(
    Cell<u32>,
    #[serde(skip)] std::marker::PhantomData<*const u8>,
);

#[handler_cache]
async fn not_send(n: u32) -> NotSend {
    std::future::ready(()).await;
    NotSend(Cell::new(n), std::marker::PhantomData)
}

#[handler_cache]
async fn answer(n: u32) -> u32 {
    n
}

macro_rules! frames {
    ($inner:ident) => {};
    ($inner:ident $outer:ident $($more:ident)*) => {
        async fn $outer(n: u32) -> u32 {
            $inner(n).await
        }
        frames!($outer $($more)*);
    };
}

// Without the attribute there could be four more.
frames!(
    answer a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7
);

fn send<T: Send>(future: T) -> T {
    future
}

#[test]
pub fn main() {
    let parsed = async { parse("1".into()).await.map_err(|error| error.to_string()) };
    assert_eq!(smol::block_on(send(parsed)), Ok(1));
    let cell = async { not_send(2).await.0.get() };
    assert_eq!(smol::block_on(send(cell)), 2);
    assert_eq!(smol::block_on(send(d7(3))), 3);
}
