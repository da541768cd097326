::core::compile_error! {
    "unknown argument `prot`; did you mean `port`? (known are `host`, `port`, `db`, `url`, `config`, `maxsize`, `shards`, `name`, `ttl`, `timeout`, `max_value_bytes`, `skip`, `version`, `crate`)"
}
::core::compile_error! {
    "`maxsize` is a number of entries, or `None` for no bound"
}
::core::compile_error! {
    "a function has one `#[handler_cache]`; put the arguments into one list"
}
::core::compile_error! {
    "a stored result can't borrow; return `String` instead"
}
#[inline]
fn double(n: u32) -> &str {
    n * 2
}
