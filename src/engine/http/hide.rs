//! Secrets out of texts: what a service says back (an error that repeats the request's headers, say) ends in outcomes, and so
//! on screens and in the journal.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What is shorter is no secret, and would only make holes into words.
const SHORTEST: usize = 4;

/// What is shorter is not looked for within base64: too few letters of it are left.
const SHORTEST_CODED: usize = 8;

/// Masks a secret in a text, in every form in which a service might repeat it.
pub(super) fn hide(text: &mut String, secret: &str) {
    if secret.len() < SHORTEST {
        return;
    }
    for form in forms(secret) {
        if text.contains(&form) {
            *text = text.replace(&form, "***");
        }
    }
}

/// Whether a body holds a secret as it is, or as it stands within JSON.
pub(super) fn repeats(body: &[u8], secret: &str) -> bool {
    let quoted = serde_json::Value::from(secret).to_string();
    let quoted = quoted.trim_matches('"');
    memchr::memmem::find(body, secret.as_bytes()).is_some()
        || (quoted != secret && memchr::memmem::find(body, quoted.as_bytes()).is_some())
}

/// The secret itself, within JSON, percent-encoded, as a form has it, and within base64 wherever it begins there.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    let quoted = serde_json::Value::from(secret).to_string();
    forms.push(quoted.trim_matches('"').to_owned());
    let percent = |upper: bool, blank: &str| {
        secret.bytes().fold(String::new(), |text, byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text + char::from(byte).encode_utf8(&mut [0; 4])
            }
            b' ' => text + blank,
            _ if upper => text + &format!("%{byte:02X}"),
            _ => text + &format!("%{byte:02x}"),
        })
    };
    forms.extend([percent(true, "%20"), percent(false, "%20"), percent(true, "+")]);
    if secret.len() >= SHORTEST_CODED {
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret.as_bytes());
            for coded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                // The first and last letters hold bits of what stands beside it.
                let from = (before * 8).div_ceil(6);
                let to = (bytes.len() * 8) / 6;
                forms.extend(coded.get(from..to).map(str::to_owned));
            }
        }
    }
    // Longer ones first: one may be part of another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_in_every_form_that_a_service_may_repeat() {
        let secret = "s3cr\"t/+ token=1";
        let pair = STANDARD_NO_PAD.encode(format!("lena:{secret}"));
        let longer = URL_SAFE_NO_PAD.encode(format!("client-7:{secret}:more"));
        for told in [
            format!("Bearer {secret} is wrong"),
            format!("{{\"got\":{}}}", serde_json::Value::from(secret)),
            "?token=s3cr%22t%2F%2B%20token%3D1".to_owned(),
            "token=s3cr%22t%2F%2B+token%3D1".to_owned(),
            format!("Basic {pair}"),
            format!("Basic {longer}"),
        ] {
            let mut text = told.clone();
            hide(&mut text, secret);
            assert!(text.contains("***"), "{told} -> {text}");
            assert!(
                !text.contains("s3cr") && !text.contains(&pair[10..20]) && !text.contains(&longer[14..24]),
                "{text}"
            );
        }
        let mut word = "the key is wrong".to_owned();
        hide(&mut word, "key");
        assert_eq!(word, "the key is wrong");
    }
}
