//! Exchanges between the real ITK-SNAP and reference servers, replayed against ours.
//!
//! A recording is a folder of numbered exchanges: `NNN_*.json` (method, target, status), `.req.http` (the request's head, byte by
//! byte), `.req.body`, `.resp.body`. Our answer needs what the client needs, not the recorded bytes.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::common::http::{self, send, Reply};
use crate::common::Running;
use raterlens_serve::ServeOptions;
use serde_json::Value;

/// One recorded exchange.
struct Exchange {
    method: String,
    target: String,
    status: u64,
    head: String,
    body: Vec<u8>,
    response: Vec<u8>,
}

fn read(folder: &Path) -> Vec<Exchange> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| exchange(file)).collect()
}

fn exchange(file: &Path) -> Exchange {
    let index: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let with = |extension: &str| std::fs::read(file.with_extension(extension));
    Exchange {
        method: index["method"].as_str().unwrap().to_owned(),
        target: index["target"].as_str().unwrap().to_owned(),
        status: index["status"].as_u64().unwrap(),
        head: String::from_utf8(with("req.http").unwrap()).unwrap(),
        body: with("req.body").unwrap_or_default(),
        response: with("resp.body").unwrap_or_default(),
    }
}

/// The request's own bytes, with our session's and model's names where the recorded ones were.
fn request(e: &Exchange, target: &str) -> Vec<u8> {
    let head = e.head.replacen(&e.target, target, 1);
    let head = head.trim_end();
    [head.as_bytes(), b"\r\n\r\n", &e.body].concat()
}

/// What a replay did, for the end of the test.
#[derive(Debug, Default)]
struct Count {
    exchanges: usize,
    masks: usize,
    refused: usize,
}

/// Replays one recording; checks each answer for what the client reads.
fn replay(server: &Running, folder: &Path, count: &mut Count) {
    let mut sessions: Vec<(String, String)> = Vec::new();
    let mut voxels = 0;
    for e in read(folder) {
        let mut target = e.target.clone();
        for (recorded, ours) in &sessions {
            target = target.replace(recorded, ours);
        }
        // The reference server's model for slices; ours has another name.
        target = target.replace("start_session/SAM2", "start_session/untrained-2d");
        let reply = send(server.address, &request(&e, &target)).unwrap();
        let name = format!("{} {} {}", folder.display(), e.method, target);
        count.exchanges += 1;
        check(&e, &reply, &mut sessions, &mut voxels, &name, count);
    }
}

fn check(
    e: &Exchange,
    reply: &Reply,
    sessions: &mut Vec<(String, String)>,
    voxels: &mut usize,
    name: &str,
    count: &mut Count,
) {
    let path = e.target.split('?').next().unwrap();
    if path.contains("upload_raw") {
        let described = described(&e.body);
        *voxels = described.0;
        if described.1 != 1 {
            // Colours are not what our models list; the client would not send them to us.
            assert_eq!(reply.status, 422, "{name}: {}", reply.text());
            *voxels = 0;
            count.refused += 1;
            return;
        }
    }
    if *voxels == 0 && path.contains("interaction") && !path.contains("reset") {
        assert_eq!(reply.status, 409, "{name}: {}", reply.text());
        count.refused += 1;
        return;
    }
    assert_eq!(reply.status, 200, "{name}: {}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{name}"
    );
    let (ours, theirs) = (reply.json(), serde_json::from_slice::<Value>(&e.response));
    if path == "/status" {
        let version = ours["version"].as_str().unwrap();
        assert!(
            version.split('.').all(|p| p.parse::<u32>().is_ok()),
            "{name}"
        );
    } else if path == "/v2/models" {
        assert!(!ours["models"].as_array().unwrap().is_empty(), "{name}");
    } else if path.contains("start_session") {
        if let Some(id) = theirs
            .ok()
            .and_then(|t| Some(t["session_id"].as_str()?.to_owned()))
        {
            sessions.push((id, ours["session_id"].as_str().unwrap().to_owned()));
        } else {
            assert_ne!(e.status, 200, "{name}");
        }
    } else if path.contains("process_") {
        // One byte for each voxel of the image, all of them 0 or 1: the client checks neither.
        let mask = reply.mask();
        assert_eq!(mask.len(), *voxels, "{name}");
        assert!(mask.iter().all(|b| *b <= 1), "{name}");
        let is_foreground = e.target.contains("foreground=true");
        assert!(!is_foreground || mask.contains(&1), "{name}");
        count.masks += 1;
    } else if let (200, Ok(Value::Object(theirs))) = (e.status, theirs) {
        for key in theirs.keys() {
            assert!(ours.get(key).is_some(), "{name}: no '{key}'");
        }
    }
}

