//! `raterlens serve`: a deep-learning segmentation server for ITK-SNAP.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, Context, Result};
use clap::Args;
use raterlens_core::correction::CorrectionOptions;
use raterlens_engine::{DeviceRequest, Segmenter};
use raterlens_serve::routes::Server;
use raterlens_serve::{listen, serve, Catalogue, ServeOptions};

use crate::model_path;

/// The environment variable with the access token: a command line can be read by everybody on the machine.
const TOKEN_VARIABLE: &str = "RATERLENS_ACCESS_TOKEN";
/// A shorter token can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Options of `raterlens serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Model packages to offer (folders NAME.rlmodel), the first one also for the lasso; default: $RATERLENS_MODEL, else the one installed
    #[arg(long, value_name = "MODEL")]
    model: Vec<PathBuf>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Address to listen on; others than this machine's own loopback need --allow-remote
    #[arg(long, default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Port to listen on; 0 for any free one
    #[arg(long, default_value_t = 8911)]
    port: u16,
    /// Let other machines connect. Images then cross the network unencrypted: use it within a trusted network or behind a proxy with TLS
    #[arg(long)]
    allow_remote: bool,
    /// How far a correction reaches where raters would disagree most, in millimetres (0 to 50)
    #[arg(long, default_value_t = 10.0)]
    reach_mm: f64,
    /// Most clients at a time
    #[arg(long, default_value_t = 16, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    sessions: usize,
    /// Forget a client that does nothing for this long
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    idle_minutes: u64,
    /// Memory for the images of all clients, in gigabytes
    #[arg(long, default_value_t = 8.0)]
    memory_gb: f64,
}

impl ServeArgs {
    fn options(&self) -> Result<ServeOptions> {
        let token = std::env::var(TOKEN_VARIABLE).ok().filter(|t| !t.is_empty());
        if let Some(token) = &token {
            let is_plain = token
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if token.len() < SHORTEST_TOKEN || !is_plain {
                bail!("the access token in {TOKEN_VARIABLE} must be {SHORTEST_TOKEN} or more letters, digits, '-' and '_'");
            }
        }
        if !(0.0..=50.0).contains(&self.reach_mm) {
            bail!("--reach-mm must be 0 to 50");
        }
        if !(0.01..=4096.0).contains(&self.memory_gb) {
            bail!("--memory-gb must be 0.01 to 4096");
        }
        if !self.listen.is_loopback() && !self.allow_remote {
            bail!(
                "{} can be reached from other machines: add --allow-remote if that is meant",
                self.listen
            );
        }
        Ok(ServeOptions {
            correction: CorrectionOptions {
                reach_mm: self.reach_mm,
            },
            sessions: self.sessions,
            idle: Duration::from_secs(60 * self.idle_minutes),
            memory_bytes: (self.memory_gb * f64::from(1_u32 << 30)) as usize,
            only_local_names: self.listen.is_loopback(),
            token,
            ..ServeOptions::default()
        })
    }

    fn catalogue(&self) -> Result<Catalogue> {
        let paths = match self.model.as_slice() {
            [] => vec![model_path::find(None)?],
            named => named.to_vec(),
        };
        let load =
            |path: &PathBuf| Segmenter::load(path, self.device).context("cannot use the model");
        let models = paths.iter().map(load).collect::<Result<Vec<_>>>()?;
        Ok(Catalogue::new(models)?)
    }
}

/// Runs the server until Ctrl-C.
///
/// # Errors
/// Options that make no sense, a model that cannot be used, or an address that cannot be listened on.
pub fn run(args: &ServeArgs) -> Result<()> {
    let options = args.options()?;
    if !args.listen.is_loopback() {
        eprintln!(
            "warning: other machines can connect, and images cross the network unencrypted{}",
            match options.token {
                Some(_) => "",
                None => ", without an access token",
            }
        );
    }
    let catalogue = args.catalogue()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    let address = SocketAddr::new(args.listen, args.port);
    let served = runtime.block_on(async {
        let listener = listen(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        announce(address, &catalogue);
        serve(listener, Server::new(catalogue, options), interrupted())
            .await
            .context("the server failed")
    });
    // A segmentation under way was told to end: do not wait for it for ever.
    runtime.shutdown_timeout(Duration::from_secs(5));
    served
}

fn announce(address: SocketAddr, catalogue: &Catalogue) {
    println!("RaterLens serves ITK-SNAP at http://{address}");
    for offer in catalogue.offers() {
        println!("  {} ({}-D)", offer.id, offer.dimensions.count());
    }
    for model in catalogue.models() {
        let device = model.device();
        println!(
            "  {} on {} ({})",
            model.manifest().name,
            device.name,
            device.reason
        );
        if model.manifest().provenance.synthetic_only {
            println!("  trained on synthetic images only: not for clinical use");
        }
    }
    println!("In ITK-SNAP: Tools > Deep Learning Extensions, remote server, this host and port. Ctrl-C stops.");
}

/// Waits for Ctrl-C, or for the system's polite request to end.
async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        if let Ok(mut asked) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = ctrl_c => {}
                _ = asked.recv() => {}
            }
            return;
        }
    }
    ctrl_c.await;
}
