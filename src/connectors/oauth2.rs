//! A bearer token for client credentials (RFC 6749 4.4), as services really give it out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{Login, LoginInput, LoginNext, LoginRequest, Pass};
use crate::model::text::clean;
use crate::plan::{Method, Reply};
use crate::secret::Secret;

/// As much of the service's own words as is kept.
const LONGEST: usize = 200;

/// The sign-in at a token endpoint.
#[derive(Debug)]
pub struct OAuth2 {
    token_url: String,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    /// Whether id and secret are configured to go in the form.
    form_first: bool,
    /// Whether they do now; otherwise in the header.
    form: bool,
}

impl OAuth2 {
    /// A sign-in with these. `form`: id and secret go in the form and only there; otherwise in the header first, and in the
    /// form where that is refused (targets/scim.md A4: it is not known which way Starling takes).
    pub fn new(
        token_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Secret,
        scope: Option<String>,
        form: bool,
    ) -> Self {
        Self { token_url: token_url.into(), client_id: client_id.into(), client_secret, scope, form_first: form, form }
    }

    fn ask(&self) -> LoginNext {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.scope {
            form.append_pair("scope", scope);
        }
        let mut headers = Vec::new();
        if self.form {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", self.client_secret.expose());
        } else {
            // Each part is form-encoded before they are joined (RFC 6749 2.3.1).
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose()));
            headers.push(("authorization".to_owned(), Secret::new(format!("Basic {}", STANDARD.encode(pair)))));
        }
        LoginNext::Ask(LoginRequest {
            method: Method::Post,
            to: self.token_url.clone(),
            headers,
            body: Some(("application/x-www-form-urlencoded".to_owned(), Secret::new(form.finish()))),
        })
    }

    fn replied(&mut self, reply: &Reply) -> LoginNext {
        let document = serde_json::from_slice::<Value>(&reply.body).ok();
        let fields = document.as_ref().and_then(Value::as_object);
        let error = fields.and_then(|fields| fields.get("error")).and_then(Value::as_str);
        if reply.ok() && error.is_none() {
            return match fields {
                Some(fields) => token(fields),
                None => LoginNext::Denied(format!(
                    "{} answered with something that is no token; is token_url right?",
                    self.token_url
                )),
            };
        }
        let about_client = reply.status == 401 || matches!(error, Some("invalid_client" | "invalid_request"));
        if !self.form && about_client && matches!(reply.status, 400 | 401) {
            // The same credential in another form: no second guess that could lock anybody out.
            self.form = true;
            return self.ask();
        }
        // The next sign-in begins as the first did; after a good one it begins as that did.
        self.form = self.form_first;
        let said = fields.map(said).unwrap_or_default();
        let told = format!("{} answered with status {}{said}", self.token_url, reply.status);
        match (reply.status, error) {
            (500..=599 | 408, _) | (_, Some("server_error" | "temporarily_unavailable")) => LoginNext::Failed(told),
            (_, Some("invalid_client")) | (401, _) => {
                LoginNext::Denied(format!("{told}; check client_id and client_secret"))
            }
            (_, Some("invalid_scope")) => LoginNext::Denied(format!("{told}; check scope")),
            (300..=399 | 404 | 405, None) => LoginNext::Denied(format!("{told}; is token_url right?")),
            _ => LoginNext::Denied(told),
        }
    }
}

impl Login for OAuth2 {
    fn next(&mut self, input: LoginInput<'_>, _now: i64) -> LoginNext {
        match input {
            LoginInput::Start => self.ask(),
            LoginInput::Reply(reply) => self.replied(reply),
        }
    }

    fn lost(&self, reply: &Reply) -> bool {
        // RFC 6750 3.1: an expired or revoked token is a 401.
        reply.status == 401
    }
}

/// The token of an answer.
fn token(fields: &Map<String, Value>) -> LoginNext {
    let Some(token) = fields.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty()) else {
        return LoginNext::Denied("the token endpoint's answer holds no access_token".to_owned());
    };
    // The type is told in any case (RFC 6749 7.1), and by some services not at all.
    let kind = fields.get("token_type").and_then(Value::as_str).unwrap_or("bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return LoginNext::Denied(format!(
            "the token is of the type {}, and only bearer tokens are known",
            short(kind)
        ));
    }
    let seconds = fields.get("expires_in").and_then(|given| match given {
        Value::String(text) => text.trim().parse::<f64>().ok(),
        other => other.as_f64(),
    });
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 1.0).map(|seconds| seconds as u64);
    LoginNext::Ready(Pass {
        headers: vec![("authorization".to_owned(), Secret::new(format!("Bearer {token}")))],
        seconds,
        evidence: Vec::new(),
    })
}

/// The error in the service's own words (RFC 6749 5.2).
fn said(fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(short);
    match (text("error"), text("error_description")) {
        (Some(error), Some(about)) => format!(", {error}: \"{about}\""),
        (Some(error), None) => format!(", {error}"),
        _ => String::new(),
    }
}

fn short(text: &str) -> String {
    clean(text).chars().take(LONGEST).collect()
}
