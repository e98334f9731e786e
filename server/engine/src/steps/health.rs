//! The step that asks whether a server is well after the switch.
//!
//! Addresses and ports are called from the Launchway host, which stands where whoever writes a policy may not. So a name
//! is looked up here, every address that it has is judged, and the connection goes to one that was judged: not to this
//! host, not to the neighbourhood of its network card, where clouds keep their keys, unless one of the environment's own
//! servers is there. Of an answer, nothing but its status is looked at.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use launchway_domain::policy::fill;
use launchway_domain::{Health, HealthKind, Node, Text, text};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::connections::Line;
use super::{Context, Done, StepError, blocking};
use crate::log::LogHandle;
use crate::once::{Once, once};
use crate::planner::Target;

/// How much of a command's output is kept of each try, in bytes.
const OUTPUT: usize = 16 << 10;
/// Where clouds answer with keys, beside the neighbourhood of the network card (RFC 3927, RFC 4291).
const METADATA: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254))];

/// How one try ended.
enum Try {
    Well(String),
    NotYet(Text),
    /// No other try would end otherwise.
    Never(Text),
}

/// Asks until the server is well, or has failed.
pub(super) async fn gate(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let Some(health) = context.frozen.policy.rollout.health.clone() else { return Ok(Done::default()) };
    let (target, _) = context.target(node)?;
    let pause = Duration::from_secs(health.interval_seconds.unsigned_abs());
    let limit = Duration::from_secs(health.timeout_seconds.unsigned_abs().max(1));
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = tokio::select! {
            outcome = ask(context, node, target, &health, limit, &log) => outcome?,
            () = context.cancel.cancelled() => return Err(StepError::Canceled),
        };
        let of = health.tries;
        let why = match outcome {
            Try::Well(what) => {
                log.say(format!("{what} (try {tries} of {of})")).await;
                return Ok(Done::default());
            }
            Try::Never(why) => return Err(StepError::new(why)),
            Try::NotYet(why) => why,
        };
        if tries >= of {
            return Err(StepError::new(text!(
                "The server is not well after the switch: {} {tries} tries.",
                "切换后服务器健康检查未通过：{} 共尝试 {tries} 次。";
                why
            )));
        }
        log.say(format!("{} (try {tries} of {of})", why.en)).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = context.cancel.cancelled() => return Err(StepError::Canceled),
        }
    }
}

async fn ask(
    context: &Arc<Context>,
    node: &Node,
    target: &Target,
    health: &Health,
    limit: Duration,
    log: &LogHandle,
) -> Result<Try, StepError> {
    match health.kind {
        HealthKind::Http => {
            let url = address(context, target, health.url.as_deref().unwrap_or_default());
            match timeout(limit, http(context, &url, health.expected())).await {
                Ok(outcome) => Ok(outcome),
                Err(_) => Ok(late(&url, limit)),
            }
        }
        HealthKind::Tcp => {
            let port = health.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
            let place = format!("{}:{port}", target.address);
            match timeout(limit, TcpStream::connect((bare(&target.address), port))).await {
                Ok(Ok(_)) => Ok(Try::Well(format!("{place} accepts connections"))),
                Ok(Err(error)) => Ok(Try::NotYet(text!("{place} refuses: {error}.", "{place} 无法连接：{error}。"))),
                Err(_) => Ok(late(&place, limit)),
            }
        }
        HealthKind::Command => command(context, node, health, limit, log.clone()).await,
    }
}

fn late(what: &str, limit: Duration) -> Try {
    let seconds = limit.as_secs();
    Try::NotYet(text!("{what} gave no answer within {seconds} s.", "{what} 在 {seconds} 秒内没有响应。"))
}

/// An address of IPv6 without its brackets.
fn bare(address: &str) -> &str {
    address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address)
}

/// The address to call, its placeholders filled in.
fn address(context: &Context, target: &Target, url: &str) -> String {
    let host = bare(&target.address);
    // Within an address, one of IPv6 stands in brackets.
    let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
    let (port, release) = (target.port.to_string(), context.release.id.to_string());
    let values = [
        ("hostname", target.hostname.as_str()),
        ("address", host.as_str()),
        ("port", port.as_str()),
        ("environment", context.frozen.environment.as_str()),
        ("release", release.as_str()),
        ("commit", context.release.commit.as_str()),
    ];
    fill(url.trim(), &values)
}

