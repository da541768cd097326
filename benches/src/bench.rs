//! What every measure has: the plan, and a runtime to call from.

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::plan::Plan;

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    runtime: Runtime,
}

impl Bench {
    pub(crate) fn new(plan: Plan) -> Result<Self> {
        let runtime = Runtime::new().context("no runtime")?;
        Ok(Self { plan, runtime })
    }

    /// Runs `work` where handlers run: on a worker of the runtime.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let task = self.runtime.spawn(work);
        self.runtime.block_on(task)?
    }
}
