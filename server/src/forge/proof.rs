//! Who calls: each service proves that it knows the secret in its own way.
//!
//! Every comparison takes a time that tells nothing about the secret (`crate::sign`).

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use launchway_domain::{Forge, Text, Timestamp};
use sha2::{Digest, Sha256};

use super::word;
use crate::sign;

/// How far Gitee's clock may be from ours, in milliseconds: what its documentation says.
const GITEE_SKEW: i64 = 3600 * 1000;
/// How far GitLab's clock may be from ours, in milliseconds: what Standard Webhooks, whose form its signature has, advises.
const GITLAB_SKEW: i64 = 5 * 60 * 1000;
/// What a GitLab signing token begins with; the rest is the key in base64.
const SIGNING_TOKEN: &str = "whsec_";

/// What a proven call is known by when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The service's id of the delivery, or what stands in for it.
    pub(crate) mark: Option<String>,
    /// The SHA-256 of the body, where the body is what is signed: a call with the same one is a repetition, whatever its
    /// headers say.
    pub(crate) digest: Option<String>,
}

/// Why a call is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// There is no signature or token.
    Missing,
    /// It is not by this secret.
    Wrong,
    /// It was signed too long ago, or in the future.
    Old,
}

impl Doubt {
    /// What the list of deliveries says. Whoever called is not told.
    pub(crate) fn reason(self) -> Text {
        match self {
            Doubt::Missing => Text::new(
                "There was no signature or token. Enter the webhook's secret at the service.",
                "请求没有签名或令牌，请在代码托管平台填写此 Webhook 的密钥。",
            ),
            Doubt::Wrong => Text::new(
                "The signature or token does not fit the secret of this webhook.",
                "签名或令牌与此 Webhook 的密钥不符。",
            ),
            Doubt::Old => Text::new(
                "It was signed too long ago, or one of the two clocks is wrong.",
                "签名时间过久，或双方时钟不一致。",
            ),
        }
    }
}

