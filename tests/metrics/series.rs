//! What a scrape shows.

use super::*;

/// The series of one cache or endpoint, as a scrape shows them.
pub(crate) struct Series(BTreeMap<String, f64>);

impl Series {
    /// The series with `label` set to `owner`, each by its name and its other labels, sorted.
    pub(crate) fn of(label: &str, owner: &str) -> Self {
        let mine = format!("{label}=\"{owner}\"");
        let text = EXPORTER.render();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let series = samples.filter_map(|line| {
            let (name, rest) = line.split_once('{')?;
            let (labels, value) = rest.rsplit_once("} ")?;
            let mut labels: Vec<_> = labels.split(',').collect();
            let place = labels.iter().position(|label| *label == mine)?;
            labels.remove(place);
            labels.sort_unstable();
            let name = format!("{name} {}", labels.join(",").replace('"', ""));
            Some((name.trim_end().to_owned(), value.parse().unwrap()))
        });
        Self(series.collect())
    }

    pub(crate) fn of_cache(name: &str) -> Self {
        if let Ok(cache) = HandlerCache::named(name) {
            cache.flush().wait().ok();
        }
        Self::of("cache_name", name)
    }

    /// The value of a series; zero where it is not there.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is asked for is a count"
    )]
    pub(crate) fn get(&self, series: &str) -> u64 {
        self.0.get(series).copied().unwrap_or(0.0) as u64
    }

    /// The sum over all labels of a name.
    pub(crate) fn sum(&self, name: &str) -> u64 {
        let of_name = |series: &&String| series.split(' ').next() == Some(name);
        self.0.keys().filter(of_name).map(|s| self.get(s)).sum()
    }

    pub(crate) fn requests(&self, result: CacheStatus) -> u64 {
        self.get(&format!("handler_cache_requests_total result={result}"))
    }

    /// Asserts the sums of a cache at rest, `calls` calls and `runs` runs of its body after it was opened.
    pub(crate) fn balance(&self, calls: u64, runs: u64) {
        println!("{calls} calls, {runs} runs: {:#?}", self.0);
        assert_eq!(self.sum("handler_cache_requests_total"), calls);
        let ran = [
            CacheStatus::Miss,
            CacheStatus::Bypass,
            CacheStatus::ErrorOpen,
        ];
        assert_eq!(
            ran.map(|result| self.requests(result)).iter().sum::<u64>(),
            runs
        );
        assert_eq!(
            self.sum("handler_cache_handler_duration_seconds_count"),
            runs
        );
        for level in ["inflight", "coalesced_waiters", "write_queue_length"] {
            let level = self.0[&format!("handler_cache_{level}")];
            assert!(level.abs() < 0.5, "{level}");
        }
    }
}
