//! Nothing in an expansion needs a lint to be allowed, so that all of them may be forbidden.

#![forbid(
    warnings,
    unsafe_code,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused
)]
#![forbid(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_safe,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    impl_trait_redundant_captures,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use redis_cache_runtime::handler_cache;

/// A handler.
#[derive(Clone, Copy, Debug)]
pub struct Handler;

impl Handler {
    /// Handles.
    #[handler_cache(maxsize = 16, timeout = "20ms", version = 1)]
    pub fn handle(self, n: u32) -> u32 {
        n
    }

    /// Handles later.
    ///
    /// # Errors
    ///
    /// None.
    #[handler_cache(crate = ::redis_cache_runtime, maxsize = None)]
    pub async fn handle_async(self, n: u32, mut m: u32) -> Result<u32, String> {
        m += 1;
        Ok(n + m)
    }
}

/// A count.
#[derive(Clone, Copy, Debug)]
pub struct Count(u32);

impl Count {
    /// Counts.
    #[handler_cache]
    pub fn count(mut self, n: u32) -> u32 {
        self.0 += n;
        n
    }

    /// Counts later.
    #[handler_cache]
    pub async fn count_later(mut self, ref n: u32, (_, mut m): (u32, u32)) -> u32 {
        std::future::ready(()).await;
        self.0 += n;
        m += 1;
        m + self.0
    }
}

#[handler_cache]
fn single(n: u32) -> u32 {
    n
}

#[handler_cache]
async fn single_async(n: u32) -> u32 {
    n
}

#[handler_cache]
fn nothing(_n: u32) {}

#[handler_cache]
async fn nothing_async() {}

#[handler_cache]
fn fails(n: u32) -> u32 {
    if n == 0 { 0 } else { panic!("{n}") }
}

#[handler_cache]
async fn fails_async() -> u32 {
    std::future::ready(()).await;
    unreachable!()
}

fn main() {
    assert_eq!(Handler.handle(1), 1);
    assert_eq!(smol::block_on(Handler.handle_async(1, 1)), Ok(3));
    assert_eq!(smol::block_on(single_async(single(1))), 1);
    assert_eq!(Count(1).count(1), 1);
    assert_eq!(smol::block_on(Count(1).count_later(1, (1, 2))), 5);
    nothing(fails(0));
    smol::block_on(nothing_async());
    drop(fails_async());
}