/// Voxels and components that a form's description promises.
fn described(body: &[u8]) -> (usize, u64) {
    let text = String::from_utf8_lossy(body);
    let start = text.find("\r\n\r\n{").unwrap() + 4;
    let end = text[start..].find("\r\n--").unwrap();
    let metadata: Value = serde_json::from_str(&text[start..start + end]).unwrap();
    let dimensions = metadata["dimensions"].as_array().unwrap();
    let voxels = dimensions.iter().map(|d| d.as_u64().unwrap() as usize);
    (
        voxels.product(),
        metadata["components_per_pixel"].as_u64().unwrap(),
    )
}

#[test]
fn every_recorded_exchange_is_answered_as_the_client_needs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/protocols/recordings");
    if !folder.is_dir() {
        let text =
            b"skipped: the recordings of ITK-SNAP are not there (../shared/protocols/recordings)\n";
        std::io::stderr().write_all(text).unwrap();
        return;
    }
    let options = ServeOptions {
        sessions: 64,
        ..ServeOptions::default()
    };
    let server = Running::start(options);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("dls_"))
        .collect();
    folders.sort();
    let mut count = Count::default();
    for folder in &folders {
        replay(&server, folder, &mut count);
    }
    eprintln!("{} recordings: {count:?}", folders.len());
    assert!(
        count.exchanges >= 160 && count.masks >= 19 && count.refused == 2,
        "{count:?}"
    );
}

/// The same by a recording made by hand, from what is known of the client: tabs in the description, `Expect` for large forms,
/// the order of parts, one connection for each request.
#[test]
fn a_clients_life_written_down_by_hand_is_answered_as_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let image = crate::common::image([40, 32, 4]);
    let id = "11111111-2222-3333-4444-555555555555";
    let mut n = 0;
    let mut write = |method: &str, target: &str, more: &str, body: &[u8], response: &str| {
        n += 1;
        let file = folder.path().join(format!("{n:03}_x.json"));
        let index = serde_json::json!({"method": method, "target": target, "status": 200});
        std::fs::write(&file, index.to_string()).unwrap();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:18912\r\nAccept: */*\r\n{more}\r\n"
        );
        std::fs::write(file.with_extension("req.http"), head).unwrap();
        std::fs::write(file.with_extension("req.body"), body).unwrap();
        std::fs::write(file.with_extension("resp.body"), response).unwrap();
    };
    let post = |body: &[u8], more: &str| {
        format!(
            "Content-Length: {}\r\nContent-Type: multipart/form-data; boundary={}\r\n{more}",
            body.len(),
            http::BOUNDARY
        )
    };
    let form = crate::common::image_form(&image);
    let voxels: Vec<[usize; 3]> = (4..20).map(|i| [i, 12, 2]).collect();
    let drawing = crate::common::drawing_form(&image, &voxels);
    write(
        "GET",
        "/status",
        "",
        b"",
        r#"{"status":"ok","version":"0.1.6"}"#,
    );
    write("GET", "/v2/models", "", b"", "{}");
    write(
        "GET",
        "/v2/start_session/nnInteractive",
        "",
        b"",
        &format!(r#"{{"session_id":"{id}"}}"#),
    );
    let upload = format!("/upload_raw/{id}?filename=upload.nii.gz");
    write(
        "POST",
        &upload,
        &post(&form, "Expect: 100-continue\r\n"),
        &form,
        r#"{"message":"stored"}"#,
    );
    let click =
        format!("/v2/process_point_interaction/{id}?point=20&point=12&point=2&foreground=true");
    write("GET", &click, "", b"", "{}");
    write("GET", &click.replace("true", "false"), "", b"", "{}");
    let scribble = format!("/process_scribble_interaction/{id}?foreground=true");
    write("POST", &scribble, &post(&drawing, ""), &drawing, "{}");
    write(
        "GET",
        &format!("/reset_interactions/{id}"),
        "",
        b"",
        r#"{"status":"success"}"#,
    );
    let lasso = format!("/process_lasso_interaction/{id}?foreground=true");
    write("POST", &lasso, &post(&drawing, ""), &drawing, "{}");
    write(
        "GET",
        &format!("/v2/end_session/{id}"),
        "",
        b"",
        r#"{"message":"Session ended"}"#,
    );
    let server = Running::start(ServeOptions::default());
    let mut count = Count::default();
    replay(&server, folder.path(), &mut count);
    assert_eq!((count.exchanges, count.masks, count.refused), (10, 4, 0));
}
