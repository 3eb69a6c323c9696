//! `trueup simulate`: one simulator, until interrupted.

use std::io::Write;

use anyhow::Context;

use super::Exit;
use super::args::Simulate;
use crate::simulate::{self, Options};

/// Serves one simulator; prints one line of JSON when it is ready.
///
/// # Errors
/// When there is no such simulator, a fault is wrongly written, or the port is taken.
pub fn run(args: &Simulate) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let options = Options {
            port: args.port,
            users: args.users,
            seed: args.seed,
            faults: args.faults.clone(),
            rate_limit: !args.no_rate_limit,
            view: args.view.clone().unwrap_or_default(),
        };
        let running = simulate::start(&args.connector, options).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", running.ready_line()).context("cannot say that the simulator is ready")?;
        out.flush()?;
        drop(out);
        super::setup::interrupted().await;
        Ok(Exit::True)
    })
}
