//! Errors and log lines, for a person who looks for a fault.

use std::sync::OnceLock;

use cache_tests_support::{RedisServer, cache, eventually};
use redis_cache_runtime::{
    Arguments, CacheIdentity, CacheStatus, ErrorKind, HandlerCache, handler_cache, observe,
};

static SERVER: OnceLock<RedisServer> = OnceLock::new();

fn url() -> String {
    SERVER.get_or_init(RedisServer::start).url()
}

#[test]
fn a_wrong_setting_shows_in_every_call_and_by_name() {
    #[handler_cache(url = "redis://hunter2@localhost".to_owned(), name = "no-password")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    for n in 0..2 {
        let (value, outcome) = observe(|| double(n));
        let outcome = outcome.unwrap();
        assert_eq!((value, outcome.result), (n * 2, CacheStatus::Bypass));
        assert_eq!(&*outcome.cache, "no-password");
    }
    let error = HandlerCache::named("no-password").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    let said = error.to_string();
    assert!(
        said.contains("`url` is wrong: its user has no password"),
        "{said}"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn of_two_handlers_with_one_name_it_is_told_which_is_not_cached() {
    mod first {
        #[redis_cache_runtime::handler_cache(url = super::url(), name = "namesake", timeout = "5s")]
        pub(super) fn handler(n: u32) -> u32 {
            n * 2
        }
    }
    mod second {
        #[redis_cache_runtime::handler_cache(url = super::url(), name = "namesake", timeout = "5s")]
        pub(super) fn handler(text: &str) -> String {
            text.to_uppercase()
        }
    }

    first::handler(1);
    let cache = cache("namesake");
    assert_eq!(cache.parameters().refused, Vec::<String>::new());
    let (_, outcome) = observe(|| second::handler("a"));
    assert_eq!(outcome.unwrap().result, CacheStatus::Bypass);
    let refused = cache.parameters().refused;
    let [path] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert!(path.contains("second::handler"), "{path}");
    let error = HandlerCache::named(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    let said = error.to_string();
    assert!(
        said.contains("first::handler") && said.contains("`namesake`"),
        "{said}"
    );
    // The first is as it was.
    cache.flush().wait().unwrap();
    let (_, outcome) = observe(|| first::handler(1));
    assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis);
}

struct Model(u32);

impl CacheIdentity for Model {
    fn cache_identity(&self) -> impl serde::Serialize {
        self.0
    }
}

impl Model {
    #[handler_cache(url = url(), name = "identified", version = 7, timeout = "5s")]
    fn score(&self, text: &str, limit: Option<u32>, weights: &[f32]) -> usize {
        text.len() + limit.unwrap_or(0) as usize + weights.len() + self.0 as usize
    }
}

#[test]
fn arguments_that_can_t_be_a_call_s_are_no_miss() {
    #[handler_cache(url = url(), name = "area", timeout = "5s")]
    fn area(width: u32, height: u32) -> u64 {
        u64::from(width) * u64::from(height)
    }
    let cache = |name| cache(name);
    let refused = |name, arguments: Arguments| {
        let error = cache(name).invalidate(arguments).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArguments, "{error}");
        error.to_string()
    };

    area(3, 4);
    cache("area").flush().wait().unwrap();
    let said = refused("area", (3u32,).into());
    assert_eq!(said, "the handler has 2 arguments in its key, not 1");
    let said = refused("area", (3u32, 4).into());
    assert_eq!(said, "argument 2 is of type `u32`, not `i32`");
    refused("area", ("3", 4u32).into());
    assert!(!cache("area").invalidate((4u32, 4u32)).wait().unwrap());
    assert!(cache("area").invalidate((3u32, &4u32)).wait().unwrap());

    let model = Model(3);
    let arguments = || Arguments::from(("text", None::<u32>, vec![1.0f32]));
    let whole = || arguments().identity(&model).version(&7);
    model.score("text", Some(5), &[1.0]);
    model.score("text", None, &[1.0]);
    cache("identified").flush().wait().unwrap();
    let said = refused("identified", arguments());
    assert!(said.contains("`Arguments::identity`"), "{said}");
    let said = refused("identified", arguments().identity(&model));
    assert!(said.contains("`Arguments::version`"), "{said}");
    refused("area", Arguments::from((3u32, 4u32)).version(&7));
    let said = refused("identified", whole().version("7"));
    assert_eq!(said, "the version is of type `i32`, not `str`");
    let inside = Arguments::from(("text", None::<u32>, vec![1.0]));
    let said = refused("identified", inside.identity(&model).version(&7));
    assert_eq!(said, "argument 3 is of type `&[f32]`, not `Vec<f64>`");
    let few = Arguments::from(("text", None::<u32>)).identity(&model);
    refused("identified", few.version(&7));
    // Other types of the same serde form stand for the arguments.
    let owned = Arguments::from((String::from("text"), Some(5u32), [1.0f32]));
    let owned = owned.identity(&model).version(&7);
    assert!(cache("identified").invalidate(owned).wait().unwrap());
    assert!(cache("identified").invalidate(whole()).wait().unwrap());
    assert!(!cache("identified").invalidate(whole()).wait().unwrap());
}

