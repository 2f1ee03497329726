//! The server as a whole: listening, logging, stopping.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tokio::net::TcpListener;

use crate::routes::{app, Server};

/// How long requests under way may take to end once the server is to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How often sessions that rest too long are looked for.
const SWEEP: Duration = Duration::from_secs(30);

/// Starts to listen; the address may name port 0 for any free one.
///
/// # Errors
/// The system's: an address that is not this machine's, or a port in use.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop` is ready; then lets requests under way end, without starting segmentations and for at most 10 seconds.
///
/// # Errors
/// The system's.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let sweeper = tokio::spawn(sweep(server.clone()));
    let (stopped, mut has_stopped) = tokio::sync::watch::channel(false);
    let stopping = server.clone();
    let stop = async move {
        stop.await;
        tracing::info!("stopping");
        stopping.stop();
        let _ = stopped.send(true); // nobody waits any more: fine
    };
    let serving = axum::serve(listener, app(server)).with_graceful_shutdown(stop);
    let late = async move {
        let _ = has_stopped.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(GRACE).await;
    };
    let ended = tokio::select! {
        ended = serving.into_future() => ended,
        () = late => {
            tracing::warn!("some requests did not end in time");
            Ok(())
        }
    };
    sweeper.abort();
    ended
}

async fn sweep(server: Server) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        server.sessions().forget_idle(server.options());
    }
}

/// Writes one line to the log for each request: what was asked, by which session, and how long it took. The polling of the
/// status and the lists is left to those who want to see everything.
pub(crate) async fn record(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = path
        .as_ref()
        .map_or("(no such path)", MatchedPath::as_str)
        .to_owned();
    // The beginning tells sessions apart; the whole name would let a reader of the log take one over.
    let session: String = match route.ends_with("{session}") {
        true => request
            .uri()
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .chars()
            .take(6)
            .collect(),
        false => String::new(),
    };
    let response = next.run(request).await;
    let (status, ms) = (
        response.status().as_u16(),
        started.elapsed().as_millis() as u64,
    );
    if route == "/status" || route == "/v2/models" {
        tracing::debug!(route, status, ms);
    } else {
        tracing::info!(route, session, status, ms);
    }
    response
}
