//! Requests as ITK-SNAP's client sends them (libcurl, one connection each), byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::engine::general_purpose::STANDARD;
use base64::Engine;

pub const BOUNDARY: &str = "------------------------a1B2c3D4e5F6g7H8i9J0kL";

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The mask as the client decodes it.
    pub fn mask(&self) -> Vec<u8> {
        assert_eq!(self.status, 200, "{}", self.text());
        let gzip = STANDARD
            .decode(self.json()["result"].as_str().unwrap())
            .unwrap();
        let mut mask = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(gzip.as_slice());
        decoder.read_to_end(&mut mask).unwrap();
        mask
    }
}

/// Sends a request as it is and reads one reply.
pub fn send(address: SocketAddr, request: &[u8]) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    // A server that refuses early may close before all is sent: the reply counts.
    let sent = stream.write_all(request);
    let mut reader = BufReader::new(stream);
    read_reply(&mut reader).or_else(|e| sent.and(Err(e)))
}

pub fn read_reply(reader: &mut impl BufRead) -> std::io::Result<Reply> {
    let closed = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
    let status: u16 = status.ok_or_else(closed)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(closed());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut reply = Reply {
        status,
        headers,
        body: Vec::new(),
    };
    if status == 100 {
        return read_reply(reader);
    }
    let length = reply
        .header("content-length")
        .and_then(|l| l.parse().ok())
        .unwrap_or(0);
    reply.body.resize(length, 0);
    reader.read_exact(&mut reply.body)?;
    Ok(reply)
}

/// A GET as the client sends it.
pub fn get(address: SocketAddr, target: &str) -> Reply {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
    send(address, request.as_bytes()).unwrap()
}

/// The bytes of a POST.
pub fn post_bytes(address: SocketAddr, target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A POST of a form.
pub fn post(address: SocketAddr, target: &str, body: &[u8]) -> Reply {
    send(address, &post_bytes(address, target, body)).unwrap()
}

/// The form that the client sends: voxels first, then their description.
pub fn form(compressed: &[u8], metadata: &str) -> Vec<u8> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"image.gz\"\r\n\
         Content-Type: application/gzip\r\n\r\n"
    )
    .into_bytes();
    body.extend(compressed);
    body.extend(
        format!(
            "\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\
             Content-Type: application/json\r\n\r\n{metadata}\r\n--{BOUNDARY}--\r\n"
        )
        .as_bytes(),
    );
    body
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn gzip_floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    gzip(&bytes)
}
