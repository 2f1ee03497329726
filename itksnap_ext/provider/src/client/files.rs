//! Calls about a ticket's files.

use std::io::{Read, Write};

use ureq::unversioned::multipart::{Form, Part};

use super::{refused, rows, text, unreachable, Client, DssError, LONGEST_TEXT};

/// The largest file of a ticket.
const LARGEST_FILE: u64 = 4 << 30;

impl Client {
    /// Sends a picture for the next line of the log.
    ///
    /// # Errors
    /// Those of the service.
    pub fn attach(
        &self,
        ticket: u64,
        file: &str,
        mime: &str,
        bytes: &[u8],
        text: &str,
    ) -> Result<(), DssError> {
        let more = [("desc", text), ("mime_type", mime)];
        self.send_file(
            &format!("pro/tickets/{ticket}/attachments"),
            file,
            bytes,
            &more,
        )
    }

    /// Names of a ticket's files in `area` (`input`, `results`), in the order of their numbers.
    ///
    /// # Errors
    /// Those of the service.
    pub fn files(&self, ticket: u64, area: &str) -> Result<Vec<(u64, String)>, DssError> {
        let rows = rows(&self.get(&format!("pro/tickets/{ticket}/files/{area}"))?)?;
        rows.into_iter()
            .map(|row| match row.as_slice() {
                [number, name, ..] => {
                    let number = number.parse();
                    Ok((
                        number.map_err(|_| DssError::Answer(row.join(",")))?,
                        name.clone(),
                    ))
                }
                _ => Err(DssError::Answer(row.join(","))),
            })
            .collect()
    }

    /// Downloads one of a ticket's files into `out`.
    ///
    /// # Errors
    /// Those of the service, or of `out`.
    pub fn download(
        &self,
        ticket: u64,
        area: &str,
        number: u64,
        out: &mut impl Write,
    ) -> Result<(), DssError> {
        let url = format!(
            "{}/api/pro/tickets/{ticket}/files/{area}/{number}",
            self.server
        );
        let reply = self.agent.get(&url).call().map_err(unreachable)?;
        let status = reply.status().as_u16();
        let promised = reply
            .headers()
            .get("content-length")
            .and_then(|l| l.to_str().ok()?.parse::<u64>().ok());
        let mut body = reply
            .into_body()
            .into_with_config()
            .limit(LARGEST_FILE)
            .reader();
        if status != 200 {
            let mut text = String::new();
            // The status is the answer; what else it says is a courtesy.
            let _ = body.take(LONGEST_TEXT).read_to_string(&mut text);
            return Err(refused(status, &text));
        }
        let copied = copy(&mut body, out)?;
        if promised.is_some_and(|p| p != copied) {
            return Err(DssError::Unreachable(
                "a file arrived incomplete".to_owned(),
            ));
        }
        Ok(())
    }

    /// Uploads a file of a ticket's result.
    ///
    /// # Errors
    /// Those of the service.
    pub fn upload(&self, ticket: u64, file: &str, bytes: &[u8]) -> Result<(), DssError> {
        self.send_file(
            &format!("pro/tickets/{ticket}/files/results"),
            file,
            bytes,
            &[],
        )
    }

    fn send_file(
        &self,
        path: &str,
        file: &str,
        bytes: &[u8],
        more: &[(&str, &str)],
    ) -> Result<(), DssError> {
        let part = Part::bytes(bytes).file_name(file);
        let part = part
            .mime_str("application/octet-stream")
            .map_err(unreachable)?;
        let mut form = Form::new()
            .part("myfile", part)
            .text("filename", file)
            .text("submit", "send");
        for (name, value) in more {
            form = form.text(name, value);
        }
        let kind = format!("multipart/form-data; boundary={}", form.boundary());
        // As one piece: the service does not take a body of unknown length.
        let mut body = Vec::with_capacity(bytes.len() + 1024);
        form.read_to_end(&mut body)?;
        let url = format!("{}/api/{path}", self.server);
        let sent = self
            .agent
            .post(&url)
            .header("content-type", kind)
            .send(&body);
        text(sent).map(|_| ())
    }
}

/// Copies everything and counts it: a failure to read is the network's, one to write is this machine's.
fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<u64, DssError> {
    let (mut buffer, mut count) = (vec![0; 1 << 16], 0);
    loop {
        let read = from.read(&mut buffer);
        let length = read.map_err(|e| DssError::Unreachable(e.to_string()))?;
        if length == 0 {
            return Ok(count);
        }
        to.write_all(buffer.get(..length).unwrap_or_default())?;
        count += length as u64;
    }
}