/// Whether a call was made by somebody who knows the secret.
///
/// # Errors
/// Why it is not believed.
pub(crate) fn check(
    kind: Forge,
    secret: &[u8],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Proof, Doubt> {
    match kind {
        Forge::GitHub => {
            let claimed = word(headers, "x-hub-signature-256").ok_or(Doubt::Missing)?;
            signed_body(secret, body, claimed.strip_prefix("sha256=").ok_or(Doubt::Wrong)?)?;
            Ok(by_body(word(headers, "x-github-delivery"), body))
        }
        Forge::Gitea => {
            let names = ["x-gitea-signature", "x-forgejo-signature"];
            let claimed = names.iter().find_map(|name| word(headers, name)).ok_or(Doubt::Missing)?;
            signed_body(secret, body, claimed)?;
            let names = ["x-gitea-delivery", "x-forgejo-delivery"];
            Ok(by_body(names.iter().find_map(|name| word(headers, name)), body))
        }
        Forge::GitLab => gitlab(secret, headers, body, now),
        Forge::Gitee => gitee(secret, headers, body, now),
    }
}

/// HMAC-SHA256 of the body in hexadecimal digits.
fn signed_body(secret: &[u8], body: &[u8], claimed: &str) -> Result<(), Doubt> {
    let claimed = hex::decode(claimed).map_err(|_| Doubt::Wrong)?;
    if sign::verify(secret, &[body], &claimed) { Ok(()) } else { Err(Doubt::Wrong) }
}

fn by_body(mark: Option<&str>, body: &[u8]) -> Proof {
    Proof { mark: mark.map(str::to_owned), digest: Some(digest(body)) }
}

fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// GitLab sends its secret token, or signs id, time and body with its signing token.
fn gitlab(secret: &[u8], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Proof, Doubt> {
    if let Some(signatures) = word(headers, "webhook-signature") {
        let id = word(headers, "webhook-id").ok_or(Doubt::Missing)?;
        let time = word(headers, "webhook-timestamp").ok_or(Doubt::Missing)?;
        let text = std::str::from_utf8(secret).unwrap_or_default();
        let key = text.strip_prefix(SIGNING_TOKEN).and_then(|key| BASE64.decode(key).ok());
        let key = key.as_deref().unwrap_or(secret);
        let parts: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
        let claimed = signatures.split(' ').filter_map(|one| BASE64.decode(one.strip_prefix("v1,")?).ok());
        // All of them are looked at: which one fits is nobody's business.
        let fitting = claimed.filter(|claimed| sign::verify(key, &parts, claimed)).count();
        if fitting == 0 {
            return Err(Doubt::Wrong);
        }
        let seconds: i64 = time.parse().map_err(|_| Doubt::Old)?;
        fresh(seconds.saturating_mul(1000), now, GITLAB_SKEW)?;
        return Ok(Proof { mark: Some(id.to_owned()), digest: None });
    }
    let token = word(headers, "x-gitlab-token").ok_or(Doubt::Missing)?;
    if !sign::same(token.as_bytes(), secret) {
        return Err(Doubt::Wrong);
    }
    // The token is the secret itself: a body that comes again under another id proves nothing.
    let mark = word(headers, "idempotency-key").or_else(|| word(headers, "x-gitlab-event-uuid"));
    Ok(Proof { mark: Some(mark.map_or_else(|| digest(body), str::to_owned)), digest: None })
}

/// Gitee sends its password, or signs the time (and not the body) with it.
fn gitee(secret: &[u8], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Proof, Doubt> {
    let token = word(headers, "x-gitee-token").ok_or(Doubt::Missing)?;
    let time = word(headers, "x-gitee-timestamp");
    if sign::same(token.as_bytes(), secret) {
        let mark = format!("{} {}", time.unwrap_or_default(), digest(body));
        return Ok(Proof { mark: Some(mark), digest: None });
    }
    // A token without its time is no signature: the password, and a wrong one.
    let Some(time) = time else { return Err(Doubt::Wrong) };
    // In base64, and for some senders percent-encoded on top.
    let plain = token.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let claimed = BASE64.decode(&plain).map_err(|_| Doubt::Wrong)?;
    if !sign::verify(secret, &[time.as_bytes(), b"\n", secret], &claimed) {
        return Err(Doubt::Wrong);
    }
    fresh(time.parse().map_err(|_| Doubt::Old)?, now, GITEE_SKEW)?;
    Ok(Proof { mark: Some(format!("{time} {plain}")), digest: None })
}

fn fresh(then: i64, now: Timestamp, skew: i64) -> Result<(), Doubt> {
    if now.0.saturating_sub(then).saturating_abs() <= skew { Ok(()) } else { Err(Doubt::Old) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const BODY: &[u8] = b"{\"ref\":\"refs/tags/v1\"}";
    const SECRET: &[u8] = b"this is secret";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_bytes(k.as_bytes()).unwrap(), v.parse().unwrap())).collect()
    }

    fn ask(kind: Forge, pairs: &[(&str, &str)], body: &[u8]) -> Result<Proof, Doubt> {
        check(kind, SECRET, &headers(pairs), body, NOW)
    }

    #[test]
    fn github_and_gitea_sign_the_body() {
        // GitHub's documentation: "It's a Secret to Everybody" over "Hello, World!".
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let sent = headers(&[("x-hub-signature-256", signature), ("x-github-delivery", "d1")]);
        let proof = check(Forge::GitHub, b"It's a Secret to Everybody", &sent, b"Hello, World!", NOW).unwrap();
        assert_eq!(proof.mark.as_deref(), Some("d1"));
        assert!(proof.digest.is_some());

        let good = hex::encode(sign::hmac(SECRET, &[BODY]));
        let sent = [("x-gitea-signature", good.as_str()), ("x-gitea-delivery", "g1")];
        assert_eq!(ask(Forge::Gitea, &sent, BODY).unwrap().mark.as_deref(), Some("g1"));
        assert_eq!(ask(Forge::Gitea, &sent, b"{}"), Err(Doubt::Wrong));
        assert_eq!(ask(Forge::Gitea, &[("x-gitea-signature", "zz")], BODY), Err(Doubt::Wrong));
        assert_eq!(ask(Forge::GitHub, &[("x-hub-signature-256", &good)], BODY), Err(Doubt::Wrong));
        assert_eq!(ask(Forge::GitHub, &[], BODY), Err(Doubt::Missing));
    }

    #[test]
    fn gitlab_shows_its_token() {
        let proof = ask(Forge::GitLab, &[("x-gitlab-token", "this is secret"), ("idempotency-key", "k")], BODY);
        assert_eq!(proof.unwrap().mark.as_deref(), Some("k"));
        let proof = ask(Forge::GitLab, &[("x-gitlab-token", "this is secret"), ("x-gitlab-event-uuid", "u")], BODY);
        assert_eq!(proof.unwrap().mark.as_deref(), Some("u"));
        let proof = ask(Forge::GitLab, &[("x-gitlab-token", "this is secret")], BODY).unwrap();
        assert_eq!(proof.mark, Some(digest(BODY)));
        assert_eq!(ask(Forge::GitLab, &[("x-gitlab-token", "this is secre")], BODY), Err(Doubt::Wrong));
        assert_eq!(ask(Forge::GitLab, &[], BODY), Err(Doubt::Missing));
    }

    #[test]
    fn gitlab_signs_with_its_signing_token() {
        let secret = format!("whsec_{}", BASE64.encode([7; 32]));
        let signed = |id: &str, time: i64| {
            let signature = BASE64.encode(sign::hmac(&[7; 32], &[format!("{id}.{time}.").as_bytes(), BODY]));
            headers(&[
                ("webhook-id", id),
                ("webhook-timestamp", &time.to_string()),
                ("webhook-signature", &format!("v1,AAAA v1,{signature}")),
            ])
        };
        let check = |sent: &HeaderMap, body: &[u8]| check(Forge::GitLab, secret.as_bytes(), sent, body, NOW);
        let seconds = NOW.0 / 1000;
        assert_eq!(check(&signed("m1", seconds), BODY).unwrap().mark.as_deref(), Some("m1"));
        assert_eq!(check(&signed("m1", seconds), b"{}"), Err(Doubt::Wrong));
        assert_eq!(check(&signed("m1", seconds - 301), BODY), Err(Doubt::Old));
        let mut moved = signed("m1", seconds);
        moved.insert("webhook-id", "m2".parse().unwrap());
        assert_eq!(check(&moved, BODY), Err(Doubt::Wrong));
    }

    #[test]
    fn gitee_shows_its_password_or_signs_the_time() {
        let time = NOW.0.to_string();
        let proof = ask(Forge::Gitee, &[("x-gitee-token", "this is secret"), ("x-gitee-timestamp", &time)], BODY);
        assert!(proof.unwrap().mark.unwrap().starts_with(&time));
        let signed = |time: i64| BASE64.encode(sign::hmac(SECRET, &[time.to_string().as_bytes(), b"\n", SECRET]));
        let token = signed(NOW.0);
        let ask_at = |token: &str, time: i64| {
            ask(Forge::Gitee, &[("x-gitee-token", token), ("x-gitee-timestamp", &time.to_string())], BODY)
        };
        let plain = ask_at(&token, NOW.0).unwrap();
        let encoded = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(ask_at(&encoded, NOW.0).unwrap(), plain, "one call, however it is written");
        assert_eq!(ask_at(&token, NOW.0 + 1), Err(Doubt::Wrong));
        let old = NOW.0 - GITEE_SKEW - 1;
        assert_eq!(ask_at(&signed(old), old), Err(Doubt::Old));
        assert_eq!(ask(Forge::Gitee, &[("x-gitee-token", "guess")], BODY), Err(Doubt::Wrong));
    }
}
