-- Timestamps are microseconds since 1970 in UTC; amounts are decimal text.

CREATE TABLE orders (
    account         TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    form            TEXT NOT NULL CHECK (form IN ('integer', 'text')),
    gateway         TEXT NOT NULL,
    reference       TEXT,
    -- The shop's own order number: what its attempts have in common.
    shop_order      TEXT,
    created_at      INTEGER NOT NULL,
    -- When it was last seen unpaid or failed, and when a payment was first seen under way after that.
    idle_at         INTEGER,
    used_at         INTEGER,
    age_from        INTEGER NOT NULL GENERATED ALWAYS AS
                        (max(created_at, coalesce(used_at, created_at))) VIRTUAL,
    expires_at      INTEGER,
    amount          TEXT,
    currency        TEXT,
    method          TEXT,
    note            TEXT,
    -- Where amount and created_at come from.
    origin          TEXT NOT NULL CHECK (origin IN ('list', 'caller')),
    -- Where the customer pays, while the order is open and it was created here.
    payment_link    TEXT,
    status          TEXT,
    raw_status      TEXT,
    -- The adapter's words for an unknown status; `raw_status` is the gateway's own word.
    unknown_status  TEXT,
    status_amount   TEXT,
    status_currency TEXT,
    observed_at     INTEGER,
    -- What the gateway tells about the order and its payment. Its times are its own text, and
    -- moments only where the time zone is known. Payer and accounts are personal data, kept only
    -- where a setting asks for it.
    gateway_id           TEXT,
    receipt              TEXT,
    gateway_method       TEXT,
    payment_account      TEXT,
    payer                TEXT,
    customer_account     TEXT,
    gateway_status_code  TEXT,
    description          TEXT,
    gateway_created      TEXT,
    gateway_created_at   INTEGER,
    gateway_paid         TEXT,
    gateway_paid_at      INTEGER,
    gateway_cancelled    TEXT,
    gateway_cancelled_at INTEGER,
    last_action_at  INTEGER,
    tracking        TEXT NOT NULL CHECK (tracking IN ('pending', 'in_progress', 'closed')),
    -- A person's decision that the order is not to be cancelled.
    held_at         INTEGER,
    held_by         TEXT,
    hold_note       TEXT,
    CHECK ((held_at IS NULL) = (held_by IS NULL) AND (held_at IS NULL) = (hold_note IS NULL)),
    PRIMARY KEY (account, order_id)
) STRICT, WITHOUT ROWID;

-- The orders that a sweep considers; closed and held orders are not in these indexes.
CREATE INDEX orders_pending ON orders (age_from, account, order_id)
    WHERE tracking = 'pending' AND held_at IS NULL;
CREATE INDEX orders_expiring ON orders (expires_at, account, order_id)
    WHERE tracking = 'pending' AND held_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX orders_held ON orders (held_at, account, order_id) WHERE held_at IS NOT NULL;
CREATE INDEX orders_by_id ON orders (order_id);
CREATE INDEX orders_by_reference ON orders (reference) WHERE reference IS NOT NULL;
CREATE INDEX orders_by_shop_order ON orders (shop_order, account) WHERE shop_order IS NOT NULL;

-- What people decide about orders.
CREATE TABLE order_events (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    order_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    event    TEXT NOT NULL CHECK (event IN ('held', 'released')),
    actor    TEXT NOT NULL,
    note     TEXT,
    FOREIGN KEY (account, order_id) REFERENCES orders (account, order_id)
) STRICT;

