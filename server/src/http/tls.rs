//! TLS of our own, for those who have no proxy in front: HTTP/1.1 and HTTP/2, with a certificate that is read anew when
//! its files change.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use crate::config::TlsFiles;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many may be at it at once; whoever comes then waits in the socket's queue.
const HANDSHAKES: usize = 256;
/// How long to wait before the next connection where there is no room for any: out of files, say.
const NO_ROOM: Duration = Duration::from_millis(200);

/// A socket that speaks TLS. Clients shake hands side by side: a slow one holds nobody up.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
    _accepting: AbortOnDropHandle<()>,
}

impl TlsListener {
    /// Speaks TLS on a socket that listens already.
    ///
    /// # Errors
    /// Where the certificate or its key cannot be read, or do not belong together.
    pub fn new(listener: TcpListener, files: TlsFiles) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let certificate = Arc::new(Certificate::read(files)?);
        let (sender, ready) = mpsc::channel(HANDSHAKES);
        let accepting = AbortOnDropHandle::new(tokio::spawn(accept(listener, certificate, sender)));
        Ok(Self { ready, address, _accepting: accepting })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task that accepts ends with the listener and not before.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

async fn accept(
    listener: TcpListener,
    certificate: Arc<Certificate>,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!("no connection is accepted: {error}");
                tokio::time::sleep(NO_ROOM).await;
                continue;
            }
        };
        let (certificate, ready) = (certificate.clone(), ready.clone());
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(certificate.current().await);
            match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(ready.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, "no handshake: {error}"),
                Err(_) => tracing::debug!(%address, "a handshake took too long"),
            }
            drop(permit);
        });
    }
}

/// When a file was last written, and how long it is: what tells that it is another one.
type Stamp = Option<(SystemTime, u64)>;

/// The certificate as it was last read.
struct Certificate {
    files: TlsFiles,
    held: Mutex<(Arc<ServerConfig>, [Stamp; 2])>,
}

impl Certificate {
    fn read(files: TlsFiles) -> io::Result<Self> {
        // The stamps first: what is written meanwhile is read again.
        let stamps = [stamp(&files.certificate), stamp(&files.key)];
        let config = config(&files)?;
        Ok(Self { files, held: Mutex::new((config, stamps)) })
    }

    /// What the next handshake uses: read anew where the files have changed. One that cannot be used, such as a
    /// certificate whose key is not written yet, leaves the one before in use.
    async fn current(self: Arc<Self>) -> Arc<ServerConfig> {
        let asked = self.clone();
        let looked = tokio::task::spawn_blocking(move || asked.look()).await;
        looked.unwrap_or_else(|_| self.held().0.clone())
    }

    fn look(&self) -> Arc<ServerConfig> {
        let stamps = [stamp(&self.files.certificate), stamp(&self.files.key)];
        let mut held = self.held();
        if held.1 != stamps {
            held.1 = stamps;
            match config(&self.files) {
                Ok(config) => {
                    tracing::info!("the certificate has changed and is in use");
                    held.0 = config;
                }
                Err(error) => tracing::warn!("the certificate stays as it was: {error}"),
            }
        }
        held.0.clone()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, (Arc<ServerConfig>, [Stamp; 2])> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn config(files: &TlsFiles) -> io::Result<Arc<ServerConfig>> {
    let at = |path: &Path, error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| at(&files.certificate, &e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| at(&files.key, &e))?;
    let build = || -> Result<ServerConfig, rustls::Error> {
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
    };
    let mut config = build().map_err(|e| at(&files.certificate, &e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
