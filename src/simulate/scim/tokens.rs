//! The token endpoint beside the service: client credentials for a token (RFC 6749 4.4), asked for in either way.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::exchange::{Reply, Request, decoded};
use super::gate::{Gate, base64};
use super::quirks::{Quirks, TokenWay};

/// Where tokens are given out, on the same host and not below the base address.
pub const PATH: &str = "/oauth2/token";

/// The tokens that are out.
#[derive(Debug, Default)]
pub struct Tokens {
    out: Mutex<Vec<(String, Instant)>>,
}

impl Tokens {
    /// Answers a request for a token.
    pub fn answer(&self, gate: &Gate, quirks: &Quirks, request: &Request) -> Reply {
        if request.method != "POST" {
            return Reply { status: 405, ..Reply::default() };
        }
        let form: Vec<(String, String)> = String::from_utf8_lossy(&request.body)
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))))
            .collect();
        let given = |name: &str| form.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
        let pair = format!("{}:{}", gate.client_id, gate.client_secret);
        let header = request.authorization.as_deref().and_then(|header| header.split_once(' '));
        let by_header = header.is_some_and(|(scheme, rest)| {
            scheme.eq_ignore_ascii_case("basic") && rest.trim() == base64(pair.as_bytes())
        });
        let by_form =
            given("client_id") == Some(&*gate.client_id) && given("client_secret") == Some(&*gate.client_secret);
        let known = match quirks.token_way {
            TokenWay::Either => by_header || by_form,
            TokenWay::Basic => by_header,
            TokenWay::Form => by_form,
        };
        if !known {
            return error(401, "invalid_client", "the client is not known, or not in this way");
        }
        if given("grant_type") != Some("client_credentials") {
            return error(400, "unsupported_grant_type", "only client_credentials");
        }
        let seconds = quirks.token_seconds;
        let token = {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            let token = format!("granted-{:016x}", super::render::hash(&format!("{pair} {}", out.len())));
            out.push((token.clone(), Instant::now() + Duration::from_secs(seconds)));
            token
        };
        let answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds });
        Reply { status: 200, headers: vec![("cache-control", "no-store".to_owned())], body: answer.to_string() }
    }

    /// Whether a token was given out and still lives.
    pub fn know(&self, authorization: Option<&str>) -> bool {
        let Some((scheme, token)) = authorization.and_then(|header| header.trim().split_once(' ')) else {
            return false;
        };
        let now = Instant::now();
        scheme.eq_ignore_ascii_case("bearer")
            && self
                .out
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .any(|(held, until)| held == token.trim() && now < *until)
    }
}

fn error(status: u16, error: &str, about: &str) -> Reply {
    let body = json!({ "error": error, "error_description": about }).to_string();
    Reply { status, headers: Vec::new(), body }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn ask(way: TokenWay, authorization: Option<&str>, body: &str) -> (Tokens, Reply) {
        let gate = Gate::new("source", 1);
        let (id, secret) = (&gate.client_id, &gate.client_secret);
        let request = Request {
            method: "POST".into(),
            authorization: authorization.map(|_| format!("Basic {}", base64(format!("{id}:{secret}").as_bytes()))),
            body: body.replace("ID", id).replace("SECRET", secret).into_bytes(),
            ..Request::default()
        };
        let quirks = Quirks { token_way: way, token_seconds: 60, ..Quirks::default() };
        let tokens = Tokens::default();
        let reply = tokens.answer(&gate, &quirks, &request);
        (tokens, reply)
    }

    const GRANT: &str = "grant_type=client_credentials";
    const FORM: &str = "grant_type=client_credentials&client_id=ID&client_secret=SECRET";

    #[test]
    fn a_token_is_given_for_a_known_client_in_the_ways_that_are_taken() {
        for (way, header, body, wanted) in [
            (TokenWay::Either, true, GRANT, 200),
            (TokenWay::Either, false, FORM, 200),
            (TokenWay::Form, true, GRANT, 401),
            (TokenWay::Form, false, FORM, 200),
            (TokenWay::Basic, false, FORM, 401),
            (TokenWay::Either, false, "grant_type=client_credentials&client_id=ID&client_secret=no", 401),
            (TokenWay::Either, true, "grant_type=password", 400),
        ] {
            let (tokens, reply) = ask(way, header.then_some(""), body);
            assert_eq!(reply.status, wanted, "{way:?} {header} {body}");
            let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            let token = answer["access_token"].as_str().unwrap_or_default();
            assert_eq!(tokens.know(Some(&format!("Bearer {token}"))), wanted == 200);
            assert!(!tokens.know(Some("Bearer other")) && !tokens.know(None));
        }
    }
}
