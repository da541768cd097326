//! Reads a server's eviction policy.

use redis::Value;

/// The `maxmemory-policy` in the answer to `INFO memory`, if it may evict any key, and so the LRU order of a cache.
pub(super) fn free_policy(answer: &Value) -> Option<String> {
    let text = match answer {
        Value::BulkString(text) => String::from_utf8_lossy(text).into_owned(),
        Value::VerbatimString { text, .. } => text.clone(),
        // Most likely an ACL without `+info`.
        _ => return None,
    };
    let field = |name: &str| {
        let line = |line: &'_ str| Some(line.split_once(':')?.1.trim().to_owned());
        text.lines()
            .find(|line| line.split(':').next() == Some(name))
            .and_then(line)
    };
    let is_bounded = field("maxmemory").is_some_and(|bytes| bytes != "0");
    field("maxmemory_policy").filter(|policy| is_bounded && policy.starts_with("allkeys-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_policy_that_takes_any_key_and_can_come_to_that_counts() {
        let of = |maxmemory: &str, policy: &str| {
            let text = format!(
                "# Memory\r\nused_memory:1\r\nmaxmemory:{maxmemory}\r\nmaxmemory_human:0B\r\n\
                 maxmemory_policy:{policy}\r\n"
            );
            free_policy(&Value::BulkString(text.into()))
        };
        assert_eq!(of("1000", "allkeys-lru").as_deref(), Some("allkeys-lru"));
        assert_eq!(of("1000", "allkeys-lfu").as_deref(), Some("allkeys-lfu"));
        assert_eq!(of("0", "allkeys-lru"), None);
        assert_eq!(of("1000", "volatile-lru"), None);
        assert_eq!(of("1000", "noeviction"), None);
        assert_eq!(free_policy(&Value::Nil), None);
    }
}
