use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32, #[cfg(any())] absent: Missing, #[cfg(not(any()))] present: u32) -> u32 {
    n + present
}

#[handler_cache(skip(absent))]
fn skipped(n: u32, #[cfg(any())] absent: Missing) -> u32 {
    n
}

#[handler_cache(skip(skipped))]
fn in_cfg_attr(
    n: u32,
    #[cfg_attr(all(), cfg(any()))] absent: Missing,
    #[cfg_attr(any(), cfg(any()))] present: u32,
    #[cfg_attr(all(), cfg(all()), cfg_attr(all(), allow(unused), cfg(any())))] nested: Missing,
    #[cfg_attr(all(), cfg(any()))] skipped: Missing,
    #[cfg_attr(all(), allow(unused_mut))] mut last: u32,
) -> u32 {
    n + present + last
}

#[test]
pub fn main() {
    assert_eq!(in_cfg_attr(20, 20, 2), 42);
    assert_eq!(handle(40, 2), 42);
    assert_eq!(skipped(42), 42);
}
