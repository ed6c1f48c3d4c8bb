//! A socket that knows how far the request on it has come, and refuses what comes too early.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tracing::trace;

use crate::deadline::Late;
use crate::message::Intent;

/// How many interim replies (HTTP 1xx) are skipped before the answer. A gateway needs none;
/// a proxy may send a few while it waits.
pub(crate) const INTERIM_LIMIT: u32 = 16;

pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {
    /// Whether the operating system holds bytes, or the end, that were not read.
    ///
    /// The runtime may not have heard of them yet, and then a read finds nothing.
    fn holds_unread(&self) -> bool;
}

impl Socket for TcpStream {
    fn holds_unread(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        match SockRef::from(self).peek(&mut byte) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

impl Socket for TlsStream<TcpStream> {
    fn holds_unread(&self) -> bool {
        self.get_ref().0.holds_unread()
    }
}

/// Whether a connection has answered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Later,
}

/// How far the request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ready,
    Announced,
    Leaving,
    Left,
}

#[derive(Debug)]
struct Progress {
    /// A mutation tells traces where it is, and its first byte waits for a poll of its own: a
    /// caller that looks at a clock before polling has looked at it just now, not before the
    /// request was put together.
    intent: Intent,
    turn: Turn,
    give_up: Instant,
    stage: Stage,
    /// Whether any byte of the request was handed to the socket.
    left: bool,
    /// Bytes came too early: nothing more is written, for HTTP would still flush.
    out_of_turn: bool,
    interims: u32,
    status: Option<u16>,
}

/// What a socket and the exchange on it know of each other.
#[derive(Debug, Clone)]
pub(crate) struct Watch(Arc<Mutex<Progress>>);

impl Watch {
    pub(crate) fn new(intent: Intent, give_up: Instant) -> Self {
        let progress = Progress::new(intent, Turn::First, give_up);
        Self(Arc::new(Mutex::new(progress)))
    }

    /// Another request begins on the same connection.
    pub(crate) fn begin_again(&self, intent: Intent, give_up: Instant) {
        *self.lock() = Progress::new(intent, Turn::Later, give_up);
    }

    pub(crate) fn intent(&self) -> Intent {
        self.lock().intent
    }

    pub(crate) fn turn(&self) -> Turn {
        self.lock().turn
    }

    pub(crate) fn give_up(&self) -> Instant {
        self.lock().give_up
    }

    /// Whether any byte of the request may have reached the other side.
    pub(crate) fn has_left(&self) -> bool {
        self.lock().left
    }

    /// Whether bytes came before they were asked for.
    pub(crate) fn is_out_of_turn(&self) -> bool {
        self.lock().out_of_turn
    }

    pub(crate) fn count_interim(&self) {
        let mut progress = self.lock();
        progress.interims = progress.interims.saturating_add(1);
    }

    pub(crate) fn is_flooded(&self) -> bool {
        self.lock().interims > INTERIM_LIMIT
    }

    /// The head of a reply is there.
    pub(crate) fn answered(&self, status: u16) {
        self.lock().status = Some(status);
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.lock().status
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    const fn new(intent: Intent, turn: Turn, give_up: Instant) -> Self {
        Self {
            intent,
            turn,
            give_up,
            stage: Stage::Ready,
            left: false,
            out_of_turn: false,
            interims: 0,
            status: None,
        }
    }

    /// Bytes have come. Fails if they cannot be the reply to this request.
    ///
    /// A server may refuse a request before it has read all of it. On a connection used before,
    /// that cannot be told from a reply that comes late to another.
    fn take_bytes(&mut self) -> io::Result<()> {
        let too_early = match self.stage {
            Stage::Ready | Stage::Announced => true,
            Stage::Leaving => self.turn == Turn::Later,
            Stage::Left => false,
        };
        self.out_of_turn |= too_early;
        self.check_turn()
    }

    fn passes(&mut self, stage: Stage, point: &'static str) {
        self.stage = stage;
        if self.intent == Intent::Mutation {
            trace!(point, "passes");
        }
    }

    fn check(&self) -> io::Result<()> {
        if Instant::now() >= self.give_up {
            return Err(Late.into());
        }
        if self.interims > INTERIM_LIMIT {
            return Err(io::Error::other("too many interim replies"));
        }
        self.check_turn()
    }

    fn check_turn(&self) -> io::Result<()> {
        if self.out_of_turn {
            let problem = "bytes came before the request had left";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(())
    }
}

/// The socket under an HTTP connection.
pub(crate) struct TrackedIo {
    socket: Box<dyn Socket>,
    watch: Watch,
}

impl TrackedIo {
    pub(crate) fn new(socket: Box<dyn Socket>, watch: Watch) -> Self {
        Self { socket, watch }
    }

    /// Before the first byte of a request: fails if anything has come that was not asked for.
    fn poll_quiet(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.socket).poll_read(context, &mut byte) {
            Poll::Ready(Ok(())) if byte.filled().is_empty() => {
                Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()))
            }
            Poll::Ready(Ok(())) => Poll::Ready(self.watch.lock().take_bytes()),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The runtime hears of them in its own turn. They may be a part of TLS and no
            // bytes of HTTP, so they are read rather than judged.
            Poll::Pending if self.socket.holds_unread() => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for TrackedIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Here too: the parser of HTTP reads on for as long as there is something to read.
        self.watch.lock().check()?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.lock().take_bytes()?;
        }
        read
    }
}

impl AsyncWrite for TrackedIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let watch = self.watch.clone();
        watch.lock().check()?;
        let stage = watch.lock().stage;
        if matches!(stage, Stage::Ready | Stage::Announced) {
            if stage == Stage::Ready && watch.intent() == Intent::Mutation {
                watch.lock().passes(Stage::Announced, "before_send");
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            std::task::ready!(self.poll_quiet(context))?;
        }
        {
            let mut progress = watch.lock();
            progress.stage = Stage::Leaving;
            // Before the write: a failed one may have written all the same.
            progress.left = true;
        }
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        let mut progress = self.watch.lock();
        if progress.stage == Stage::Leaving && matches!(flushed, Poll::Ready(Ok(()))) {
            progress.passes(Stage::Left, "after_send");
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
