//! The library's client with our settings, and one exchange over it.

use bytes::BytesMut;
use reqwest::Certificate;

use super::Options;
use crate::engine::fault::{Fault, Trouble, told};
use crate::plan::{REASON_PHRASE, Reply};

/// A client for a host. `loopback`: what may go to this machine in plain text must not take the way over a proxy.
pub(super) fn transport(options: &Options, host: &str, loopback: bool) -> Result<reqwest::Client, Trouble> {
    let system = &options.system;
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("trueup/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // What is repeated is decided here alone.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(options.timeouts.connect)
        .read_timeout(options.timeouts.read)
        .timeout(options.timeouts.total)
        // Not longer than services keep idle connections: a write on a dead one is a needless unknown.
        .pool_idle_timeout(std::time::Duration::from_secs(15))
        .tcp_keepalive(std::time::Duration::from_secs(30));
    if loopback {
        builder = builder.no_proxy();
    }
    if options.http1_only {
        builder = builder.http1_only();
    }
    if let Some(path) = &options.ca_file {
        let found = certificates(system, path).map_err(|text| Trouble { word: "setup", text })?;
        builder = builder.tls_certs_merge(found);
    }
    // Once for the whole process; whoever comes later finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder.build().map_err(|error| {
        let trouble = told(error, system, host, None);
        Trouble {
            word: "tls",
            text: format!("{trouble}; does this host have CA certificates installed, or is ca_file wrong?"),
        }
    })
}

fn certificates(system: &str, path: &std::path::Path) -> Result<Vec<Certificate>, String> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|error| format!("{system}: the ca_file {shown} cannot be read: {error}"))?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|_| format!("{system}: the ca_file {shown} holds no certificates in PEM form"))?;
    if found.is_empty() { Err(format!("{system}: the ca_file {shown} holds no certificate")) } else { Ok(found) }
}

/// What an error's status line says beside the code, where that is not the usual name: some services put the text of the
/// error there (targets/litmos.md 2). HTTP/2 has none. Its type comes from hyper, which is here with the simulators.
#[cfg(feature = "simulate")]
fn reason_phrase(response: &reqwest::Response) -> Option<String> {
    let said = response.extensions().get::<hyper::ext::ReasonPhrase>().filter(|_| !response.status().is_success())?;
    Some(String::from_utf8_lossy(said.as_bytes()).into_owned())
}

#[cfg(not(feature = "simulate"))]
fn reason_phrase(_response: &reqwest::Response) -> Option<String> {
    None
}

/// Sends a request and takes the whole reply in, up to `limit` bytes.
pub(super) async fn exchange(
    ready: reqwest::RequestBuilder,
    system: &str,
    host: &str,
    limit: u64,
) -> Result<Reply, Fault> {
    let told = |error, status| told(error, system, host, status);
    let mut response = ready.send().await.map_err(|error| told(error, None))?;
    let status = response.status().as_u16();
    let mut headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.extend(reason_phrase(&response).map(|said| (REASON_PHRASE.to_owned(), said)));
    let expected = response.content_length().unwrap_or(0).min(limit);
    let mut body = BytesMut::with_capacity(expected as usize);
    while let Some(chunk) = response.chunk().await.map_err(|error| told(error, Some(status)))? {
        if body.len() as u64 + chunk.len() as u64 > limit {
            return Err(Fault::lost(
                "size",
                format!(
                    "{system}: the reply is larger than {} MiB, which no page should be; ask for smaller pages",
                    limit / (1024 * 1024)
                ),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    let body = body.freeze();
    // A byte order mark means nothing in UTF-8, and JSON allows to pass over it (RFC 8259 8.1).
    let body = if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body };
    Ok(Reply { status, headers, body })
}
