::core::compile_error! {
    "`port` is a number from 1 to 65535"
}
::core::compile_error! {
    "`#[handler_cache]` goes on a function, not on a `struct`"
}
struct Handler;
