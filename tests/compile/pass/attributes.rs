//! Handlers that are documented, deprecated, conditional.

#![deny(warnings)]

use redis_cache_runtime::handler_cache;

/// Documented above.
#[handler_cache]
/// And below.
#[inline]
#[must_use]
pub fn documented(n: u32) -> u32 {
    n
}

#[inline(always)]
#[allow(unused_variables, reason = "shows that it is kept")]
#[handler_cache]
fn lenient(n: u32) -> u32 {
    let unused = 1;
    n
}

#[handler_cache]
#[cfg(any())]
fn absent(n: Missing) -> u32 {
    n
}

#[handler_cache]
#[cfg_attr(all(), must_use)]
fn inner(n: u32) -> u32 {
    #![allow(unused_variables, dead_code)]
    //! Documented within.
    let unused = 1;
    fn never_called() {}
    n
}

#[handler_cache]
async fn inner_async(n: u32) -> u32 {
    #![allow(unused_variables)]
    let unused = 1;
    n
}

mod visible {
    use super::handler_cache;

    #[handler_cache]
    pub(crate) fn within(#[allow(unused_variables)] n: u32) -> u32 {
        1
    }
}

fn main() {
    assert_eq!(documented(1), 1);
    assert_eq!(lenient(1), 1);
    assert_eq!(inner(1), 1);
    assert_eq!(smol::block_on(inner_async(1)), 1);
    assert_eq!(visible::within(1), 1);
}
