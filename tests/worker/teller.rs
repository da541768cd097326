//! Uses a cache whose `Config` comes from the environment, and prints all that it says of itself.

use std::{env, fs};

use redis_cache_runtime::{Config, HandlerCache, handler_cache, observe};

#[handler_cache(config = config(), name = "told", timeout = "2s")]
fn told(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = "told-elsewhere", timeout = "2s")]
fn told_elsewhere(n: u64) -> u64 {
    n * 2
}

/// The settings in code, from variables that the runtime does not read.
fn config() -> Config {
    let given = |name: &str| env::var(name).ok();
    let mut config = Config::new(given("GIVEN_URL").unwrap_or_default());
    if let Some(password) = given("GIVEN_PASSWORD") {
        config = config.credentials(given("GIVEN_USER").unwrap_or_default(), password);
    }
    if let Some(secret) = given("GIVEN_SECRET") {
        config = config.secret(secret);
    }
    if let Some(file) = given("GIVEN_CA") {
        config = config.tls_authorities(fs::read(file).unwrap());
    }
    if let (Some(certificate), Some(key)) = (given("GIVEN_CERT"), given("GIVEN_KEY")) {
        config = config.tls_client(fs::read(certificate).unwrap(), fs::read(key).unwrap());
    }
    config
}

pub(crate) fn tell() {
    println!("{:?}", config());
    let in_code = env::var_os("GIVEN_URL").is_some();
    let (call, name): (fn(u64) -> u64, _) = if in_code {
        (told, "told")
    } else {
        (told_elsewhere, "told-elsewhere")
    };
    for n in [1, 1] {
        println!("{:?}", observe(|| call(n)));
    }
    match HandlerCache::named(name) {
        Ok(cache) => {
            let info = cache.info();
            println!("{cache:?} {:?} {info:?}", cache.parameters());
            match info.wait() {
                Ok(info) => println!("{info:?}"),
                Err(error) => complain(&error),
            }
            for operation in [cache.flush(), cache.clear()] {
                if let Err(error) = operation.wait() {
                    complain(&error);
                }
            }
        }
        Err(error) => complain(&error),
    }
}

/// With all causes, as an application's log would have it.
fn complain(error: &dyn std::error::Error) {
    println!("{error} {error:?}");
    if let Some(source) = error.source() {
        complain(source);
    }
}
