//! The way from the names that servers have in the cloud to a fake of them.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::loopback::Loopback;

/// Starts a proxy that only forwards bytes (RFC 9110, 9.3.6), only for these hosts, and only to `front`.
///
/// # Errors
/// Those of listening.
pub(crate) fn start(hosts: &'static [&'static str], front: SocketAddr) -> io::Result<Loopback> {
    Loopback::start(0, move |stream| forward(stream, hosts, front))
}

async fn forward(
    mut client: TcpStream,
    hosts: &'static [&'static str],
    front: SocketAddr,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let is_known = |host: &&str| head.starts_with(format!("CONNECT {host}:443 ").as_bytes());
    if !hosts.iter().any(is_known) {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(front).await?;
    server.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
