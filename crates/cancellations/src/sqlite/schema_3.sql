-- Refund requests. A row is written before its request leaves, and is the fence itself.

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
    message           TEXT,
    due_at            INTEGER,
    worker            TEXT,
    log_entries       INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    FOREIGN KEY (account, order_id) REFERENCES orders (account, order_id)
) STRICT, WITHOUT ROWID;

-- One request per payment, under whatever name of the account; until it is proved not to
-- have been looked at, or a person says that the gateway has none.
CREATE UNIQUE INDEX refunds_once ON refunds (gateway, order_id)
    WHERE outcome IS NULL OR outcome NOT IN ('not_sent', 'resolved_not_received');
CREATE INDEX refunds_of_order ON refunds (account, order_id, created_at);
CREATE INDEX refunds_pending ON refunds (created_at, id)
    WHERE outcome IS NULL OR finding IS NOT NULL;

CREATE TRIGGER refunds_are_never_deleted BEFORE DELETE ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund request is never forgotten'); END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER refunds_are_never_replaced BEFORE INSERT ON refunds
WHEN EXISTS (SELECT 1 FROM refunds WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a refund request is never forgotten'); END;
CREATE TRIGGER refunds_stay_with_their_payment
BEFORE UPDATE OF id, account, order_id, gateway, amount, currency, confirmation_code ON refunds
BEGIN SELECT RAISE(ABORT, 'a refund request stays with its payment'); END;
-- Nothing that may have left becomes unsent and leaves again.
CREATE TRIGGER refunds_are_sent_once BEFORE UPDATE OF state ON refunds
WHEN NEW.state = 'sending' AND OLD.state <> 'sending'
BEGIN SELECT RAISE(ABORT, 'a refund request is sent once'); END;
-- What the gateway has, or had, makes no room for another request.
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
