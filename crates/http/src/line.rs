//! An open HTTP/1.1 connection, driven only by the task that has an exchange on it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use duka_core::Error;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::deadline::before;
use crate::message::Reply;
use crate::response_body::ResponseBodyReader;
use crate::tracked_io::{Socket, TrackedIo, Turn, Watch};

type Connection = http1::Connection<TokioIo<TrackedIo>, Full<Bytes>>;

/// A connection and the way to use it. No task works on it meanwhile: while it is not polled,
/// nothing is read or written, and what is dropped is closed.
pub(crate) struct Line {
    sender: http1::SendRequest<Full<Bytes>>,
    /// Gone once it has ended.
    connection: Option<Connection>,
    /// Whether it ended with bytes that belong to no reply.
    ended_untidy: bool,
    watch: Watch,
}

/// How an exchange on a connection can end without a whole reply.
#[derive(Debug)]
pub(crate) enum Ended {
    /// A head came, and the body could not be read.
    Answered(Error),
    Lost(hyper::Error),
    Late,
    /// Nothing but interim replies came, and more of them than are waited for.
    Flooded,
}

impl Line {
    pub(crate) async fn open(socket: Box<dyn Socket>, watch: Watch) -> Result<Self, hyper::Error> {
        let tracked_io = TrackedIo::new(socket, watch.clone());
        let (sender, connection) = http1::handshake(TokioIo::new(tracked_io)).await?;
        Ok(Self {
            sender,
            connection: Some(connection),
            ended_untidy: false,
            watch,
        })
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Sends and reads, and drives the connection meanwhile: all of it in this one future.
    pub(crate) async fn drive(
        &mut self,
        mut request: hyper::Request<Full<Bytes>>,
        response_body: &ResponseBodyReader<'_>,
    ) -> Result<Reply, Ended> {
        let Self {
            sender,
            connection,
            ended_untidy,
            watch,
        } = self;
        let counter = watch.clone();
        hyper::ext::on_informational(&mut request, move |_| counter.count_interim());
        let mut exchange = pin!(async {
            let response = sender.send_request(request).await.map_err(Ended::Lost)?;
            watch.answered(response.status().as_u16());
            response_body.read(response).await.map_err(Ended::Answered)
        });
        let give_up = watch.give_up();
        let driven = std::future::poll_fn(|context| {
            // The connection first: it moves the bytes that the exchange waits for. How it
            // ends does not matter, for the exchange learns of that by itself.
            drive(connection, ended_untidy, context);
            if watch.is_flooded() {
                return Poll::Ready(Err(Ended::Flooded));
            }
            exchange.as_mut().poll(context)
        });
        let outcome = before(give_up, driven).await.unwrap_or(Err(Ended::Late));
        match (outcome, watch.status()) {
            (Ok(reply), _) => Ok(reply),
            // What the socket refuses after the deadline looks like a connection that is lost.
            (Err(Ended::Late | Ended::Lost(_) | Ended::Answered(_)), status)
                if Instant::now() >= give_up =>
            {
                Err(status.map_or(Ended::Late, |status| {
                    Ended::Answered(response_body.unreadable(status, "did not end in time"))
                }))
            }
            (Err(ended), _) => Err(ended),
        }
    }

    /// After a whole reply: the connection, if it can be used again.
    pub(crate) async fn rest(mut self) -> Result<Option<Self>, OutOfStep> {
        std::future::poll_fn(|context| {
            drive(&mut self.connection, &mut self.ended_untidy, context);
            Poll::Ready(())
        })
        .await;
        match self.watch.turn() {
            Turn::Later if self.ended_untidy => Err(OutOfStep),
            // The first bytes on a connection can only be the first reply.
            Turn::Later | Turn::First => {
                let usable = self.connection.is_some() && self.sender.is_ready();
                Ok(usable.then_some(self))
            }
        }
    }
}

/// There is more behind a reply, which may have been meant for an earlier request.
pub(crate) struct OutOfStep;

/// Polls a connection, and takes it away when it has ended.
fn drive(connection: &mut Option<Connection>, ended_untidy: &mut bool, context: &mut Context<'_>) {
    if let Some(mut open) = connection.take() {
        if Pin::new(&mut open).poll(context).is_pending() {
            *connection = Some(open);
        } else {
            *ended_untidy = !open.into_parts().read_buf.is_empty();
        }
    }
}
