//! What a cache tells of itself, and what is deleted by hand.

use super::*;

#[test]
fn a_cache_tells_of_itself_and_can_be_cleared() {
    #[handler_cache(config = config(), shards = shards(), name = "surface", maxsize = 16, timeout = "1s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let unknown = HandlerCache::named("surface").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownCache);
    for n in [1, 1, 2, 2] {
        double(n);
    }
    let cache = cache("surface");
    cache.flush().wait().unwrap();
    let info = cache.info().wait().unwrap();
    assert_eq!((info.hits, info.misses, info.currsize), (2, 2, 2));
    assert_eq!(
        (info.maxsize, info.stored, info.not_stored, info.corrupt),
        (Some(16), 2, 0, 0)
    );
    assert_eq!(info.count(CacheStatus::Miss), 2);

    let parameters = cache.parameters();
    assert_eq!(parameters.name, "surface");
    assert_eq!(parameters.maxsize, MaxSize::Entries(16));
    assert_eq!(parameters.timeout, Duration::from_secs(1));
    assert_eq!(parameters.endpoint, shared().endpoint());

    cache.clear().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    assert_eq!(result_of(|| double(1)), CacheStatus::Miss);
}

#[tokio::test]
async fn the_surface_can_be_awaited() {
    #[handler_cache(config = config(), shards = shards(), name = "awaited", timeout = "5s")]
    async fn double(n: u32) -> u32 {
        n * 2
    }
    double(1).await;
    let cache = cache("awaited");
    cache.flush().await.unwrap();
    assert_eq!(cache.info().await.unwrap().currsize, 1);
    cache.clear().await.unwrap();
    assert_eq!(cache.info().await.unwrap().currsize, 0);
}

#[test]
fn a_value_computed_before_a_clear_does_not_come_back_after_it() {
    #[handler_cache(config = config(), shards = shards(), name = "cleared-meanwhile")]
    fn double(n: u32) -> u32 {
        if n == 7 {
            cache("cleared-meanwhile").clear().wait().unwrap();
        }
        n * 2
    }
    double(1);
    assert_eq!(double(7), 14);
    let cache = cache("cleared-meanwhile");
    cache.flush().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
}

#[test]
fn a_clear_of_many_entries_takes_all() {
    #[handler_cache(config = config(), shards = shards(), name = "many", timeout = "5s", maxsize = 5000)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..1500 {
        double(n);
        if n % 500 == 0 {
            flush("many");
        }
    }
    flush("many");
    let cache = cache("many");
    assert_eq!(cache.info().wait().unwrap().currsize, 1500);
    cache.clear().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    let left = cache_keys(&mut shared().connection(), "many");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_setting_that_fails_leaves_the_handler_alone() {
    fn panics() -> usize {
        panic!("in a setting")
    }
    #[handler_cache(config = config(), shards = shards(), maxsize = panics())]
    fn double(n: u32) -> u32 {
        n * 2
    }
    assert_eq!((double(1), double(1)), (2, 2));
    // Under the name that calls report it tells why.
    let name = observe(|| double(1)).1.unwrap().cache;
    let error = HandlerCache::named(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.to_string().contains("panicked"), "{error}");
    let said = HandlerCache::named("nobody").unwrap_err().to_string();
    let open = said.split_once("; not cached are: ").unwrap().0;
    assert!(!open.contains("double"), "{said}");

    fn size() -> usize {
        usize::try_from(itself(8)).unwrap()
    }
    #[handler_cache(config = config(), shards = shards(), name = "itself", maxsize = size())]
    fn itself(n: u32) -> u32 {
        n * 2
    }
    assert_eq!(itself(1), 2);
    let maxsize = cache("itself").parameters().maxsize;
    assert_eq!(maxsize, MaxSize::Entries(16));
}

#[test]
fn one_entry_can_be_deleted() {
    struct Model {
        revision: u32,
    }
    impl CacheIdentity for Model {
        fn cache_identity(&self) -> impl serde::Serialize {
            self.revision
        }
    }
    impl Model {
        #[handler_cache(config = config(), shards = shards(), name = "invalidated", timeout = "5s", version = "v", skip(request))]
        fn predict(&self, pixels: &[f32], label: String, request: u64) -> String {
            format!("{label} {} {request}", pixels.len())
        }
    }

    let model = Model { revision: 3 };
    let call = |pixels: &[f32]| result_of(|| model.predict(pixels, "a".to_owned(), 1));
    let pixels = vec![0.5f32; 784];
    assert_eq!(call(&pixels), CacheStatus::Miss);
    assert_eq!(call(&pixels[1..]), CacheStatus::Miss);
    let cache = cache("invalidated");
    let of = |revision| {
        Arguments::from((pixels.as_slice(), "a"))
            .identity(&Model { revision })
            .version("v")
    };
    assert!(!cache.invalidate(of(4)).wait().unwrap());
    let error = cache
        .invalidate((pixels.as_slice(), "a"))
        .wait()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArguments);
    assert!(
        error.to_string().contains("`Arguments::identity`"),
        "{error}"
    );
    // The stores that are still on their way come first.
    assert!(cache.invalidate(of(3)).wait().unwrap());
    assert!(!cache.invalidate(of(3)).wait().unwrap());
    assert_eq!(call(&pixels), CacheStatus::Miss);
    assert!(call(&pixels[1..]).is_hit());
    assert_eq!(cache.info().wait().unwrap().currsize, 2);
    let error = cache.invalidate((1u32, Refuses)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArguments);
}

/// Can't be written into a key.
struct Refuses;

impl serde::Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[test]
fn what_is_deleted_while_it_is_computed_is_not_stored() {
    #[handler_cache(config = config(), shards = shards(), name = "deleted-early", timeout = "5s")]
    fn slow(n: u32) -> u32 {
        let cache = cache("deleted-early");
        assert!(!cache.invalidate((n,)).wait().unwrap());
        n * 2
    }

    assert_eq!(slow(4), 8);
    flush("deleted-early");
    let cache = cache("deleted-early");
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    assert_eq!(slow(4), 8);
}
