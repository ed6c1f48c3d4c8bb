//! The log of deliveries: the newest notifications, how often each was tried, and what it was answered.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use url::Position;

use crate::gateway::Gateway;
use crate::notification::{DeliveryMode, Form, Notification};

/// One notification to the merchant, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeliveryRecord {
    /// Counts all deliveries since the start, from 1.
    pub id: u64,
    /// When the order changed, by the emulator's clock.
    pub time: Timestamp,
    /// The gateway that sends it.
    pub gateway: Gateway,
    /// The order that changed, by the id that the control calls use.
    pub order: String,
    /// The HTTP method.
    pub method: &'static str,
    /// Where it is sent, without its query: a merchant may keep a secret in that.
    pub url: String,
    /// The body; empty where everything is in the query.
    pub body: String,
    /// Every attempt so far, the first one first.
    pub attempts: Vec<AttemptRecord>,
    /// Whether the merchant's server has taken it.
    pub taken: bool,
}

/// One attempt to deliver a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// When it ended, by the emulator's clock.
    pub time: Timestamp,
    /// The answer's HTTP status, if there was an answer.
    pub http_status: Option<u16>,
    /// What went wrong, if there was none.
    pub problem: Option<String>,
    /// Whether this answer ends the delivery.
    pub taken: bool,
}

#[derive(Debug)]
struct Entry {
    record: DeliveryRecord,
    notification: Notification,
}

/// A ring of the newest deliveries.
#[derive(Debug)]
pub(crate) struct DeliveryLog {
    capacity: usize,
    last: u64,
    newest: VecDeque<Entry>,
}

impl DeliveryLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            last: 0,
            newest: VecDeque::new(),
        }
    }

    /// Records a notification and gives it its id.
    pub(crate) fn open(&mut self, mut notification: Notification) -> Notification {
        self.last += 1;
        notification.delivery = self.last;
        let url = &notification.url;
        let record = DeliveryRecord {
            id: self.last,
            time: notification.at,
            gateway: notification.gateway,
            order: notification.order.clone(),
            method: match notification.form {
                Form::Get => "GET",
                Form::Post | Form::Signed { .. } => "POST",
            },
            url: format!("http://{}", &url[Position::BeforeHost..Position::AfterPath]),
            body: String::from_utf8_lossy(&notification.body).into_owned(),
            attempts: Vec::new(),
            taken: false,
        };
        if self.newest.len() >= self.capacity {
            self.newest.pop_front();
        }
        if self.capacity > 0 {
            let notification = notification.clone();
            self.newest.push_back(Entry {
                record,
                notification,
            });
        }
        notification
    }

    /// Adds an attempt, unless the record was dropped from the ring (or reset) meanwhile.
    pub(crate) fn tried(&mut self, id: u64, attempt: AttemptRecord) {
        if let Some(entry) = self.newest.iter_mut().find(|it| it.record.id == id) {
            entry.record.taken |= attempt.taken;
            entry.record.attempts.push(attempt);
        }
    }

    /// The notification of a delivery, to be sent once more, and its record.
    pub(crate) fn again(&self, id: u64) -> Option<(Notification, DeliveryRecord)> {
        let entry = self.newest.iter().find(|it| it.record.id == id)?;
        let mut notification = entry.notification.clone();
        notification.mode = DeliveryMode::Once;
        Some((notification, entry.record.clone()))
    }

    /// Forgets the records but goes on counting.
    pub(crate) fn clear(&mut self) {
        self.newest.clear();
    }

    pub(crate) fn snapshot(&self) -> Vec<DeliveryRecord> {
        self.newest.iter().map(|it| it.record.clone()).collect()
    }
}
