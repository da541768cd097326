//! The ways in which Redis is deployed.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Topology {
    /// One server on a port
    Standalone,
    /// One server that takes TLS connections only, with a client certificate
    Tls,
    /// One server on a Unix socket
    Unix,
    /// Three primaries with a replica each
    Cluster,
    /// A primary, two replicas and three sentinels
    Sentinel,
}

impl Topology {
    /// The name that the programs of the tests take.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::Cluster => "cluster",
            Self::Sentinel => "sentinel",
        }
    }
}
