//! `raterlens dss-provider`: a provider of ITK-SNAP's Distributed Segmentation Service.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use raterlens_core::atomic::write_atomic;
use raterlens_dss::journal::{Entry, Journal};
use raterlens_dss::{run as serve_tickets, Client, Provider, Service};
use raterlens_engine::{DeviceRequest, Segmenter};

use crate::{interrupt, model_path};

/// What a provider can be told to do.
#[derive(Debug, Subcommand)]
pub enum DssCommand {
    /// Take tickets from the service's queue and work on them, until Ctrl-C
    Run(RunArgs),
    /// Log in with the one-time token of the service's page /token, read from standard input
    Login(LoginArgs),
    /// Give a ticket that stays 'claimed', though nobody works on it, to this provider
    Adopt(AdoptArgs),
    /// Write the descriptions of RaterLens's services (service.json), for the administrator who registers them
    Services(ServicesArgs),
}

/// Where the service is, and where this provider keeps its session and its journal.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Address of the service, for example https://dss.example.org
    #[arg(long, value_name = "URL")]
    server: String,
    /// Folder for this provider's session and journal; keep it private, and on a disk that outlives a restart
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Certificates (PEM) of the authorities that may have issued the service's; default: those that browsers know
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Name of this instance; every process needs its own
    #[arg(long, default_value = "one", value_parser = plain_name)]
    instance: String,
}

/// Options of `raterlens dss-provider run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Name of the provider, as registered with the service
    #[arg(long, value_parser = plain_name)]
    provider: String,
    /// Model package (a folder NAME.rlmodel); default: $RATERLENS_MODEL, else the one installed
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceRequest,
    /// Seconds between looks into an empty queue
    #[arg(long, default_value_t = 15.0)]
    poll_seconds: f64,
    /// End after this many tickets; 0: never
    #[arg(long, default_value_t = 0)]
    tickets: usize,
}

/// Options of `raterlens dss-provider login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

/// Options of `raterlens dss-provider adopt`.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The ticket's number
    ticket: u64,
    /// Name of the service it asks for, for example RaterLens-Segment
    service: String,
}

/// Options of `raterlens dss-provider services`.
#[derive(Debug, Args)]
pub struct ServicesArgs {
    /// Folder for the descriptions: one folder for each service, to be put into a git repository of its own
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

fn plain_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.len() <= 64 && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("use letters, digits, '-' and '_'".to_owned())
}

impl PlaceArgs {
    /// The instance's own folder.
    fn folder(&self) -> PathBuf {
        self.state.join(&self.instance)
    }

    /// The service's address without a slash at its end.
    fn server(&self) -> &str {
        self.server.trim_end_matches('/')
    }

    fn client(&self) -> Result<Client> {
        let server = self.server();
        if let Some(host) = server.strip_prefix("http://") {
            let is_here = ["localhost", "127.", "[::1]"];
            if !is_here.iter().any(|name| host.starts_with(name)) {
                eprintln!(
                    "warning: images and the session cross the network unencrypted; use https://"
                );
            }
        } else if !server.starts_with("https://") {
            bail!("--server must begin with http:// or https://");
        }
        let folder = self.folder();
        make_private(&folder)
            .with_context(|| format!("cannot use the state folder {}", folder.display()))?;
        Ok(Client::new(server, &folder, self.ca.as_deref())?)
    }
}

/// Makes a folder that only this user can look into: the session in it is as good as a password.
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Runs the command.
///
/// # Errors
/// Whatever stops it; failures of single tickets are in their logs.
pub fn run(command: &DssCommand) -> Result<()> {
    match command {
        DssCommand::Run(args) => serve(args),
        DssCommand::Login(args) => login(args),
        DssCommand::Adopt(args) => adopt(args),
        DssCommand::Services(args) => services(args),
    }
}

fn serve(args: &RunArgs) -> Result<()> {
    if !(0.05..=3600.0).contains(&args.poll_seconds) {
        bail!("--poll-seconds must be 0.05 to 3600");
    }
    let stop = interrupt::cancel_on_interrupt()?;
    let client = args.place.client()?;
    let journal = Journal::open(&args.place.folder()).context("cannot open the journal")?;
    let model = model_path::find(args.model.as_deref())?;
    let segmenter = Segmenter::load(&model, args.device).context("cannot use the model")?;
    let provider = Provider {
        client,
        server: args.place.server().to_owned(),
        provider: args.provider.clone(),
        instance: args.place.instance.clone(),
        poll: Duration::from_secs_f64(args.poll_seconds),
        temporary: None,
        tickets: args.tickets,
    };
    let done = serve_tickets(&provider, &segmenter, &journal, &stop)?;
    println!("{done} tickets finished");
    Ok(())
}

fn login(args: &LoginArgs) -> Result<()> {
    let client = args.place.client()?;
    eprintln!(
        "Open {}/token in a browser, copy the token, paste it here and press Enter:",
        args.place.server()
    );
    let mut token = String::new();
    std::io::stdin().lock().read_line(&mut token)?;
    println!("{}", client.login(token.trim())?);
    Ok(())
}

fn adopt(args: &AdoptArgs) -> Result<()> {
    let Some(service) = Service::of_name(&args.service) else {
        let names = Service::ALL.map(Service::name).join(", ");
        bail!("there is no service '{}': there are {names}", args.service);
    };
    let client = args.place.client()?;
    let journal = Journal::open(&args.place.folder()).context("cannot open the journal")?;
    if let Some(entry) = journal.pending()? {
        let ticket = entry.ticket;
        bail!("this instance has ticket {ticket} under way: choose another --instance");
    }
    let state = client.status(args.ticket)?;
    if state != "claimed" {
        bail!(
            "ticket {} is '{state}': only one that stays 'claimed' needs this",
            args.ticket
        );
    }
    journal.begin(&Entry {
        ticket: args.ticket,
        service: service.name().to_owned(),
        server: args.place.server().to_owned(),
        tries: 0,
        sent: false,
    })?;
    println!("the instance works on it as soon as it is started");
    Ok(())
}

fn services(args: &ServicesArgs) -> Result<()> {
    for service in Service::ALL {
        let folder = args.out.join(service.name());
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let mut text = serde_json::to_string_pretty(&service.description())?;
        text.push('\n');
        let path = folder.join("service.json");
        write_atomic(&path, |out| out.write_all(text.as_bytes()))
            .with_context(|| path.display().to_string())?;
        println!("{}", path.display());
    }
    Ok(())
}
