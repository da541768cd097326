use redis_cache_runtime::handler_cache;

#[handler_cache]
const fn constant(n: u32) -> u32 {
    n
}

#[handler_cache]
const PORT: u16 = 6379;

trait Handle {
    #[handler_cache]
    fn declared(&self, n: u32) -> u32;
}

trait Associated {
    fn associated(n: u32) -> u32;
}

impl Associated for u8 {
    #[handler_cache]
    default fn associated(n: u32) -> u32 {
        n
    }
}

#[handler_cache]
extern "C" fn foreign(n: u32) -> u32 {
    n
}

#[handler_cache]
struct Handler;

struct Other;

#[handler_cache]
impl Other {
    fn handle(&self) {}
}

macro_rules! nothing {
    () => {};
}

#[handler_cache]
nothing! {}

#[handler_cache]
unsafe fn not_safe(n: u32) -> u32 {
    n
}

unsafe extern "C" {
    #[handler_cache]
    fn variadic(n: u32, ...) -> u32;
}

macro_rules! both {
    ($a:ident, $b:ident) => {
        ($a, $b)
    };
}

#[handler_cache]
fn pattern_of_a_macro(both!(a, b): (u32, u32)) -> u32 {
    a + b
}

#[handler_cache(maxsize = 8)]
#[handler_cache(db = 1)]
fn twice(n: u32) -> u32 {
    n
}

fn main() {}
