//! A listener on 127.0.0.1 with a thread of its own.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A listener, and the tasks that serve its connections. They run on a thread of their own, so that a test may block
/// its own, as one does that waits for a child process. Dropped, all of them end before the drop returns.
#[derive(Debug)]
pub(crate) struct Loopback {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    /// Listens on this port, or with 0 on a free one.
    ///
    /// # Errors
    /// If the port is taken, or the system has no thread.
    pub(crate) fn start<F>(
        port: u16,
        mut serve: impl FnMut(TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let accept = async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
            let mut serving = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        count.fetch_add(1, Ordering::SeqCst);
                        serving.spawn(serve(stream));
                    }
                    // As when there are too many open files, some of which may be closed soon.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
                // What has ended takes no memory.
                while serving.try_join_next().is_some() {}
            }
        };
        let serve_until_stopped = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("fake".to_owned()).spawn(serve_until_stopped);
        Ok(Self { address, connections, stop: Some(stop), thread: Some(thread?) })
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // There is nobody to tell that it panicked.
            let _ = thread.join();
        }
    }
}
