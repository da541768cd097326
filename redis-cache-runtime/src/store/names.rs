//! The Redis keys of one cache.

use crate::key::Digest;

/// How many bytes of a digest name its entry.
pub(crate) const MEMBER: usize = 16;

/// What names an entry in the recency set.
pub(crate) type Member = [u8; MEMBER];

/// The first half of a digest.
pub(crate) fn member(digest: &Digest) -> Member {
    std::array::from_fn(|i| digest[i])
}

/// The keys of one cache. The braces make the name a hash tag: all of them lie in one slot of a cluster.
#[derive(Debug)]
pub(crate) struct Names {
    /// Before the hexadecimal member: the prefix of every entry.
    pub(crate) prefix: String,
    /// The sorted set of members by recency.
    pub(crate) recency: String,
    /// The hash of what the cache knows of itself.
    pub(crate) meta: String,
}

impl Names {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            prefix: format!("hc:{{{name}}}:v:"),
            recency: format!("hc:{{{name}}}:z"),
            meta: format!("hc:{{{name}}}:m"),
        }
    }

    /// The key of the entry for `digest`.
    pub(crate) fn entry(&self, digest: &Digest) -> String {
        const DIGITS: [char; 16] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
        ];
        let mut key = String::with_capacity(self.prefix.len() + 2 * MEMBER);
        key.push_str(&self.prefix);
        for byte in &digest[..MEMBER] {
            key.push(DIGITS[usize::from(byte >> 4)]);
            key.push(DIGITS[usize::from(byte & 15)]);
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_share_the_hash_tag() {
        let names = Names::new("a::b");
        assert_eq!(names.recency, "hc:{a::b}:z");
        assert_eq!(names.meta, "hc:{a::b}:m");
        assert_eq!(
            names.entry(&[0xab; 32]),
            format!("hc:{{a::b}}:v:{}", "ab".repeat(16))
        );
    }
}
