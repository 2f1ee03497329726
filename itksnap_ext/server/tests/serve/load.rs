//! Many clients at once. `RATERLENS_LOAD_SECONDS` and `RATERLENS_LOAD_SESSIONS` make it longer and larger.

use std::time::{Duration, Instant};

use crate::common::{image, Running};
use raterlens_serve::ServeOptions;

fn setting(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |v| v.parse().expect("a whole number"))
}

/// One client: an image of its own, clicks and drawings, a new image now and then. Returns the milliseconds of each click.
fn client(server: &Running, number: usize, until: Instant) -> Vec<f64> {
    let session = server.session("untrained");
    let mut clicks = Vec::new();
    let mut round = 0;
    while Instant::now() < until {
        let mut volume = image([96, 80, 8]);
        // Another image for each client and round: nothing is answered from another's work.
        volume.data_mut()[[0, 0, 0]] = (1 + number * 1000 + round) as f32;
        assert_eq!(server.upload(&session, &volume).status, 200);
        for n in 0..20 {
            let at = [(7 * n + number) % 96, (5 * n) % 80, n % 8];
            let began = Instant::now();
            let reply = server.point(&session, at, n % 3 != 2);
            clicks.push(1000.0 * began.elapsed().as_secs_f64());
            assert_eq!(reply.mask().len(), 96 * 80 * 8);
        }
        let target = format!("/reset_interactions/{session}");
        assert_eq!(server.get(&target).status, 200);
        round += 1;
    }
    assert_eq!(
        server.get(&format!("/v2/end_session/{session}")).status,
        200
    );
    clicks
}

#[test]
fn many_clients_at_once_are_all_answered() {
    let seconds = setting("RATERLENS_LOAD_SECONDS", 15);
    let sessions = setting("RATERLENS_LOAD_SESSIONS", 32) as usize;
    let options = ServeOptions {
        sessions,
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut clicks: Vec<f64> = std::thread::scope(|s| {
        let clients: Vec<_> = (0..sessions)
            .map(|n| {
                let server = &server;
                s.spawn(move || client(server, n, until))
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|c| c.join().unwrap())
            .collect()
    });
    clicks.sort_by(f64::total_cmp);
    let percentile = |p: usize| clicks[(clicks.len() * p / 100).min(clicks.len() - 1)];
    eprintln!(
        "{} clicks of {sessions} clients in {seconds} s: median {:.0} ms, 95th percentile {:.0} ms",
        clicks.len(),
        percentile(50),
        percentile(95)
    );
    assert!(clicks.len() >= 20 * sessions);
    assert_eq!(server.server.memory().used(), 0);
    assert_eq!(server.server.sessions().count(), 0);
}
