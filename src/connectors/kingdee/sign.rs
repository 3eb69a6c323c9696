//! The signatures of Kingdee's two ways in that send no secret: the signed log-in and the signed headers
//! (targets/kingdee.md 3.3, 3.4). Held to the vectors that the official SDK made.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// What the official SDK hides the application's own key with: public, the same everywhere.
const MASK: &[u8; 32] = b"0054f397c6234378b09ca7d3e5debce7";

/// The signature of a signed log-in: of all parts in the order of their bytes.
pub(super) fn of_login(account: &str, user: &str, app: &str, secret: &Secret, seconds: i64) -> String {
    let seconds = seconds.to_string();
    let mut parts = [account, user, app, secret.expose(), &seconds];
    parts.sort_unstable();
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// What signed headers are made from.
pub(super) struct Signer<'s> {
    pub(super) account: &'s str,
    pub(super) user: &'s str,
    pub(super) app: &'s str,
    pub(super) secret: &'s Secret,
    pub(super) lcid: &'s str,
    /// The organisation's number; `0` for none.
    pub(super) organisation: &'s str,
}

impl Signer<'_> {
    /// The headers of one request. `path`: as it is sent, without the query.
    pub(super) fn headers(&self, path: &str, seconds: i64) -> Vec<(String, Secret)> {
        let (client, key) = parts(self.app);
        let now = seconds.to_string();
        // The SDK uses the time as nonce too.
        let message = format!("POST\n{}\n\nx-api-nonce:{now}\nx-api-timestamp:{now}\n", encoded(path));
        let data = format!("{},{},{},{}", self.account, self.user, self.lcid, self.organisation);
        let signature = keyed(&format!("{}{data}", self.app), self.secret.expose());
        let header = |name: &str, value: String| (name.to_owned(), Secret::new(value));
        vec![
            header("x-api-clientid", client.to_owned()),
            header("x-api-auth-version", "2.0".into()),
            header("x-api-timestamp", now.clone()),
            header("x-api-nonce", now),
            header("x-api-signheaders", "x-api-timestamp,x-api-nonce".into()),
            header("x-api-signature", keyed(&message, &key)),
            header("x-kd-appkey", self.app.to_owned()),
            header("x-kd-appdata", STANDARD.encode(data)),
            header("x-kd-signature", signature),
        ]
    }
}

/// The client id and the key that an application's id holds; both empty where it is not of two parts.
fn parts(app: &str) -> (&str, String) {
    let mut parts = app.split('_');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(client), Some(hidden), None) => (client, unmasked(hidden)),
        _ => ("", String::new()),
    }
}

fn unmasked(hidden: &str) -> String {
    let bytes = STANDARD.decode(hidden).unwrap_or_default();
    let plain: Vec<u8> = bytes.iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
    STANDARD.encode(plain)
}

/// HMAC-SHA256 in hexadecimal, and that in base64.
fn keyed(message: &str, key: &str) -> String {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    STANDARD.encode(hex(&mac.finalize().into_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A path with everything encoded but what is unreserved, slashes too.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len() + 16), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const APP: &str = "299999_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
    const SECRET: &str = "00112233445566778899aabbccddeeff";
    const PATH: &str = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc";

    #[test]
    fn signatures_are_those_of_the_official_sdk() {
        // targets/kingdee.md 3.4: made by running the SDK with time pinned.
        assert_eq!(parts(APP), ("299999", "MTI2MGM1Pj9qPDk/OT04KHMiKnd0IXMr".to_owned()));
        assert_eq!(encoded(PATH), PATH.replace('/', "%2F"));
        let secret = Secret::new(SECRET);
        let signer = Signer {
            account: "5f0a1b2c3d4e5f",
            user: "集成用户",
            app: APP,
            secret: &secret,
            lcid: "2052",
            organisation: "100",
        };
        let headers = signer.headers(PATH, 1_700_000_000);
        let header =
            |name: &str| headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.expose()).unwrap();
        assert_eq!(
            header("x-api-signature"),
            "ZDQ4NTViM2EzY2VjYjI1OTY2MmZjZjVhNjE0OTZiNDA3MmY4M2VjYzNlZDQ1YTNkMmY1NDdlNzQxYzI4OWMzYw=="
        );
        assert_eq!(header("x-kd-appdata"), "NWYwYTFiMmMzZDRlNWYs6ZuG5oiQ55So5oi3LDIwNTIsMTAw");
        assert_eq!(
            header("x-kd-signature"),
            "ZWYxMzFlZDA2ZjljZmFiODJlM2RjYzMwZGQ2NjZmNTc2ZTFhMWQ5MDU0NGNmY2Q3ZDgyMGE1ZTY5YWY5ZjhkMw=="
        );
        assert_eq!((header("x-api-timestamp"), header("x-api-nonce")), ("1700000000", "1700000000"));
        assert_eq!(header("x-api-clientid"), "299999");
        assert_eq!(
            of_login("5f0a1b2c3d4e5f", "集成用户", APP, &secret, 1_700_000_000),
            "eb0211d571fcfcd3dc3e5470aeceee8eab4c18c18123317bf55a5f5b3ced6208"
        );
    }

    #[test]
    fn an_application_id_of_another_form_signs_with_nothing() {
        for app in ["299999", "a_b_c", ""] {
            assert_eq!(parts(app), ("", String::new()), "{app}");
        }
        assert_eq!(parts("1_%%%").1, "", "what is no base64 is no key, and breaks nothing");
    }
}
