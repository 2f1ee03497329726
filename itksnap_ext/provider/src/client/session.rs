//! The session of a login, kept between runs.
//!
//! The service's cookie is one that browsers forget when they are closed, so cookie jars do not write it down; this does.

use std::io::ErrorKind;
use std::path::Path;

use raterlens_core::atomic::write_atomic;
use ureq::http::Uri;
use ureq::{Agent, Cookie};

use super::DssError;

fn damaged(reason: impl ToString) -> DssError {
    let reason = reason.to_string();
    DssError::Answer(format!(
        "the saved session is damaged, log in again: {reason}"
    ))
}

fn uri(server: &str) -> Result<Uri, DssError> {
    server
        .parse()
        .map_err(|_| DssError::Answer(format!("'{server}' is no address of a service")))
}

/// Gives the cookies of a file to a connection; without a file, none.
pub(super) fn load(agent: &Agent, server: &str, file: &Path) -> Result<(), DssError> {
    let uri = uri(server)?;
    let bytes = match std::fs::read(file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        bytes => bytes?,
    };
    let cookies: Vec<(String, String)> = serde_json::from_slice(&bytes).map_err(damaged)?;
    let mut jar = agent.cookie_jar_lock();
    for (name, value) in cookies {
        let cookie = Cookie::parse(format!("{name}={value}; Path=/"), &uri).map_err(damaged)?;
        jar.insert(cookie, &uri).map_err(damaged)?;
    }
    Ok(())
}

/// Writes the cookies of a connection into a file. Whoever has it is logged in: its folder is for one user only.
pub(super) fn save(agent: &Agent, file: &Path) -> Result<(), DssError> {
    let jar = agent.cookie_jar_lock();
    let cookies = jar
        .iter()
        .map(|c| (c.name().to_owned(), c.value().to_owned()));
    let bytes = serde_json::to_vec(&cookies.collect::<Vec<_>>()).map_err(damaged)?;
    let written = write_atomic(file, |out| out.write_all(&bytes));
    written.map_err(|e| DssError::File(std::io::Error::other(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_without_an_end_outlives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let (file, server) = (dir.path().join("session.json"), "http://127.0.0.1:8080");
        let agent = Agent::new_with_defaults();
        load(&agent, server, &file).unwrap();
        let cookie = Cookie::parse(
            "webpy_session_id=ab; HttpOnly; Path=/",
            &uri(server).unwrap(),
        );
        agent
            .cookie_jar_lock()
            .insert(cookie.unwrap(), &uri(server).unwrap())
            .unwrap();
        save(&agent, &file).unwrap();
        let again = Agent::new_with_defaults();
        load(&again, server, &file).unwrap();
        let jar = again.cookie_jar_lock();
        assert_eq!(
            jar.get("127.0.0.1", "/", "webpy_session_id")
                .unwrap()
                .value(),
            "ab"
        );
        std::fs::write(&file, "{").unwrap();
        assert!(load(&agent, server, &file).is_err());
    }
}
