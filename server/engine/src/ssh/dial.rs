//! From a name to a TCP connection on which a server has said a word.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use launchway_domain::text;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, connect, getsockopt, setsockopt, socket, sockopt,
};

use super::{Place, SshError, SshErrorKind};
use crate::wait::{Stop, Watch};

/// What the other side did first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// It spoke SSH, or might.
    Speaks,
    /// It closed the connection, as sshd does beyond MaxStartups.
    Closed,
}

/// Connects to the first address of the name that answers.
pub(super) fn dial(place: &Place, watch: &Watch) -> Result<TcpStream, SshError> {
    let addresses = resolve(place, watch)?;
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        // Every address gets its share of the time, so that a dead first one does not eat it all.
        let share = watch.left() / (addresses.len() - index) as u32;
        match connect_one(*address, &watch.at_most(share)) {
            Ok(stream) => return Ok(stream),
            Err(Failure::Stop(Stop::Canceled)) => return Err(place.canceled()),
            Err(failure) => last = Some(failure),
        }
    }
    Err(match last {
        Some(Failure::Os(Errno::ECONNREFUSED)) => SshError::new(
            SshErrorKind::Refused,
            text!(
                "{place} refuses the connection. Check the port, and that the SSH server is running.",
                "{place} 拒绝连接。请检查端口，并确认 SSH 服务正在运行。"
            ),
        ),
        Some(Failure::Os(Errno::ETIMEDOUT) | Failure::Stop(_)) => silent(place, watch),
        Some(Failure::Os(errno)) => {
            let why = errno.desc();
            SshError::new(
                SshErrorKind::Other,
                text!(
                    "{place} cannot be reached ({why}). Check the address and the network.",
                    "无法连接 {place}（{why}）。请检查地址和网络。"
                ),
            )
        }
        None => unknown_name(place),
    })
}

/// Nobody answered in time.
pub(super) fn silent(place: &Place, watch: &Watch) -> SshError {
    let seconds = watch.limit().as_secs_f32();
    SshError::new(
        SshErrorKind::Timeout,
        text!(
            "{place} did not answer within {seconds:.0} s. Check the address, the port and the firewall.",
            "{place} 在 {seconds:.0} 秒内没有应答。请检查地址、端口和防火墙。"
        ),
    )
}

/// Waits for the first bytes, without taking them off the stream.
pub(super) fn greeting(stream: &TcpStream, place: &Place, watch: &Watch) -> Result<Greeting, SshError> {
    let mut buffer = [0_u8; 64];
    loop {
        match stream.peek(&mut buffer) {
            Ok(0) => return Ok(Greeting::Closed),
            // OpenSSH's own words, since 8.5, before it hangs up.
            Ok(n) if buffer[..n].starts_with(b"Exceeded MaxStartups") => return Ok(Greeting::Closed),
            Ok(_) => return Ok(Greeting::Speaks),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(Greeting::Closed),
        }
        match watch.poll_one(stream.as_fd(), PollFlags::POLLIN) {
            Ok(()) => {}
            Err(Stop::Canceled) => return Err(place.canceled()),
            Err(Stop::Deadline) => {
                let seconds = watch.limit().as_secs_f32();
                return Err(SshError::new(
                    SshErrorKind::Timeout,
                    text!(
                        "{place} takes the connection but says nothing for {seconds:.0} s. Is an SSH server behind this port?",
                        "{place} 接受了连接，但在 {seconds:.0} 秒内没有任何响应。该端口上运行的是 SSH 服务吗？"
                    ),
                ));
            }
        }
    }
}

fn unknown_name(place: &Place) -> SshError {
    SshError::new(
        SshErrorKind::Dns,
        text!(
            "The name of {place} is not known. Check its spelling and the DNS.",
            "无法解析 {place} 的名称。请检查拼写和 DNS。"
        ),
    )
}

fn resolve(place: &Place, watch: &Watch) -> Result<Vec<SocketAddr>, SshError> {
    let bare = place.address.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, place.port)]);
    }
    // The system's resolver cannot be interrupted: it gets a thread of its own, and we stop waiting.
    let (sender, receiver) = channel();
    let target = (place.address.clone(), place.port);
    let spawned = std::thread::Builder::new().name("resolve".into()).spawn(move || {
        let _ = sender.send(target.to_socket_addrs().map(Iterator::collect::<Vec<_>>));
    });
    if let Err(error) = spawned {
        return Err(place.lost(&error.to_string()));
    }
    loop {
        match receiver.recv_timeout(Duration::from_millis(20)) {
            Ok(Ok(addresses)) if !addresses.is_empty() => return Ok(addresses),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return Err(unknown_name(place)),
            Err(RecvTimeoutError::Timeout) => match watch.check() {
                Ok(()) => {}
                Err(Stop::Canceled) => return Err(place.canceled()),
                Err(Stop::Deadline) => return Err(silent(place, watch)),
            },
        }
    }
}

enum Failure {
    Os(Errno),
    Stop(Stop),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Failure::Os(errno)
    }
}

fn connect_one(address: SocketAddr, watch: &Watch) -> Result<TcpStream, Failure> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?;
    match connect(fd.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) => {}
        Err(Errno::EINPROGRESS | Errno::EINTR) => loop {
            let mut fds = [nix::poll::PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
            watch.poll(&mut fds).map_err(Failure::Stop)?;
            if fds[0].revents().is_some_and(|events| !events.is_empty()) {
                match getsockopt(&fd, sockopt::SocketError)? {
                    0 => break,
                    errno => return Err(Failure::Os(Errno::from_raw(errno))),
                }
            }
        },
        Err(errno) => return Err(Failure::Os(errno)),
    }
    // A server that vanishes without a word (power, cable, a forgetful firewall) is noticed within
    // about a minute, idle or sending. None of these is worth failing for.
    let _ = setsockopt(&fd, sockopt::TcpNoDelay, &true);
    let _ = setsockopt(&fd, sockopt::KeepAlive, &true);
    #[cfg(target_os = "linux")]
    {
        let _ = setsockopt(&fd, sockopt::TcpKeepIdle, &15);
        let _ = setsockopt(&fd, sockopt::TcpKeepInterval, &10);
        let _ = setsockopt(&fd, sockopt::TcpKeepCount, &4);
        let _ = setsockopt(&fd, sockopt::TcpUserTimeout, &60_000);
    }
    Ok(TcpStream::from(fd))
}
