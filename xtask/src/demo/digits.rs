//! Ten digits, sent twice.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ureq::Agent;

use super::mnist::MnistServer;
use super::stop::Stop;
use crate::paths;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The server's answer to one image.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) prediction: String,
    pub(crate) cache_status: String,
    elapsed: Duration,
}

/// The answers to the ten images, in the order of the digits, of each round.
#[derive(Debug)]
pub(crate) struct Rounds {
    pub(crate) first: Vec<Answer>,
    pub(crate) second: Vec<Answer>,
}

/// Reads the images, in the order of the digits that they show.
pub(crate) fn read_images() -> Result<Vec<Vec<u8>>> {
    let folder = paths::root().join("examples/mnist/images");
    (0..10)
        .map(|digit| {
            let path = folder.join(format!("{digit}.png"));
            fs::read(&path).with_context(|| format!("{} can't be read", path.display()))
        })
        .collect()
}

impl Answer {
    /// RFC 9211 marks a hit with the parameter `hit`.
    pub(crate) fn is_hit(&self) -> bool {
        self.cache_status
            .split(';')
            .any(|parameter| parameter.trim() == "hit")
    }

    fn ask(agent: &Agent, url: &str, image: &[u8]) -> Result<Self> {
        let start = Instant::now();
        let mut response = agent
            .put(url)
            .header("Content-Type", "image/png")
            .send(image)
            .with_context(|| format!("PUT {url}"))?;
        let prediction = response.body_mut().read_to_string()?;
        let elapsed = start.elapsed();
        let cache_status = response
            .headers()
            .get("Cache-Status")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Ok(Self {
            prediction: prediction.trim().to_owned(),
            cache_status: cache_status.to_owned(),
            elapsed,
        })
    }
}

impl Rounds {
    pub(crate) fn run(server: &MnistServer, images: &[Vec<u8>], stop: &Stop) -> Result<Self> {
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .build()
            .into();
        let url = server.predictions_url();
        let round = || -> Result<Vec<Answer>> {
            images
                .iter()
                .map(|image| {
                    stop.check()?;
                    Answer::ask(&agent, &url, image)
                })
                .collect()
        };
        Ok(Self {
            first: round()?,
            second: round()?,
        })
    }
}

impl Display for Rounds {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "digit  prediction  first call  second call  Cache-Status of the second call"
        )?;
        for (digit, (first, second)) in self.first.iter().zip(&self.second).enumerate() {
            writeln!(
                formatter,
                "{digit:>5}  {:>10}  {:>7.2} ms  {:>8.2} ms  {}",
                second.prediction,
                milliseconds(first.elapsed),
                milliseconds(second.elapsed),
                second.cache_status
            )?;
        }
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_hit(cache_status: &str) -> bool {
        let answer = Answer {
            prediction: String::new(),
            cache_status: cache_status.to_owned(),
            elapsed: Duration::ZERO,
        };
        answer.is_hit()
    }

    #[test]
    fn a_hit_is_told_from_a_miss() {
        assert!(is_hit("handler-cache; hit; detail=\"hit_redis, age 1.2s\""));
        assert!(is_hit("handler-cache;hit"));
        assert!(!is_hit("handler-cache; fwd=miss; detail=hit"));
        assert!(!is_hit(""));
    }
}
