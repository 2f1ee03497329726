//! What the server refuses, with which status and words, and what limits hold.

use std::time::{Duration, Instant};

use crate::common::http::{form, gzip, gzip_floats, send, Reply};
use crate::common::{image, image_form, metadata, Running};
use raterlens_serve::ServeOptions;

/// Checks the status, and that the body is one plain sentence with `words`.
fn assert_refused(reply: &Reply, status: u16, words: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    assert!(text.contains(words), "'{words}' is not in: {text}");
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(
        !text.contains('\n') && !text.contains('{') && text.len() < 300,
        "{text}"
    );
}

#[test]
fn requests_that_cannot_be_answered_say_so_with_an_error_status() {
    let server = Running::start(ServeOptions::default());
    assert_refused(
        &server.get("/v2/start_session/other"),
        404,
        "no model of that name",
    );
    assert_refused(&server.get("/"), 404, "nothing at this address");
    assert_refused(
        &server.post("/status", b""),
        405,
        "not for requests of this kind",
    );
    let unknown = "0123456789abcdef0123456789abcdef";
    // A 200 here, as the reference server gives, makes the client read beyond an empty buffer.
    for target in [
        "v2/process_point_interaction",
        "reset_interactions",
        "v2/end_session",
    ] {
        let target = format!("/{target}/{unknown}?point=1&point=1&point=1&foreground=true");
        assert_refused(&server.get(&target), 404, "not known any more");
    }
    let session = server.session("untrained");
    let refused = server.point(&session, [1, 1, 1], true);
    assert_refused(&refused, 409, "no image yet");

    let volume = image([40, 32, 3]);
    assert_eq!(server.upload(&session, &volume).status, 200);
    assert_refused(
        &server.point(&session, [40, 1, 1], true),
        422,
        "[40, 32, 3]",
    );
    let base = format!("/v2/process_point_interaction/{session}?");
    for query in [
        "point=1&point=2&foreground=true",
        "point=1&point=2&point=-3&foreground=true",
        "foreground=true",
    ] {
        assert_refused(&server.get(&(base.clone() + query)), 400, "3 whole numbers");
    }
    for query in ["", "&foreground=maybe", "&foreground=true&foreground=false"] {
        let query = format!("{base}point=1&point=2&point=1{query}");
        assert_refused(&server.get(&query), 400, "foreground");
    }
    let smaller = image_form(&image([20, 32, 3]));
    let target = format!("/process_scribble_interaction/{session}?foreground=true");
    assert_refused(
        &server.post(&target, &smaller),
        422,
        "the image [40, 32, 3]",
    );
    let nothing = crate::common::drawing_form(&volume, &[]);
    assert_refused(&server.post(&target, &nothing), 422, "nothing is drawn");
}

#[test]
fn images_that_are_not_what_they_say_are_refused() {
    let options = ServeOptions {
        image_bytes: 1 << 20,
        body_bytes: 300 << 10,
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let session = server.session("untrained");
    let target = format!("/upload_raw/{session}?filename=upload.nii.gz");
    let grid = *image([16, 16, 2]).geometry();
    let good = metadata(&grid);
    let values = |n: usize| gzip_floats((0..n).map(|i| i as f32));
    let post =
        |compressed: &[u8], metadata: &str| server.post(&target, &form(compressed, metadata));

    assert_refused(&post(&values(511), &good), 400, "fewer than the 512 voxels");
    assert_refused(&post(&values(513), &good), 400, "more than the 512 voxels");
    assert_refused(&post(b"not gzip", &good), 400, "damaged");
    let infinite = gzip_floats((0..512).map(|i| if i == 5 { f32::INFINITY } else { 1.0 }));
    assert_refused(&post(&infinite, &good), 422, "voxel number 5");
    assert_refused(
        &post(&gzip_floats(vec![3.0; 512]), &good),
        422,
        "shows nothing",
    );
    // 64 MB of zeros in 64 kB: read no further than was promised.
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 300 << 10);
    let began = Instant::now();
    assert_refused(&post(&bomb, &good), 400, "more than the 512 voxels");
    assert!(began.elapsed() < Duration::from_secs(2));

    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        post(&values(512), &good.replacen(from, to, 1))
    };
    assert_refused(&changed("float32", "uint8"), 400, "float32");
    assert_refused(
        &changed(
            "\"components_per_pixel\" : 1",
            "\"components_per_pixel\" : 3",
        ),
        422,
        "one value per voxel",
    );
    assert_refused(&changed("\t\t16", "\t\t0"), 422, "at least one");
    assert_refused(&changed("\t\t16", "\t\t-16"), 400, "cannot be read");
    assert_refused(
        &changed("\t\t16", "\t\t9223372036854775807"),
        413,
        "larger than this server takes",
    );
    assert_refused(&changed("\t\t0.8", "\t\t0"), 422, "voxel size");
    assert_refused(&changed("\t\t0.8", "\t\tnull"), 400, "cannot be read");
    assert_refused(&changed("\t\t16,", ""), 400, "3-dimensional");
    assert_refused(&post(&values(512), "{}"), 400, "cannot be read");
    let one = form(&values(512), &good);
    let text = String::from_utf8_lossy(&one).into_owned();
    let without = text
        .replace("name=\"metadata\"", "name=\"other\"")
        .into_bytes();
    assert_refused(
        &server.post(&target, &without),
        400,
        "no part called 'metadata'",
    );
    assert_refused(&server.post(&target, b""), 400, "form");
    assert_refused(
        &server.post(&target, &vec![b'x'; 301 << 10]),
        413,
        "larger than this server takes",
    );
    // After all this the session still works.
    assert_eq!(server.upload(&session, &image([16, 16, 2])).status, 200);
}