#[test]
fn errors_are_counted_apart() {
    #[handler_cache(url = url(), name = "fails", timeout = "5s")]
    fn half(n: u32) -> Result<u32, String> {
        if n.is_multiple_of(2) {
            Ok(n / 2)
        } else {
            Err("odd".into())
        }
    }
    for n in [1, 2, 3, 4, 1, 2] {
        _ = half(n);
    }
    let cache = cache("fails");
    cache.flush().wait().unwrap();
    let info = cache.info().wait().unwrap();
    assert_eq!((info.misses, info.hits), (5, 1));
    assert_eq!((info.errors, info.stored, info.not_stored), (3, 2, 0));
}

#[test]
fn a_server_without_tls_is_told_from_one_that_is_away() {
    #[handler_cache(url = url().replace("redis://", "rediss://"), name = "not-tls")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    double(1);
    let cache = cache("not-tls");
    eventually(|| {
        let said = cache.info().wait().unwrap().unavailable;
        said.is_some_and(|said| said.contains("does not speak TLS"))
    });
}

#[test]
fn a_setting_that_panics_is_told_by_the_handlers_path() {
    fn host() -> String {
        panic!("no host")
    }
    #[handler_cache(host = host(), name = "panics")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    assert_eq!(double(1), 2);
    let path = concat!(
        module_path!(),
        "::a_setting_that_panics_is_told_by_the_handlers_path::double"
    );
    let error = |name: &str| HandlerCache::named(name).unwrap_err();
    let named = error(path);
    assert_eq!(named.kind(), ErrorKind::InvalidConfig, "{named}");
    assert!(named.to_string().contains("panicked"), "{named}");
    // The name of a handler whose `name` panicked is unknown.
    let unknown = error("panics").to_string();
    assert!(
        unknown.contains(&format!("not cached are: `{path}`")),
        "{unknown}"
    );
}

#[test]
fn a_server_that_hangs_is_told_from_one_that_was_away_before() {
    static AWAY: OnceLock<String> = OnceLock::new();

    #[handler_cache(url = AWAY.get().unwrap(), name = "away-and-hung", timeout = "10ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let mut server = RedisServer::start();
    server.kill();
    AWAY.set(server.url()).unwrap();
    double(1);
    let cache = cache("away-and-hung");
    let said = || cache.info().wait().unwrap().unavailable;
    eventually(|| said().is_some_and(|said| said.contains("refused")));
    server.restart();
    eventually(|| said().is_none());
    server.stop();
    for n in 0..5 {
        double(n);
    }
    eventually(|| said().is_some());
    let said = said().unwrap();
    server.resume();
    assert!(!said.contains("refused"), "{said}");
}