CREATE INDEX order_events_of_order ON order_events (account, order_id, seq);
CREATE TRIGGER order_events_are_never_changed BEFORE UPDATE ON order_events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER order_events_are_never_deleted BEFORE DELETE ON order_events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
-- REPLACE deletes rows without running the trigger above.
CREATE TRIGGER order_events_are_never_replaced BEFORE INSERT ON order_events
WHEN EXISTS (SELECT 1 FROM order_events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

-- Requests to create an order. A row is stored before its request is sent.
CREATE TABLE creations (
    id          TEXT NOT NULL PRIMARY KEY,
    account     TEXT NOT NULL,
    gateway     TEXT NOT NULL,
    reference   TEXT NOT NULL,
    shop_order  TEXT,
    expires_at  INTEGER,
    amount      TEXT NOT NULL,
    currency    TEXT NOT NULL,
    -- The order that it creates, where its id is known before.
    order_id    TEXT,
    -- What was known of that order where it was tracked before; it begins its life anew.
    earlier_created_at INTEGER,
    earlier_origin     TEXT,
    -- NULL while it is not known whether the order was created.
    outcome     TEXT CHECK (outcome IN ('created', 'not_created', 'acknowledged')),
    message     TEXT,
    started_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX creations_open ON creations (account, reference) WHERE outcome IS NULL;

CREATE TABLE cancellations (
    id              TEXT NOT NULL PRIMARY KEY,
    version         INTEGER NOT NULL,
    account         TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    reason          TEXT,
    actor           TEXT NOT NULL,
    -- The amount by the list, or the caller, that asked for the cancellation.
    listed_amount   TEXT,
    listed_currency TEXT,
    -- While a payment is under way, no request is sent before the order has this age, in
    -- microseconds. NULL where a caller has named the order.
    processing_min_age INTEGER,
    state           TEXT NOT NULL,
    outcome         TEXT,
    skip_reason     TEXT,
    attempts        INTEGER NOT NULL,
    requests        INTEGER NOT NULL,
    request_used    INTEGER NOT NULL,
    sent_at         INTEGER,
    doubt_since     INTEGER,
    blocked_since   INTEGER,
    failed_polls    INTEGER NOT NULL,
    verified        TEXT,
    verified_raw    TEXT,
    -- Whether a payment of another amount was seen.
    other_amount    INTEGER NOT NULL DEFAULT 0,
    -- What a person has still to acknowledge, and what one has acknowledged.
    finding         TEXT,
    acknowledged    TEXT,
    message         TEXT,
    -- When to work on it next; while a worker holds the lease, when the lease ends.
    due_at          INTEGER,
    -- The worker that holds the lease.
    worker          TEXT,
    log_entries     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    FOREIGN KEY (account, order_id) REFERENCES orders (account, order_id)
) STRICT, WITHOUT ROWID;

-- At most one open cancellation per order.
CREATE UNIQUE INDEX cancellations_one_open ON cancellations (account, order_id)
    WHERE state <> 'done';
CREATE INDEX cancellations_of_order ON cancellations (account, order_id, created_at);
CREATE INDEX cancellations_by_age ON cancellations (created_at, id);
CREATE INDEX cancellations_unsettled ON cancellations (created_at, id)
    WHERE due_at IS NOT NULL;
-- A request in *sending* may have been left by a worker that died.
CREATE INDEX cancellations_pending ON cancellations (created_at, id)
    WHERE state IN ('sending', 'in_doubt', 'needs_review') OR finding IS NOT NULL;

CREATE TABLE attempts (
    cancellation TEXT NOT NULL REFERENCES cancellations (id),
    number       INTEGER NOT NULL,
    account      TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    gateway      TEXT NOT NULL,
    once_only    INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    -- 'sending', 'taken_back', or the name of the event that ended it.
    result       TEXT NOT NULL,
    PRIMARY KEY (cancellation, number)
) STRICT, WITHOUT ROWID;

-- Where a gateway takes one request per order, a second request cannot be stored, and only
-- stored requests are sent. The gateway counts, not the account's name: a renamed account
-- still has the same orders.
CREATE UNIQUE INDEX attempts_once ON attempts (account, order_id)
    WHERE once_only = 1 AND result <> 'taken_back';
CREATE UNIQUE INDEX attempts_once_at_gateway ON attempts (order_id, gateway)
    WHERE once_only = 1 AND result <> 'taken_back';
CREATE INDEX attempts_of_order ON attempts (account, order_id);

CREATE TABLE events (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    cancellation TEXT NOT NULL REFERENCES cancellations (id),
    number       INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    event        TEXT NOT NULL,
    from_state   TEXT,
    to_state     TEXT NOT NULL,
    actor        TEXT NOT NULL,
    detail       TEXT,
    UNIQUE (cancellation, number)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
-- REPLACE deletes rows without running the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM events WHERE cancellation = NEW.cancellation AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

-- Refund requests. A row is stored before its request is sent, and the row itself prevents a
-- second request.

CREATE TABLE refunds (
    id                TEXT NOT NULL PRIMARY KEY,
    version           INTEGER NOT NULL,
    account           TEXT NOT NULL,
    order_id          TEXT NOT NULL,
    gateway           TEXT NOT NULL,
    amount            TEXT NOT NULL,
    currency          TEXT NOT NULL,
    confirmation_code TEXT,
    username          TEXT NOT NULL,
    remarks           TEXT NOT NULL,
    actor             TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('sending', 'in_doubt', 'done')),
    outcome           TEXT,
    finding           TEXT,
    acknowledged      TEXT,
    message           TEXT,
    due_at            INTEGER,
    worker            TEXT,
    log_entries       INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    FOREIGN KEY (account, order_id) REFERENCES orders (account, order_id)
) STRICT, WITHOUT ROWID;

-- One request per payment, under every name of the account, until it is proved that the
-- gateway did not process it, or a person states that the gateway has no request.
CREATE UNIQUE INDEX refunds_once ON refunds (gateway, order_id)
    WHERE outcome IS NULL OR outcome NOT IN ('not_sent', 'resolved_not_received');
CREATE INDEX refunds_of_order ON refunds (account, order_id, created_at);
CREATE INDEX refunds_pending ON refunds (created_at, id)
    WHERE outcome IS NULL OR finding IS NOT NULL;

CREATE TRIGGER refunds_are_never_deleted BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund request is never deleted'); END;
-- REPLACE deletes rows without running the trigger above.
CREATE TRIGGER refunds_are_never_replaced BEFORE INSERT ON refunds
WHEN EXISTS (SELECT 1 FROM refunds WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a refund request is never deleted'); END;
CREATE TRIGGER refunds_stay_with_their_payment
BEFORE UPDATE OF id, account, order_id, gateway, amount, currency, confirmation_code ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund request stays with its payment'); END;
-- A request that may have been sent does not become unsent.
CREATE TRIGGER refunds_are_sent_once BEFORE UPDATE OF state ON refunds
WHEN NEW.state = 'sending' AND OLD.state <> 'sending'
BEGIN SELECT RAISE(ABORT, 'a refund request is sent once'); END;
-- While the gateway has, or had, the request, no other request may be made.
CREATE TRIGGER refunds_keep_their_payment BEFORE UPDATE OF outcome ON refunds
WHEN OLD.outcome IN ('received', 'reversed', 'resolved_received')
    AND (NEW.outcome IS NULL OR NEW.outcome IN ('not_sent', 'resolved_not_received'))
BEGIN SELECT RAISE(ABORT, 'a refund request keeps its payment'); END;

CREATE TABLE refund_events (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    refund     TEXT NOT NULL REFERENCES refunds (id),
    number     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    event      TEXT NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    actor      TEXT NOT NULL,
    detail     TEXT,
    UNIQUE (refund, number)
) STRICT;

CREATE TRIGGER refund_events_are_never_changed BEFORE UPDATE ON refund_events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER refund_events_are_never_deleted BEFORE DELETE ON refund_events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER refund_events_are_never_replaced BEFORE INSERT ON refund_events
WHEN EXISTS (SELECT 1 FROM refund_events WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM refund_events WHERE refund = NEW.refund AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
