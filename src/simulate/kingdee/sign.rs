//! How Kingdee signs: SHA-256, HMAC, base64, and the two signatures of a signed call (targets/kingdee.md 3.3, 3.4).
//!
//! Written from the reference alone, so that it can tell whether a client signs as the reference says.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The key that the second part of an application's id is masked with.
const MASK: &[u8; 32] = b"0054f397c6234378b09ca7d3e5debce7";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = (u32::from(chunk[0]) << 16)
            | (u32::from(chunk.get(1).copied().unwrap_or(0)) << 8)
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(ALPHABET[(word >> (18 - 6 * place)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// What base64 with padding stands for; None where it is not base64.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return None;
    }
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in body.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        held = (held << 6) | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// The signature of a text: the HMAC as hex, and that text as base64.
fn signed(message: &str, key: &str) -> String {
    base64(hex(&hmac(key.as_bytes(), message.as_bytes())).as_bytes())
}

/// Client id and client secret that hide in an application's id; both empty where it has another form.
pub fn client(application: &str) -> (String, String) {
    let parts: Vec<&str> = application.split('_').collect();
    let [id, masked] = parts[..] else {
        return (String::new(), String::new());
    };
    let secret = match unbase64(masked) {
        Some(bytes) if masked.len() == 32 => {
            base64(&bytes.iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect::<Vec<_>>())
        }
        _ => String::new(),
    };
    (id.to_owned(), secret)
}

/// `X-Api-Signature` of a call to that path, as sent.
pub fn api_signature(application: &str, path: &str, nonce: &str, timestamp: &str) -> String {
    let path = path.replace('/', "%2F");
    let message = format!("POST\n{path}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n");
    signed(&message, &client(application).1)
}

/// `X-Kd-Signature` of what `X-Kd-Appdata` says.
pub fn kd_signature(application: &str, data: &str, secret: &str) -> String {
    signed(&format!("{application}{data}"), secret)
}

/// The `sign` of `LoginBySign`.
pub fn login_sign(data_center: &str, user: &str, application: &str, secret: &str, timestamp: &str) -> String {
    let mut parts = [data_center, user, application, secret, timestamp];
    parts.sort_unstable();
    hex(&Sha256::digest(parts.concat().as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const CENTER: &str = "5f0a1b2c3d4e5f";
    const USER: &str = "集成用户";
    const APPLICATION: &str = "299999_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
    const SECRET: &str = "00112233445566778899aabbccddeeff";

    // targets/kingdee.md 3.4: made by the vendor's own client with the time pinned.
    #[test]
    fn the_vectors_of_the_reference_come_out() {
        assert_eq!(client(APPLICATION), ("299999".to_owned(), "MTI2MGM1Pj9qPDk/OT04KHMiKnd0IXMr".to_owned()));
        let path = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc";
        assert_eq!(
            api_signature(APPLICATION, path, "1700000000", "1700000000"),
            "ZDQ4NTViM2EzY2VjYjI1OTY2MmZjZjVhNjE0OTZiNDA3MmY4M2VjYzNlZDQ1YTNkMmY1NDdlNzQxYzI4OWMzYw=="
        );
        let data = format!("{CENTER},{USER},2052,100");
        assert_eq!(base64(data.as_bytes()), "NWYwYTFiMmMzZDRlNWYs6ZuG5oiQ55So5oi3LDIwNTIsMTAw");
        assert_eq!(
            kd_signature(APPLICATION, &data, SECRET),
            "ZWYxMzFlZDA2ZjljZmFiODJlM2RjYzMwZGQ2NjZmNTc2ZTFhMWQ5MDU0NGNmY2Q3ZDgyMGE1ZTY5YWY5ZjhkMw=="
        );
        assert_eq!(
            login_sign(CENTER, USER, APPLICATION, SECRET, "1700000000"),
            "eb0211d571fcfcd3dc3e5470aeceee8eab4c18c18123317bf55a5f5b3ced6208"
        );
    }

    #[test]
    fn base64_leads_back_and_what_is_none_is_told() {
        for text in ["", "a", "ab", "abc", "集成用户,2052"] {
            assert_eq!(unbase64(&base64(text.as_bytes())).unwrap(), text.as_bytes());
        }
        for wrong in ["abc", "a===", "ab*=", "=abc"] {
            assert_eq!(unbase64(wrong), None, "{wrong}");
        }
    }

    // RFC 4231, test cases 2 and 6.
    #[test]
    fn the_mac_is_the_one_of_the_standard() {
        let mac = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let mac = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&mac), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn an_application_id_of_another_form_has_no_client() {
        assert_eq!(client("plain"), (String::new(), String::new()));
        assert_eq!(client("299999_short"), ("299999".to_owned(), String::new()));
        assert_eq!(client("a_b_c"), (String::new(), String::new()));
    }
}
