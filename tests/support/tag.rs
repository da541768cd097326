//! The hash tags of a cache: one for each of its shards.

use redis::ConnectionLike;
use redis_cache_runtime::HandlerCache;

use crate::topology::shards;

/// The hash tags of the cache `name` with so many shards.
#[must_use]
pub fn tags(name: &str, shards: u16) -> Vec<String> {
    match shards {
        1 => vec![name.to_owned()],
        _ => (0..shards).map(|place| format!("{name}#{place}")).collect(),
    }
}

/// The tag of a cache's key.
pub(crate) fn of(key: &str) -> Option<&str> {
    key.strip_prefix("hc:{")?
        .split_once("}:")
        .map(|(tag, _)| tag)
}

/// The part of a key after its tag.
pub(crate) fn rest(key: &str) -> Option<&str> {
    key.strip_prefix("hc:{")?
        .split_once("}:")
        .map(|(_, rest)| rest)
}

/// Whether the tag is one of the cache `name`.
pub(crate) fn is_of(tag: &str, name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match tag.strip_prefix(name) {
        Some("") => true,
        Some(place) => place.strip_prefix('#').is_some_and(is_number),
        None => false,
    }
}

/// Finds out which shard of the cache `name` is written to by `write`, which has to store one value
/// and to wait until Redis has it.
pub fn shard_written_by(
    connection: &mut impl ConnectionLike,
    name: &str,
    write: impl FnOnce(),
) -> usize {
    let tags = tags(name, shards());
    if tags.len() == 1 {
        write();
        return 0;
    }
    let mut clocks = || -> Vec<u64> {
        let clock = |tag: &String| {
            let clock: Option<u64> = redis::cmd("HGET")
                .arg(format!("hc:{{{tag}}}:m"))
                .arg("clock")
                .query(connection)
                .expect("the server has the cache's clock");
            clock.unwrap_or(0)
        };
        tags.iter().map(clock).collect()
    };
    let before = clocks();
    write();
    let after = clocks();
    let differs = |place: &usize| before[*place] != after[*place];
    let mut places = (0..tags.len()).filter(differs);
    match (places.next(), places.next()) {
        (Some(place), None) => place,
        _ => panic!("not one shard was written to: {before:?}, then {after:?}"),
    }
}

/// Finds `count` arguments whose entries lie in one shard of the cache `name`, and leaves the cache
/// empty. `call` calls its handler.
pub fn in_one_shard(
    connection: &mut impl ConnectionLike,
    name: &str,
    count: usize,
    mut call: impl FnMut(u32),
) -> Vec<u32> {
    let mut found = vec![Vec::new(); usize::from(shards())];
    let cache = || HandlerCache::named(name).expect("its handler has been called");
    for n in 0.. {
        let place = shard_written_by(connection, name, || {
            call(n);
            cache().flush().wait().expect("Redis is there");
        });
        found[place].push(n);
        if found[place].len() == count {
            cache().clear().wait().expect("Redis is there");
            return found.swap_remove(place);
        }
    }
    unreachable!("a shard is full before the numbers end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_those_of_other_caches() {
        assert_eq!(tags("a", 1), ["a"]);
        assert_eq!(tags("a", 2), ["a#0", "a#1"]);
        for (key, expected) in [
            ("hc:{a}:v:00", true),
            ("hc:{a#12}:z", true),
            ("hc:{a#}:z", false),
            ("hc:{a#b}:z", false),
            ("hc:{ab}:z", false),
            ("hc:{a}x:v:00", false),
            ("hc:{a}", false),
            ("{a}:z", false),
        ] {
            let found = of(key).is_some_and(|tag| is_of(tag, "a"));
            assert_eq!(found, expected, "{key}");
        }
    }
}
