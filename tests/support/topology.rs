//! How the Redis of the tests is laid out.

use std::env;

const VARIABLE: &str = "CACHE_TEST_TOPOLOGY";

/// The shards of a cache in a cluster of three primaries: some primaries have several.
const SHARDS_IN_CLUSTER: u16 = 8;

/// One of the ways in which Redis is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Topology {
    /// One server on a port.
    Standalone,
    /// One server that takes TLS connections only, and a user with the least privileges.
    Tls,
    /// One server on a Unix socket.
    Unix,
    /// Three primaries that share the keys.
    Cluster,
    /// One server that sentinels name.
    Sentinel,
}

impl Topology {
    const ALL: [(&str, Self); 5] = [
        ("standalone", Self::Standalone),
        ("tls", Self::Tls),
        ("unix", Self::Unix),
        ("cluster", Self::Cluster),
        ("sentinel", Self::Sentinel),
    ];

    /// The topology that `CACHE_TEST_TOPOLOGY` names; standalone where it is not set.
    #[must_use]
    pub fn current() -> Self {
        match env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Self::named(&name),
            _ => Self::Standalone,
        }
    }

    fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        let Some((_, topology)) = found else {
            let known = Self::ALL.map(|(known, _)| known).join(", ");
            panic!("{VARIABLE} is `{name}`, which is none of {known}");
        };
        topology
    }
}

/// How many shards a cache of the tests has.
#[must_use]
pub fn shards() -> u16 {
    match Topology::current() {
        Topology::Cluster => SHARDS_IN_CLUSTER,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_is_found_by_its_name() {
        assert_eq!(Topology::named("cluster"), Topology::Cluster);
    }

    #[test]
    #[should_panic(expected = "`ring`, which is none of standalone, tls, unix, cluster, sentinel")]
    fn an_unknown_name_is_answered_with_those_that_are_known() {
        Topology::named("ring");
    }
}