async fn http(context: &Context, url: &str, expected: i64) -> Try {
    let refused = |why: Text| Try::Never(text!("{url} cannot be asked: {}", "无法请求 {url}：{}"; why));
    let Ok(parsed) = Url::parse(url) else {
        return refused(Text::new("this is no address. Correct the policy.", "地址无效，请修改发布策略。"));
    };
    let port = parsed.port_or_known_default().unwrap_or(80);
    let own = own_addresses(context).await;
    let (found, name) = match parsed.host() {
        Some(Host::Ipv4(ip)) => (vec![SocketAddr::new(ip.into(), port)], None),
        Some(Host::Ipv6(ip)) => (vec![SocketAddr::new(ip.into(), port)], None),
        Some(Host::Domain(name)) => match lookup_host((name, port)).await {
            Ok(found) => (found.collect(), Some(name.to_owned())),
            Err(error) => return Try::NotYet(text!("{name} is not found: {error}.", "找不到 {name}：{error}。")),
        },
        None => return refused(Text::new("it names no host.", "没有主机名。")),
    };
    // Every one: a name with a good and a bad address is a bad name.
    if let Some(bad) = found.iter().map(SocketAddr::ip).find(|ip| is_inward(*ip) && !own.contains(&ip.to_canonical())) {
        return refused(text!(
            "{bad} is an address of the Launchway host or of its network card's neighbourhood, and none of this environment's servers. Use the server's own address, or a command on the server.",
            "{bad} 是 Launchway 主机自身或其链路本地的地址，而不是此环境的服务器。请使用服务器自身的地址，或改用服务器上的命令。"
        ));
    }
    let mut client = reqwest::Client::builder()
        // A redirect leads where nobody has looked, and a proxy looks names up by itself.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Reading the system's certificates takes longer than most answers.
        .tls_built_in_root_certs(parsed.scheme() == "https")
        .referer(false)
        .user_agent(concat!("Launchway/", env!("CARGO_PKG_VERSION")));
    if let Some(name) = &name {
        client = client.resolve_to_addrs(name, &found);
    }
    let client = match client.build() {
        Ok(client) => client,
        Err(error) => return Try::NotYet(text!("No client: {error}.", "无法创建客户端：{error}。")),
    };
    match client.get(parsed).send().await {
        Ok(answer) if i64::from(answer.status().as_u16()) == expected => {
            Try::Well(format!("{url} answers {}", answer.status()))
        }
        Ok(answer) => {
            let status = answer.status();
            Try::NotYet(text!("{url} answers {status} and not {expected}.", "{url} 返回 {status}，而不是 {expected}。"))
        }
        Err(error) => {
            let why = cause(&error);
            Try::NotYet(text!("{url} gives no answer: {why}.", "{url} 没有响应：{why}。"))
        }
    }
}

/// The innermost reason, which is the one that says something.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// The addresses of the environment's servers.
async fn own_addresses(context: &Context) -> HashSet<IpAddr> {
    let mut own = HashSet::new();
    for target in &context.frozen.targets {
        let host = bare(&target.address);
        match host.parse::<IpAddr>() {
            Ok(ip) => {
                own.insert(ip.to_canonical());
            }
            Err(_) => {
                // One that has no address now is not called by it either.
                own.extend(lookup_host((host, 0)).await.into_iter().flatten().map(|found| found.ip().to_canonical()));
            }
        }
    }
    own
}

/// Whether an address leads back into the Launchway host or to what only its own network card reaches.
fn is_inward(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    METADATA.contains(&ip)
        || ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
            // fec0::/10 is the old name of the neighbourhood.
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments()[0] & 0xffc0 == 0xfec0,
        }
}

async fn command(
    context: &Arc<Context>,
    node: &Node,
    health: &Health,
    limit: Duration,
    log: LogHandle,
) -> Result<Try, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    let (run, expected) = (health.command.clone().unwrap_or_default(), health.expected());
    blocking(move || {
        let (target, _) = context.target(&node)?;
        let release = format!("{}/releases/{}", target.path, context.frozen.tree_of);
        let current = format!("{}/current", target.path);
        let seen = super::hook::environment(&context, &node, &release, &current, &target.hostname);
        // Not in this step's own session: it runs as a single command of a person's does, so that nothing of it goes on
        // past its limit, or where Launchway is gone.
        let name = format!("health-{}-{:08x}", context.release.id, rand::random::<u32>());
        let what = Once {
            base: target.path.as_bytes(),
            cwd: current.as_bytes(),
            env: &seen,
            name: &name,
            body: &run,
            within: limit,
            max_output: OUTPUT,
            cancel: context.cancel.clone(),
        };
        let mut line = Line::new(&context, target, context.within(context.limits.connect));
        let ended = match once(&mut line, &what) {
            Ok(ended) => ended,
            Err(_) if context.cancel.is_cancelled() => return Err(StepError::Canceled),
            Err(why) => return Ok(Try::NotYet(why)),
        };
        line.keep();
        log.output(&ended.output);
        Ok(match ended.status {
            _ if context.cancel.is_cancelled() => return Err(StepError::Canceled),
            Some(status) if i64::from(status) == expected => {
                Try::Well(format!("The command ends with exit status {status}"))
            }
            Some(status) => Try::NotYet(text!(
                "The command ends with exit status {status} and not {expected}.",
                "命令以退出状态 {status} 结束，而不是 {expected}。"
            )),
            None => late("The command", limit),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inward_is_known_by_its_address() {
        for bad in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "169.254.169.254",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
        ] {
            assert!(is_inward(bad.parse().unwrap()), "{bad}");
        }
        for good in ["10.1.2.3", "192.168.0.7", "172.16.0.1", "8.8.8.8", "fd12::1", "2606:4700::1111"] {
            assert!(!is_inward(good.parse().unwrap()), "{good}");
        }
    }
}
