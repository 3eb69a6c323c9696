//! Reads one specification of a fault.

use std::time::Duration;

use super::{Fault, Hint, Kind, State};

/// The server errors that `5xx` takes in turn.
const EACH: &[u16] = &[500, 502, 503, 504];

/// Reads one specification into the state.
///
/// # Errors
/// A sentence that names the specification and what was expected.
pub(super) fn read(spec: &str, state: &mut State) -> Result<(), String> {
    let spec = spec.trim();
    let (what, at) = spec.split_once('@').unwrap_or((spec, ""));
    // Options stand before the place or behind it: `500=2,skip=1@/users`, `500=2@/users,skip=1`.
    let (at, behind) = at.split_once(',').map_or((at, None), |(at, behind)| (at, Some(behind)));
    let mut parts = what.split(',').chain(behind.into_iter().flat_map(|behind| behind.split(','))).map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (name, value) = match head.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (head, None),
    };
    let count = |value: Option<&str>| -> Result<Option<u32>, String> {
        match value {
            Some(v) => v.parse().map(Some).map_err(|_| format!("fault `{spec}`: `{v}` is not a number")),
            None => Err(format!("fault `{spec}` needs a number of requests, as in `{name}=2`")),
        }
    };
    let (mut kind, left) = match name {
        "latency" => (Kind::Latency(duration(spec, value.unwrap_or_default())?), None),
        "429" => (Kind::TooMany(Hint::Seconds(1)), count(value)?),
        "5xx" => (Kind::Status(EACH, false), count(value)?),
        "400" => (Kind::Status(&[400], false), count(value)?),
        "401" => (Kind::Status(&[401], false), count(value)?),
        "403" => (Kind::Status(&[403], false), count(value)?),
        "404" => (Kind::Status(&[404], false), count(value)?),
        "409" => (Kind::Status(&[409], false), count(value)?),
        "412" => (Kind::Status(&[412], false), count(value)?),
        "422" => (Kind::Status(&[422], false), count(value)?),
        "500" => (Kind::Status(&[500], false), count(value)?),
        "502" => (Kind::Status(&[502], false), count(value)?),
        "503" => (Kind::Status(&[503], false), count(value)?),
        "504" => (Kind::Status(&[504], false), count(value)?),
        "deaf" => (Kind::Deaf, count(value)?),
        "late" => (Kind::Late(duration(spec, value.unwrap_or_default())?), None),
        "lost" => (Kind::Lost, count(value)?),
        "truncate" => (Kind::Truncate { cut: false }, count(value)?),
        "expire" => (Kind::Expire, count(value)?),
        "reset" => (Kind::Reset, count(value)?),
        "html" => (Kind::Html, value.map(|v| count(Some(v))).transpose()?.flatten()),
        _ => {
            let plain = !name.is_empty()
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !plain {
                return Err(format!("`{spec}` is not a fault; it is written like `500=2@/users` or `latency=250ms`"));
            }
            if let Some(extra) = parts.next() {
                return Err(format!("fault `{spec}`: `{name}` takes no `{extra}`"));
            }
            if !at.is_empty() {
                return Err(format!("fault `{spec}`: `{name}` cannot be limited with `@`"));
            }
            state.flags.insert(name.to_owned(), value.unwrap_or_default().to_owned());
            return Ok(());
        }
    };
    let (mut skip, mut written, mut body) = (0, false, String::new());
    for part in parts {
        let (option, value) = part.split_once('=').unwrap_or((part, ""));
        let number = || value.parse::<u32>().map_err(|_| format!("fault `{spec}`: `{part}` needs a number"));
        match (&mut kind, option) {
            (_, "skip") => skip = number()?,
            (_, "written") => written = true,
            (_, "in") => value.clone_into(&mut body),
            (Kind::TooMany(hint), "retry-after") if value == "date" => *hint = Hint::Date,
            (Kind::TooMany(hint), "retry-after") => *hint = Hint::Seconds(number()?),
            (Kind::TooMany(hint), "reset") => *hint = Hint::Reset(number()?),
            (Kind::TooMany(hint), "bare") => *hint = Hint::Bare,
            (Kind::Status(_, after), "after") => *after = true,
            (Kind::Truncate { cut }, "cut") => *cut = true,
            _ => return Err(format!("fault `{spec}`: `{name}` takes no `{part}`")),
        }
    }
    let (method, path) = place(at);
    state.faults.push(Fault { kind, left, skip, written, body, method, path });
    Ok(())
}

/// `POST`, `/users` or `POST/users`, with or without a space between.
fn place(at: &str) -> (Option<String>, String) {
    let at = at.trim();
    let word = at.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(at.len());
    let (method, path) = at.split_at(word);
    match method {
        "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" => (Some(method.to_owned()), path.trim().to_owned()),
        _ => (None, at.to_owned()),
    }
}

fn duration(spec: &str, text: &str) -> Result<Duration, String> {
    let wrong = || format!("fault `{spec}` needs a time such as `250ms` or `2s`");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" | "" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err(wrong()),
    }
}
