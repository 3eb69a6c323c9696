//! Who may come in: a bearer token, or a name and a password.

use super::problem::Problem;
use super::render::hash;

/// What opens the service.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The bearer token.
    pub token: String,
    /// The name for basic authentication.
    pub username: String,
    /// The password for basic authentication.
    pub password: String,
    /// The client that may have tokens.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Gate {
    /// The gate of a view of the world: the same for the same seed, another one for another view.
    pub fn new(view: &str, seed: u64) -> Self {
        let secret = |what: &str| format!("{what}-{:016x}", hash(&format!("{what} {view} {seed}")));
        Self {
            token: secret("token"),
            username: "trueup".to_owned(),
            password: secret("password"),
            client_id: format!("client-{view}"),
            client_secret: secret("client-secret"),
        }
    }

    /// Lets a request in by its `Authorization` header.
    ///
    /// # Errors
    /// 401 if there is none or it does not fit.
    pub fn admit(&self, authorization: Option<&str>) -> Result<(), Problem> {
        let Some((scheme, rest)) = authorization.and_then(|header| header.trim().split_once(' ')) else {
            return Err(Problem::new(401, "a bearer token or a name and password are needed"));
        };
        let basic = format!("{}:{}", self.username, self.password);
        let fits = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => rest.trim() == self.token,
            "basic" => rest.trim() == base64(basic.as_bytes()),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Problem::new(401, "this token, or name and password, is not known")) }
    }
}

/// Base64 of RFC 4648, section 4; what a client sends is compared with the encoding of what is expected.
pub(in crate::simulate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = ALPHABET.get((group >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, wanted) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), wanted);
        }
    }

    #[test]
    fn only_the_right_token_or_password_opens() {
        let gate =
            Gate { token: "t".into(), username: "Aladdin".into(), password: "open sesame".into(), ..Gate::new("", 0) };
        for right in ["Bearer t", "bearer t", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="] {
            assert_eq!(gate.admit(Some(right)), Ok(()), "{right}");
        }
        for wrong in [None, Some(""), Some("t"), Some("Bearer x"), Some("Basic t"), Some("Digest t")] {
            assert_eq!(gate.admit(wrong).unwrap_err().status, 401, "{wrong:?}");
        }
    }
}
