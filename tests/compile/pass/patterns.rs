use redis_cache_runtime::handler_cache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

struct Json<T>(T);

struct Opaque;

#[handler_cache]
fn mutable(mut n: u32, mut text: String) -> String {
    n += 1;
    text.push_str(&n.to_string());
    text
}

#[handler_cache]
fn tuple((a, mut b): (u32, u32)) -> u32 {
    b += 1;
    a * b
}

#[handler_cache]
fn wrapped(Json((a, [b, ..])): Json<(u32, [u32; 3])>) -> u32 {
    a + b
}

#[handler_cache]
fn fields(Point { x, y: height }: Point) -> i32 {
    x * height
}

#[handler_cache]
fn by_reference(ref text: String, &Point { x, .. }: &Point) -> String {
    format!("{text}{x}")
}

#[handler_cache]
fn bound(whole @ Point { x, .. }: Point) -> i32 {
    whole.y + x
}

#[handler_cache]
fn ignored(n: u32, _: &Opaque, _: Opaque) -> u32 {
    n
}

#[handler_cache(skip(b))]
fn skipped_half(Json((a, b)): Json<(u32, Opaque)>) -> u32 {
    let Opaque = b;
    a
}

#[handler_cache]
fn either((Ok(n) | Err(n)): Result<u32, u32>) -> u32 {
    n
}

#[handler_cache]
fn unused(_n: u32) -> u32 {
    42
}

#[handler_cache]
fn raw(r#type: u32) -> u32 {
    r#type
}

#[handler_cache]
async fn taken_apart((a, mut b): (u32, u32), Json(c): Json<String>, mut d: Vec<u8>) -> usize {
    b += a;
    d.push(0);
    c.len() + d.len() + usize::try_from(b).unwrap_or_default()
}

#[test]
pub fn main() {
    let point = Point { x: 6, y: 7 };
    assert_eq!(mutable(1, "4".to_owned()), "42");
    assert_eq!(tuple((6, 6)), 42);
    assert_eq!(wrapped(Json((40, [2, 0, 0]))), 42);
    assert_eq!(fields(point), 42);
    assert_eq!(by_reference("4".to_owned(), &point), "46");
    assert_eq!(bound(point), 13);
    assert_eq!(ignored(42, &Opaque, Opaque), 42);
    assert_eq!(skipped_half(Json((42, Opaque))), 42);
    assert_eq!(either(Ok(1)), 1);
    assert_eq!(unused(1), 42);
    assert_eq!(raw(42), 42);
    assert_eq!(
        smol::block_on(taken_apart((1, 2), Json(String::new()), Vec::new())),
        4
    );
}
