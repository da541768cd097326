use crate::keys::unknown;

fn meant(key: &str) -> Option<String> {
    let message = unknown(key);
    let (_, rest) = message.split_once("did you mean `")?;
    Some(rest.split('`').next()?.to_owned())
}

#[test]
fn near_misses() {
    let cases = [
        ("prot", "port"),
        ("hots", "host"),
        ("uri", "url"),
        ("max_size", "maxsize"),
        ("maxsise", "maxsize"),
        ("timout", "timeout"),
        ("verison", "version"),
        ("skips", "skip"),
        ("namespace", "name"),
        ("Port", "port"),
    ];
    for (key, known) in cases {
        assert_eq!(meant(key).as_deref(), Some(known), "{key}");
    }
}

#[test]
fn other_words() {
    for key in ["colour", "key", "near", "cache_if", "batch", "x"] {
        assert_eq!(meant(key), None, "{key}");
    }
}

#[test]
fn credentials() {
    for key in ["password", "user", "username"] {
        let message = unknown(key);
        assert!(message.contains("`Config::credentials`"), "{message}");
        assert!(message.contains("HANDLER_CACHE_URL"), "{message}");
    }
}
