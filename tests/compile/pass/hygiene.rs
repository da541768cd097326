#![allow(non_snake_case, non_upper_case_globals, dead_code)]

use redis_cache_runtime::handler_cache;

const SITE: &str = "site";

fn here() -> u32 {
    1
}

#[handler_cache]
fn locals(__site: u32, __key: u32, __path: u32, __codec: u32, __settings: u32, __ret: u32) -> u32 {
    __site + __key + __path + __codec + __settings + __ret
}

#[handler_cache]
async fn locals_async(__site: u32, __key: u32, __codec: u32, __ret: u32, __part: u32) -> u32 {
    __site + __key + __codec + __ret + __part
}

#[handler_cache(skip(host), version = (SITE, here()))]
fn words(key: u32, name: u32, site: u32, host: u32) -> u32 {
    key + name + site + host
}

#[handler_cache(name = SITE, maxsize = here() as usize)]
fn outer_items(n: u32) -> u32 {
    n + here() + u32::try_from(SITE.len()).unwrap()
}

#[handler_cache]
fn inner_items(n: u32) -> u32 {
    static SITE: u32 = 1;
    struct Part(u32);
    struct Settings;
    trait PartSerde {
        fn feed(&self) -> u32;
    }
    impl PartSerde for Part {
        fn feed(&self) -> u32 {
            self.0
        }
    }
    fn here() -> u32 {
        1
    }
    let Settings = Settings;
    Part(n).feed() + SITE + here()
}

/// The body's own items may be named as the types of the signature.
#[handler_cache]
async fn shadowed_by_body(n: u32) -> String {
    struct String;
    let String = String;
    n.to_string()
}

#[test]
pub fn main() {
    assert_eq!(locals(1, 2, 3, 4, 5, 6), 21);
    assert_eq!(words(1, 2, 3, 4), 10);
    assert_eq!(outer_items(1), 6);
    assert_eq!(inner_items(1), 3);
    smol::block_on(async {
        assert_eq!(locals_async(1, 2, 3, 4, 5).await, 15);
        assert_eq!(shadowed_by_body(1).await, "1");
    });
}
