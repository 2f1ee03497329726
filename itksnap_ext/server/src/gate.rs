//! Who may call.
//!
//! ITK-SNAP sends no authorisation of its own, and its address has a host name and a port but no path. Its field for the host
//! name is not checked, though, and goes into the address as it is. So an access token can travel in two ways:
//!
//! - `user:TOKEN@host`: the client's HTTP library sends it as basic authorisation;
//! - `host:PORT/TOKEN`: the client appends its own `:port`, so that paths begin with `/TOKEN:port/`.
//!
//! Web pages must not use a server on the user's own machine: requests that a browser makes for a page are refused, and so are
//! those for another host name (a page's own name that was bent to this machine) if only this machine can reach the server.

use axum::extract::{Request, State};
use axum::http::{header, HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use sha2::{Digest, Sha256};

use crate::error::ServeError;
use crate::routes::Server;

/// Lets a request through, without the token in its path, or refuses it.
pub async fn gate(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let options = server.options();
    if let Err(refused) = check_browser(request.headers(), options.only_local_names) {
        return refused.into_response();
    }
    if let Some(token) = &options.token {
        if let Some(uri) = without_token(request.uri(), token) {
            *request.uri_mut() = uri;
        } else if !has_token(request.headers(), token) {
            let mut refused = ServeError::Unauthorized.into_response();
            let ask = HeaderValue::from_static("Basic realm=\"RaterLens\"");
            refused.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
            return refused;
        }
    }
    next.run(request).await
}

fn check_browser(headers: &HeaderMap, only_local_names: bool) -> Result<(), ServeError> {
    let from_page = headers.get("sec-fetch-site");
    let by_user = from_page.is_none_or(|site| site == "none" || site == "same-origin");
    if headers.contains_key(header::ORIGIN) || !by_user {
        return Err(ServeError::Forbidden("web pages may not use this server"));
    }
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    if only_local_names && !host.is_some_and(is_local_name) {
        return Err(ServeError::Forbidden(
            "this server answers to the names localhost and 127.0.0.1 only",
        ));
    }
    Ok(())
}

fn is_local_name(host: &str) -> bool {
    let is_port = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

/// The address without a leading `/TOKEN` or `/TOKEN:port`, if it has that.
fn without_token(uri: &Uri, token: &str) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let (first, rest) = whole.strip_prefix('/')?.split_once('/')?;
    let given = match first.rsplit_once(':') {
        Some((given, port)) if port.chars().all(|c| c.is_ascii_digit()) => given,
        _ => first,
    };
    is_same(given, token).then(|| format!("/{rest}").parse().ok())?
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION);
    let Some((scheme, given)) = given
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
    else {
        return false;
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return is_same(given, token);
    }
    let pair = STANDARD
        .decode(given)
        .ok()
        .and_then(|b| String::from_utf8(b).ok());
    let is_right = |pair: String| pair.split_once(':').is_some_and(|(_, p)| is_same(p, token));
    scheme.eq_ignore_ascii_case("basic") && pair.is_some_and(is_right)
}

/// Compares hashes: how long that takes says nothing about the token.
fn is_same(given: &str, token: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_travel_in_the_path_with_or_without_the_clients_port() {
        let stripped =
            |uri: &str| without_token(&uri.parse().unwrap(), "s3cret").map(|u| u.to_string());
        assert_eq!(stripped("/s3cret/status").as_deref(), Some("/status"));
        assert_eq!(
            stripped("/s3cret:8911/v2/models?a=1").as_deref(),
            Some("/v2/models?a=1")
        );
        for wrong in [
            "/status",
            "/s3cret",
            "/other/status",
            "/s3cret:x/status",
            "//s3cret/status",
        ] {
            assert_eq!(stripped(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_may_travel_as_authorisation() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            has_token(&headers, "s3cret")
        };
        assert!(with("Bearer s3cret"));
        assert!(with(&format!("Basic {}", STANDARD.encode("anyone:s3cret"))));
        for wrong in [
            "Bearer",
            "Bearer x",
            "Basic s3cret",
            "Basic !",
            "Digest s3cret",
        ] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(!has_token(&HeaderMap::new(), "s3cret"));
    }

    #[test]
    fn only_this_machines_names_count_as_local() {
        for local in [
            "localhost",
            "LOCALHOST:8911",
            "127.0.0.1:1",
            "[::1]:8911",
            "[::1]",
        ] {
            assert!(is_local_name(local), "{local}");
        }
        for other in [
            "evil.example:8911",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert!(!is_local_name(other), "{other}");
        }
    }
}
