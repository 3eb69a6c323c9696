//! What an answer of `trueup init` tells by itself: which system an address is of, where its interface must be, what a secret's
//! place is. Asks nobody.

use std::path::PathBuf;

use url::Url;

/// The address or path that an answer means, and why it is another than what was typed, where it is.
pub(super) fn address(typed: &str) -> (String, Option<&'static str>) {
    let as_typed = || (typed.to_owned(), None);
    if home(typed).is_file() || typed.starts_with(['/', '~', '.', '-']) {
        return as_typed();
    }
    let scheme = typed.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let (url, why) = match scheme.as_deref() {
        Some("https" | "http") => (typed.to_owned(), None),
        Some(_) => return as_typed(),
        None if is_host(typed) => (format!("https://{typed}"), Some("an address begins with https://")),
        None => return as_typed(),
    };
    let Ok(mut url) = Url::parse(&url) else { return as_typed() };
    let mut why = why;
    if url.scheme() == "http" && !is_here(&url) && url.set_scheme("https").is_ok() {
        why = Some("plain http would show the key to everybody on the way");
    }
    if let Some(reason) = based(&mut url) {
        why = Some(reason);
    }
    match why {
        Some(why) => (url.to_string().trim_end_matches('/').to_owned(), Some(why)),
        // A scheme or host in capital letters is the same in small ones.
        None if !typed.starts_with("http") => (url.to_string(), None),
        None => as_typed(),
    }
}

/// Whether a text without a scheme looks like a host and what is served there.
fn is_host(typed: &str) -> bool {
    let host = typed.split('/').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let export = ["csv", "json", "jsonl", "ndjson", "tsv", "txt", "gz"];
    let file = export.iter().any(|ending| host == typed && name.to_ascii_lowercase().ends_with(&format!(".{ending}")));
    letters && name.contains('.') && !name.ends_with('.') && !file
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Cuts what was copied along with the base: a page of the product, one of its calls. Why, where there was something.
fn based(url: &mut Url) -> Option<&'static str> {
    let host = url.host_str()?.to_ascii_lowercase();
    if host.ends_with(".aha.io") && !matches!(url.path(), "/" | "/api/v1" | "/api/v1/") {
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        return Some("the interface is found from the account's address alone");
    }
    // targets/litmos.md 1: pages are at an organisation's own name, the interface at one for all of a region.
    for domain in ["litmos.com", "litmoseu.com", "litmos.com.au"] {
        if host.ends_with(&format!(".{domain}")) && host != format!("api.{domain}") {
            url.set_host(Some(&format!("api.{domain}"))).ok()?;
            url.set_path("/");
            url.set_query(None);
            url.set_fragment(None);
            return Some("that is where the interface for this region is");
        }
    }
    let path = url.path().to_owned();
    if let Some(at) = path.to_ascii_lowercase().find("/k3cloud/") {
        let base = at + "/k3cloud/".len();
        if path.len() > base {
            url.set_path(&path[..base]);
            url.set_query(None);
            url.set_fragment(None);
            return Some("the interface is found from there");
        }
        return None;
    }
    let (base, last) = path.trim_end_matches('/').rsplit_once('/')?;
    let calls = ["users", "groups", "schemas", "resourcetypes", "serviceproviderconfig"];
    if calls.contains(&last.to_ascii_lowercase().as_str()) {
        let base = base.to_owned();
        url.set_path(&base);
        return Some("the base stands before what is asked of it");
    }
    None
}

/// Where a SCIM service is usually found on a host, when it is not where it was said to be.
pub(super) fn elsewhere(address: &str) -> Vec<String> {
    let Ok(url) = Url::parse(address) else { return Vec::new() };
    let path = url.path().trim_end_matches('/').to_owned();
    // targets/scim.md A5: One Identity Manager's API Server has a path of its own.
    let usual = ["/scim/v2", "/scim", "/ApiServer/scim/v2", "/api/scim/v2"].map(str::to_owned);
    let below = ["/scim/v2", "/v2"].iter().filter(|_| !path.is_empty()).map(|more| format!("{path}{more}"));
    let mut all = Vec::new();
    for candidate in below.chain(usual) {
        let mut url = url.clone();
        url.set_path(&candidate);
        let url = url.to_string();
        if candidate != path && !all.contains(&url) {
            all.push(url);
        }
    }
    all
}

/// The connector that an address is of, where the address tells.
pub(super) fn recognised(address: &str) -> Option<&'static str> {
    if !address.starts_with("http") {
        return home(address).is_file().then_some("file");
    }
    let url = url::Url::parse(address).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    let path = url.path().to_ascii_lowercase();
    let at = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if at("aha.io") {
        Some("aha")
    } else if ["litmos.com", "litmos.com.au", "litmoseu.com"].into_iter().any(at) {
        Some("litmos")
    } else if path.contains("/k3cloud") {
        Some("kingdee")
    } else if path.contains("/scim") {
        Some("scim")
    } else {
        None
    }
}

/// A path with the home directory in it.
pub(super) fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}

/// A name that is free: the connector's, `hr` for the source.
pub(super) fn name(connector: &str, source: bool, taken: &[String]) -> String {
    let base = if source { "hr" } else { connector };
    let mut name = base.to_owned();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

/// A text as the configuration has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// An answer as the reference to a secret that it means, or what is wrong with it.
pub(super) fn place(answer: &str, env: &[String]) -> Result<String, String> {
    let variable = answer.strip_prefix('$').unwrap_or(answer);
    if answer == "prompt" {
        return Ok("{ prompt = true }".to_owned());
    }
    if answer.starts_with(['/', '~', '.']) {
        if home(answer).is_file() {
            return Ok(format!("{{ file = {} }}", quoted(answer)));
        }
        return Err(format!("there is no file {answer}"));
    }
    let named = variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if env.iter().any(|have| have == variable) || named && variable.contains('_') {
        return Ok(format!("{{ env = {} }}", quoted(variable)));
    }
    let words: Vec<String> = answer.split_whitespace().map(quoted).collect();
    if words.len() > 1 {
        return Ok(format!("{{ command = [{}] }}", words.join(", ")));
    }
    Err("that is no variable, file or command. If it is the secret itself: it does not belong into the configuration; put it \
         into a file that only you can read, and name that"
        .to_owned())
}
