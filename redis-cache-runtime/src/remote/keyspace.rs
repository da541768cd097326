//! The Redis keys of one shard.

use crate::key::Digest;

/// How many bytes of a digest name its entry.
pub(crate) const MEMBER: usize = 16;

/// An entry's name in the recency set.
pub(crate) type Member = [u8; MEMBER];

/// The member of a digest: its first half.
pub(crate) fn member(digest: &Digest) -> Member {
    std::array::from_fn(|i| digest[i])
}

/// The keys of one shard. The braces make its name a hash tag: all its keys lie in one slot of a cluster.
#[derive(Debug)]
pub(crate) struct Keyspace {
    /// The prefix of each entry's key; the member in hexadecimal follows.
    pub(crate) prefix: String,
    /// The sorted set of members by recency.
    pub(crate) recency: String,
    /// The hash of the shard's clock, its last clear and its last invalidation.
    pub(crate) meta: String,
    /// The sorted set of members that were invalidated lately, by the number of the invalidation.
    pub(crate) tombstones: String,
}

impl Keyspace {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            prefix: format!("hc:{{{name}}}:v:"),
            recency: format!("hc:{{{name}}}:z"),
            meta: format!("hc:{{{name}}}:m"),
            tombstones: format!("hc:{{{name}}}:i"),
        }
    }

    /// The key of the entry for `digest`.
    pub(crate) fn entry(&self, digest: &Digest) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut member = [0; 2 * MEMBER];
        for (digits, byte) in member.chunks_exact_mut(2).zip(digest) {
            digits[0] = DIGITS[usize::from(byte >> 4)];
            digits[1] = DIGITS[usize::from(byte & 15)];
        }
        let mut key = String::with_capacity(self.prefix.len() + member.len());
        key.push_str(&self.prefix);
        // These bytes are ASCII digits, so this never fails.
        key.push_str(str::from_utf8(&member).unwrap_or_default());
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_share_the_hash_tag() {
        let keyspace = Keyspace::new("a::b");
        assert_eq!(keyspace.recency, "hc:{a::b}:z");
        assert_eq!(keyspace.meta, "hc:{a::b}:m");
        assert_eq!(keyspace.tombstones, "hc:{a::b}:i");
        assert_eq!(
            keyspace.entry(&[0xab; 32]),
            format!("hc:{{a::b}}:v:{}", "ab".repeat(16))
        );
    }
}
