//! The commands of several servers.

use crate::monitor::{Monitor, MonitorLine};

/// One monitor for each server.
#[derive(Debug)]
pub struct Monitors(pub(crate) Vec<Monitor>);

impl Monitors {
    /// Stops collecting, and returns the commands that concern the cache `name`: one server's after
    /// the other's.
    #[must_use]
    pub fn finish(self, name: &str) -> Vec<MonitorLine> {
        let lines = self.0.into_iter().flat_map(Monitor::finish);
        lines.filter(|line| line.concerns(name)).collect()
    }
}