#[test]
fn sessions_and_memory_are_limited_and_come_back() {
    let one_image = 16 * 16 * 2 * (8 + 34);
    let options = ServeOptions {
        sessions: 2,
        resting: Duration::from_millis(300),
        idle: Duration::from_millis(600),
        memory_bytes: 2 * one_image - 1,
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let (first, second) = (server.session("untrained"), server.session("untrained"));
    assert_refused(
        &server.get("/v2/start_session/untrained"),
        503,
        "all 2 sessions",
    );
    assert_eq!(server.upload(&first, &image([16, 16, 2])).status, 200);
    assert_refused(
        &server.upload(&second, &image([16, 16, 4])),
        503,
        "no memory left",
    );
    std::thread::sleep(Duration::from_millis(350));
    // The session that rested longest gives way: the second failed later than the first was used.
    let third = server.session("untrained");
    assert_refused(&server.point(&first, [1, 1, 1], true), 404, "not known");
    assert_eq!(server.server.memory().used(), 0);
    std::thread::sleep(Duration::from_millis(650));
    server
        .server
        .sessions()
        .forget_idle(server.server.options());
    assert_refused(&server.point(&third, [1, 1, 1], true), 404, "not known");
    assert_eq!(server.server.sessions().count(), 0);
}

fn get_with(server: &Running, target: &str, headers: &str) -> Reply {
    let request = format!("GET {target} HTTP/1.1\r\n{headers}\r\n\r\n");
    send(server.address, request.as_bytes()).unwrap()
}

#[test]
fn web_pages_and_other_host_names_are_kept_out() {
    let server = Running::start(ServeOptions::default());
    let ask = |headers: &str| get_with(&server, "/status", headers);
    assert_eq!(ask("Host: localhost:4321").status, 200);
    assert_refused(&ask("Host: evil.example"), 403, "localhost");
    assert_refused(
        &ask("Host: localhost\r\nOrigin: http://evil.example"),
        403,
        "web pages",
    );
    assert_refused(
        &ask("Host: localhost\r\nSec-Fetch-Site: cross-site"),
        403,
        "web pages",
    );
    assert_eq!(ask("Host: localhost\r\nSec-Fetch-Site: none").status, 200);
}

#[test]
fn a_token_opens_the_server_in_the_path_or_as_authorisation() {
    let options = ServeOptions {
        token: Some("open-sesame".into()),
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    assert_refused(&server.get("/status"), 401, "access token");
    assert_refused(&server.get("/open/status"), 401, "access token");
    assert_eq!(server.get("/open-sesame/status").status, 200);
    // Host name "127.0.0.1:8911/open-sesame" and port 8911 in ITK-SNAP.
    let session = server
        .get("/open-sesame:8911/v2/start_session/untrained")
        .json();
    let session = session["session_id"].as_str().unwrap();
    let target = format!("/open-sesame:8911/upload_raw/{session}?filename=upload.nii.gz");
    assert_eq!(
        server
            .post(&target, &image_form(&image([16, 16, 2])))
            .status,
        200
    );
    // Host name "rater:open-sesame@127.0.0.1": base64 of "rater:open-sesame".
    let basic = "Host: localhost\r\nAuthorization: Basic cmF0ZXI6b3Blbi1zZXNhbWU=";
    assert_eq!(get_with(&server, "/status", basic).status, 200);
}

#[test]
fn a_client_that_stops_sending_is_given_up() {
    let options = ServeOptions {
        stall: Duration::from_millis(200),
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let session = server.session("untrained");
    let whole = crate::common::http::post_bytes(
        server.address,
        &format!("/upload_raw/{session}"),
        &image_form(&image([16, 16, 2])),
    );
    let began = Instant::now();
    let reply = send(server.address, &whole[..whole.len() - 100]).unwrap();
    assert_refused(&reply, 408, "in time");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn stopping_ends_a_segmentation_under_way() {
    let server = Running::start(ServeOptions::default());
    let session = server.session("untrained");
    let (address, body) = (server.address, image_form(&image([64, 64, 3000])));
    let uploading = std::thread::spawn(move || {
        crate::common::http::post(address, &format!("/upload_raw/{session}"), &body)
    });
    // Wait until its memory is taken: the image is being decoded or segmented.
    while server.server.memory().used() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(150));
    let began = Instant::now();
    server.stop().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let reply = uploading.join().unwrap();
    assert_refused(&reply, 503, "being stopped");
}
