use redis_cache_runtime::handler_cache;

#[handler_cache]
fn early(n: u32) -> u32 {
    if n > 10 {
        return 10;
    }
    n
}

#[handler_cache]
fn question(text: &str) -> Result<u32, std::num::ParseIntError> {
    let n: u32 = text.parse()?;
    Ok(n + 1)
}

#[handler_cache]
fn question_option(values: &[u32]) -> Option<u32> {
    let first = values.first()?;
    Some(first + 1)
}

#[handler_cache]
fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}

#[handler_cache]
fn labelled(n: u32) -> u32 {
    'outer: loop {
        for i in 0..n {
            if i == 5 {
                break 'outer i;
            }
        }
        return 0;
    }
}

#[handler_cache]
fn all_paths_return(n: u32) -> u32 {
    return n;
}

#[handler_cache]
fn coerced(n: u32) -> Box<[u32]> {
    Box::new([n, n])
}

#[handler_cache]
async fn early_async(text: &str) -> Result<u32, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    let n: u32 = text.parse()?;
    std::future::ready(()).await;
    Ok(n)
}

#[handler_cache]
async fn factorial(n: u64) -> u64 {
    if n == 0 {
        1
    } else {
        n * Box::pin(factorial(n - 1)).await
    }
}

#[handler_cache]
async fn coerced_async(n: u32) -> Box<[u32]> {
    Box::new([n, n])
}

#[handler_cache]
async fn never_comes_back(n: u32) -> u32 {
    if n > 1 { unreachable!() } else { panic!("{n}") }
}

#[test]
pub fn main() {
    assert_eq!(early(11), 10);
    assert_eq!(question("41"), Ok(42));
    assert!(question("x").is_err());
    assert_eq!(question_option(&[]), None);
    assert_eq!(fibonacci(12), 144);
    assert_eq!(labelled(9), 5);
    assert_eq!(all_paths_return(1), 1);
    assert_eq!(*coerced(1), [1, 1]);
    smol::block_on(async {
        assert_eq!(early_async("").await, Ok(0));
        assert!(early_async("x").await.is_err());
        assert_eq!(factorial(5).await, 120);
        assert_eq!(*coerced_async(1).await, [1, 1]);
    });
    let _ = never_comes_back;
}
