use crate::plan::{Evidence, Method, Reply, Request};
use crate::secret::Secret;

/// One request of a sign-in: it may hold secrets, so it is no [`Request`], is never previewed and never noted with its body.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// The method.
    pub method: Method,
    /// A path, absolute on the system's host as in [`Request`], or a whole address where the service has its sign-in
    /// elsewhere (an OAuth2 token endpoint): https, or this machine.
    pub to: String,
    /// Headers.
    pub headers: Vec<(String, Secret)>,
    /// Media type and text of the body.
    pub body: Option<(String, Secret)>,
}

/// What goes on every request once signed in: headers, cookies included.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// Name and value.
    pub headers: Vec<(String, Secret)>,
    /// How many seconds it is good for, where that is known: it is renewed before.
    pub seconds: Option<u64>,
    /// What the service said of who we are there: lines of the connection test.
    pub evidence: Vec<Evidence>,
}

/// What a sign-in is told.
#[derive(Debug)]
pub enum LoginInput<'r> {
    /// Begin.
    Start,
    /// The reply to what it asked.
    Reply(&'r Reply),
}

/// What a sign-in wants.
#[derive(Debug)]
pub enum LoginNext {
    /// This sent.
    Ask(LoginRequest),
    /// Nothing more: these headers go on every request from now on.
    Ready(Pass),
    /// It cannot be told whether the service would let us in (it is broken just now): why. The next request may try again.
    Failed(String),
    /// The service does not let us in: why, and what the operator can do. It is not tried again by itself, as services lock
    /// accounts (targets/kingdee.md 3.2).
    Denied(String),
}

/// How a service is signed in to, where that takes more than a fixed header. No I/O and no clock: the engine holds one per
/// system, lets one sign-in at a time go on however many requests wait for it, and sends what it asks.
pub trait Login: Send {
    /// The next turn; [`LoginInput::Start`] begins anew, whatever came before. `now`: seconds since 1970.
    ///
    /// It is shown every reply but one that says "busy" (429, 502, 503, 504): those are waited for, and never held for a
    /// denial.
    fn next(&mut self, input: LoginInput<'_>, now: i64) -> LoginNext;

    /// Whether a reply means that the pass is no longer good (a 401, or Kingdee's words at status 200), so that one new
    /// sign-in is worth a try. Directly after a sign-in the same reply means that access was not granted.
    ///
    /// A write that is answered so with status 401 was not applied (RFC 9110 15.5.2) and is sent once more after the
    /// sign-in; with any other status nobody knows, and it is looked up.
    fn lost(&self, reply: &Reply) -> bool;

    /// Why nothing is served although the sign-in is taken, and what can be done: how a sentence about it ends.
    fn unheard(&self) -> String {
        "access was not granted; ask who runs the service to allow it to this account".to_owned()
    }

    /// A pass that a reply brought with it (a rotated cookie).
    fn renewed(&mut self, _reply: &Reply) -> Option<Pass> {
        None
    }

    /// Headers that are computed for one request (signatures). `path`: as it is sent, base path included, without the
    /// query.
    fn sign(&self, _request: &Request, _path: &str, _now: i64) -> Vec<(String, Secret)> {
        Vec::new()
    }
}
