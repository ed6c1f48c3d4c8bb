//! Reads a reply off a connection: the headers that matter, and a body of bounded length.

use bytes::Bytes;
use duka_core::{Delivery, Error, ErrorKind};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName};
use url::Url;

use crate::head;
use crate::message::Reply;

/// What is known of a reply before it comes.
pub(crate) struct ResponseBodyReader<'a> {
    pub(crate) asked: &'a Url,
    /// Host and port, for messages.
    pub(crate) authority: &'a str,
    pub(crate) body_cap: usize,
}

impl ResponseBodyReader<'_> {
    /// Reads all of a reply whose head is there. From here on the gateway has answered,
    /// whatever becomes of the body.
    pub(crate) async fn read<B>(&self, response: Response<B>) -> Result<Reply, Error>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        let mut reply = self.head(status, &head.headers);
        // What it announces is refused before a byte of it is read.
        let announced = body.size_hint().lower();
        if announced > self.body_cap as u64 {
            return Err(self.too_long(status));
        }
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| self.unreadable(status, "was cut off").with_source(error))?;
            // Trailers say nothing that we ask for.
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            if chunk.len() > self.body_cap - reply.body.len() {
                return Err(self.too_long(status));
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }

    fn head(&self, status: u16, headers: &HeaderMap) -> Reply {
        let text = |name| text_of(headers, name);
        let date = text(header::DATE).and_then(head::date);
        Reply {
            status,
            body: Vec::new(),
            content_type: text(header::CONTENT_TYPE).map(str::to_owned),
            retry_after: text(header::RETRY_AFTER).and_then(|it| head::retry_after(it, date)),
            date,
            location: text(header::LOCATION).and_then(|it| head::location_host(it, self.asked)),
        }
    }

    fn too_long(&self, status: u16) -> Error {
        let cap = self.body_cap;
        self.unreadable(status, &format!("is longer than {cap} bytes"))
    }

    pub(crate) fn unreadable(&self, status: u16, how: &str) -> Error {
        let message = format!("the reply of {} {how}", self.authority);
        Error::new(ErrorKind::UnreadableReply, Delivery::Answered, message).with_http_status(status)
    }
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
