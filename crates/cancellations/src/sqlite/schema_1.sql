-- Moments are microseconds since 1970 in UTC; amounts are decimal text.

CREATE TABLE orders (
    account         TEXT NOT NULL,
    order_id        TEXT NOT NULL,
    form            TEXT NOT NULL CHECK (form IN ('integer', 'text')),
    gateway         TEXT NOT NULL,
    reference       TEXT,
    created_at      INTEGER NOT NULL,
    amount          TEXT,
    currency        TEXT,
    method          TEXT,
    note            TEXT,
    status          TEXT,
    raw_status      TEXT,
    status_amount   TEXT,
    status_currency TEXT,
    observed_at     INTEGER,
    touched_at      INTEGER,
    follow          TEXT NOT NULL CHECK (follow IN ('open', 'in_hand', 'settled')),
    PRIMARY KEY (account, order_id)
) STRICT, WITHOUT ROWID;

-- What a sweep looks at; an order that has ended leaves it.
CREATE INDEX orders_open ON orders (created_at, account, order_id) WHERE follow = 'open';
CREATE INDEX orders_by_id ON orders (order_id);
CREATE INDEX orders_by_reference ON orders (reference) WHERE reference IS NOT NULL;

CREATE TABLE cancellations (
    id           TEXT NOT NULL PRIMARY KEY,
    version      INTEGER NOT NULL,
    account      TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    reason       TEXT,
    actor        TEXT NOT NULL,
    state        TEXT NOT NULL,
    outcome      TEXT,
    skip_reason  TEXT,
    attempts     INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    spent        INTEGER NOT NULL,
    sent_at      INTEGER,
    doubt_since  INTEGER,
    stuck_since  INTEGER,
    fruitless    INTEGER NOT NULL,
    verified     TEXT,
    verified_raw TEXT,
    finding      TEXT,
    message      TEXT,
    due_at       INTEGER,
    worker       TEXT,
    log_entries  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    FOREIGN KEY (account, order_id) REFERENCES orders (account, order_id)
) STRICT, WITHOUT ROWID;

-- One open cancellation per order, whoever asks.
CREATE UNIQUE INDEX cancellations_one_open ON cancellations (account, order_id)
    WHERE state <> 'done';
CREATE INDEX cancellations_of_order ON cancellations (account, order_id, created_at);
CREATE INDEX cancellations_due ON cancellations (account, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX cancellations_by_age ON cancellations (created_at, id);
CREATE INDEX cancellations_unsettled ON cancellations (created_at, id)
    WHERE due_at IS NOT NULL;
CREATE INDEX cancellations_pending ON cancellations (created_at, id)
    WHERE state IN ('in_doubt', 'needs_review') OR finding IS NOT NULL;

CREATE TABLE attempts (
    cancellation TEXT NOT NULL REFERENCES cancellations (id),
    number       INTEGER NOT NULL,
    account      TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    once_only    INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    -- 'sending', 'taken_back', or the name of the event that ended it.
    result       TEXT NOT NULL,
    PRIMARY KEY (cancellation, number)
) STRICT, WITHOUT ROWID;

-- The fence: where a gateway takes one request per order, a second cannot be written
-- down, and what is not written down is not sent.
CREATE UNIQUE INDEX attempts_once ON attempts (account, order_id)
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
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM events WHERE cancellation = NEW.cancellation AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
