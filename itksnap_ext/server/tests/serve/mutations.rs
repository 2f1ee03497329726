//! A thousand damaged requests for each route: refused with 4xx, without growth and without a panic.

use std::net::SocketAddr;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::common::http::{gzip, gzip_floats, post_bytes, send, BOUNDARY};
use crate::common::{image, image_form, metadata, Running};
use raterlens_serve::ServeOptions;

const REQUESTS: usize = 1000;

/// Text that has no business where a number, a name or an id is expected.
const ODD: [&str; 22] = [
    "",
    "-1",
    "1e9",
    "NaN",
    "18446744073709551616",
    "9223372036854775807",
    "0x10",
    "1.5",
    "true",
    "..",
    "%2e%2e%2f",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%ff%fe",
    "a%20b",
    "%252e",
    "\u{e4}",
    "*",
    "'%3B--",
    "%7B%7D",
    "%0d%0aX:1",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

fn odd(random: &mut StdRng) -> String {
    let text = ODD.choose(random).unwrap().to_string();
    match random.random_range(0..8) {
        0 => text.repeat(100),
        1 => format!("{text}{}", random.random::<u64>()),
        _ => text,
    }
}

/// Damages a target: one part of its path or one value of its query.
fn damaged_target(target: &str, random: &mut StdRng) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    if pairs.is_empty() || random.random_bool(0.5) {
        let last = parts.len() - 1;
        parts[last] = format!(
            "{}{}",
            odd(random),
            if random.random_bool(0.2) { "/x" } else { "" }
        );
        if parts[last].is_empty() {
            parts[last] = "x".into();
        }
    } else {
        let n = random.random_range(0..pairs.len());
        let name = pairs[n].split('=').next().unwrap().to_owned();
        match random.random_range(0..4) {
            0 => drop(pairs.remove(n)),
            1 => pairs[n] = format!("{name}={}", 1_000_000 + random.random_range(0..1000)),
            2 => pairs.push(format!("{name}=7")),
            _ => pairs[n] = format!("{name}=x{}", odd(random)),
        }
    }
    let query = pairs.join("&");
    format!(
        "{}{}{query}",
        parts.join("/"),
        if query.is_empty() { "" } else { "?" }
    )
}

/// Damages a form: its voxels, its description, or the form itself.
fn damaged_form(random: &mut StdRng) -> Vec<u8> {
    let small = image([16, 16, 2]);
    let text = metadata(small.geometry());
    let good = || gzip_floats(small.data().iter().copied());
    let form = crate::common::http::form;
    match random.random_range(0..9) {
        0 => form(
            &gzip_floats((0..random.random_range(0..511)).map(|_| 1.0)),
            &text,
        ),
        1 => form(
            &gzip_floats((0..random.random_range(513..5000)).map(|_| 1.0)),
            &text,
        ),
        2 => form(&gzip(&vec![0; 1 << 20]), &text),
        3 => {
            let at = random.random_range(0..512);
            let bad = *[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]
                .choose(random)
                .unwrap();
            form(
                &gzip_floats((0..512).map(|n| if n == at { bad } else { n as f32 })),
                &text,
            )
        }
        4 => {
            let mut zip = good();
            zip.truncate(random.random_range(0..zip.len()));
            form(&zip, &text)
        }
        5 => {
            let numbers = ["\t\t16", "\t\t2", "\t\t0.8", "\t\t4"];
            let to = *[
                "\t\t0",
                "\t\t-5",
                "\t\t1e300",
                "\t\t4294967296",
                "\t\t\"a\"",
                "\t\tnull",
                "\t\t[]",
            ]
            .choose(random)
            .unwrap();
            form(
                &good(),
                &text.replacen(numbers.choose(random).unwrap(), to, 1),
            )
        }
        6 => {
            let mut cut = text.into_bytes();
            cut.truncate(random.random_range(0..cut.len()));
            form(&good(), &String::from_utf8_lossy(&cut))
        }
        7 => {
            let whole = form(&good(), &text);
            let name = *["name=\"file\"", "name=\"metadata\""]
                .choose(random)
                .unwrap();
            let at = whole
                .windows(name.len())
                .position(|w| w == name.as_bytes())
                .unwrap();
            [&whole[..at], b"name=\"x\"", &whole[at + name.len()..]].concat()
        }
        _ => {
            let mut whole = form(&good(), &text);
            // Only the frame: bytes of the voxels may change without being noticed.
            let end = whole.len() - random.random_range(1..200);
            whole.truncate(end);
            let from = BOUNDARY.as_bytes()[30];
            whole
                .iter_mut()
                .take(60)
                .filter(|b| **b == from)
                .for_each(|b| *b = b'?');
            whole
        }
    }
}

/// Bytes of memory that this process has now.
fn memory_now() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<usize>()
        .ok()
        .map(|kb| kb << 10)
}

fn assert_4xx(address: SocketAddr, request: &[u8], what: &str) {
    let reply = send(address, request);
    let reply = reply.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(
        (400..500).contains(&reply.status),
        "{what}: {} {}",
        reply.status,
        reply.text()
    );
}

#[test]
fn damaged_requests_are_refused_without_growth() {
    let options = ServeOptions {
        image_bytes: 8 << 20,
        body_bytes: 1 << 20,
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let session = server.session("untrained");
    let small = image([16, 16, 2]);
    assert_eq!(server.upload(&session, &small).status, 200);
    let used = server.server.memory().used();
    let mut random = StdRng::seed_from_u64(11);
    let gets = [
        "/v2/start_session/untrained".to_owned(),
        format!("/reset_interactions/{session}"),
        format!("/v2/end_session/{session}"),
        format!("/v2/process_point_interaction/{session}?point=3&point=4&point=1&foreground=true"),
        format!("/process_point_interaction/{session}?x=3&y=4&z=1&foreground=true"),
        "/status/".to_owned(),
        "/v2/models/".to_owned(),
    ];
    let before = memory_now();
    for route in &gets {
        for _ in 0..REQUESTS {
            let target = damaged_target(route, &mut random);
            let request = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
            assert_4xx(server.address, request.as_bytes(), &target);
        }
    }
    let posts = [
        format!("/upload_raw/{session}?filename=upload.nii.gz"),
        format!("/process_scribble_interaction/{session}?foreground=true"),
        format!("/process_lasso_interaction/{session}?foreground=true"),
    ];
    for route in &posts {
        for n in 0..REQUESTS {
            let form = damaged_form(&mut random);
            let request = post_bytes(server.address, route, &form);
            assert_4xx(
                server.address,
                &request,
                &format!("{route} {n}: {}", String::from_utf8_lossy(&form)),
            );
        }
        for _ in 0..REQUESTS / 10 {
            let mut target = damaged_target(route, &mut random);
            // Any file name will do.
            if target.contains("upload_raw") && target.contains(&session) {
                target = target.replace(&session, "x");
            }
            let request = post_bytes(server.address, &target, &image_form(&small));
            assert_4xx(server.address, &request, &target);
        }
    }
    // Everything is as it was, and works.
    assert_eq!(server.server.memory().used(), used);
    assert_eq!(server.server.sessions().count(), 1);
    if let (Some(before), Some(after)) = (before, memory_now()) {
        let grown = after.saturating_sub(before) >> 20;
        assert!(grown < 100, "grew by {grown} MB");
    }
    assert_eq!(server.upload(&session, &small).status, 200);
}
