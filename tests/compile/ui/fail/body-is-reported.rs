#![deny(unused_variables, unused_mut, unreachable_code)]

use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(mut n: u32) -> u32 {
    let unused = n;
    if n > 1 {
        return 1;
        println!("unreachable");
    }
    n
}

#[handler_cache]
async fn handle_async(mut n: u32) -> u32 {
    let unused = n;
    if n > 1 {
        return 1;
        println!("unreachable");
    }
    n
}

fn main() {}
