-- A store as the second version of the program left it: a dump, with the two marks of the
-- file at the end.
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE attempts (
    cancellation TEXT NOT NULL REFERENCES cancellations (id),
    number       INTEGER NOT NULL,
    account      TEXT NOT NULL,
    order_id     TEXT NOT NULL,
    once_only    INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    -- 'sending', 'taken_back', or the name of the event that ended it.
    result       TEXT NOT NULL, gateway TEXT,
    PRIMARY KEY (cancellation, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "attempts" VALUES('01a21fe9-4c25-73ca-bf4c-28718d62483d',1,'pesapal','7d29825c-7552-4255-83cf-17102b7f7f86',1,1795831712825942,1795831712843024,'unclear','pesapal');
INSERT INTO "attempts" VALUES('01a21fe9-50b9-7078-8c17-c34af29f0df4',1,'pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c',1,1795831713999889,1795831714009343,'answered_yes','pesapal');
INSERT INTO "attempts" VALUES('01a21fe9-5263-72ee-aeb1-e5985acbb681',1,'kwikpaisa','6116229263036',0,1795831714419404,1795831714423326,'answered_yes','kwikpaisa');
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
INSERT INTO "cancellations" VALUES('01a21fe9-4c25-73ca-bf4c-28718d62483d',12,'pesapal','7d29825c-7552-4255-83cf-17102b7f7f86',NULL,'amina','needs_review',NULL,NULL,1,1,0,1795831712825935,1795831712825935,NULL,4,'unpaid',NULL,NULL,'status unpaid; a person must look at the gateway''s dashboard and decide',NULL,NULL,8,1795831712805127,1795831713831600);
INSERT INTO "cancellations" VALUES('01a21fe9-50b9-7078-8c17-c34af29f0df4',5,'pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c',NULL,'amina','done','confirmed',NULL,1,1,0,1795831713999883,1795831713999883,NULL,0,'paid',NULL,'late_payment','status paid; paid after it was reported cancelled',NULL,NULL,5,1795831713977218,1795831714233169);
INSERT INTO "cancellations" VALUES('01a21fe9-5263-72ee-aeb1-e5985acbb681',4,'kwikpaisa','6116229263036','called','amina','done','confirmed',NULL,1,1,0,1795831714419397,1795831714419397,NULL,0,'cancelled',NULL,NULL,'status cancelled; the order is cancelled',NULL,NULL,4,1795831714403960,1795831714426303);
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
INSERT INTO "events" VALUES(1,'01a21fe9-4c25-73ca-bf4c-28718d62483d',1,1795831712805127,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(2,'01a21fe9-4c25-73ca-bf4c-28718d62483d',2,1795831712825942,'status','requested','sending','duka 962','status unpaid');
INSERT INTO "events" VALUES(3,'01a21fe9-4c25-73ca-bf4c-28718d62483d',3,1795831712843024,'unclear','sending','in_doubt','duka 962','cancel request: gateway out of reach: the connection to 127.0.0.1:4987 ended before an answer: connection closed before message completed');
INSERT INTO "events" VALUES(4,'01a21fe9-4c25-73ca-bf4c-28718d62483d',4,1795831712850282,'status','in_doubt','in_doubt','duka 962','status unpaid');
INSERT INTO "events" VALUES(5,'01a21fe9-4c25-73ca-bf4c-28718d62483d',5,1795831712959486,'status','in_doubt','in_doubt','duka 962','status unpaid');
INSERT INTO "events" VALUES(6,'01a21fe9-4c25-73ca-bf4c-28718d62483d',6,1795831713138475,'status','in_doubt','in_doubt','duka 962','status unpaid');
INSERT INTO "events" VALUES(7,'01a21fe9-4c25-73ca-bf4c-28718d62483d',7,1795831713546201,'status','in_doubt','in_doubt','duka 962','status unpaid');
INSERT INTO "events" VALUES(8,'01a21fe9-4c25-73ca-bf4c-28718d62483d',8,1795831713831600,'status','in_doubt','needs_review','duka 962','status unpaid');
INSERT INTO "events" VALUES(9,'01a21fe9-50b9-7078-8c17-c34af29f0df4',1,1795831713977218,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(10,'01a21fe9-50b9-7078-8c17-c34af29f0df4',2,1795831713999889,'status','requested','sending','duka 1038','status unpaid');
INSERT INTO "events" VALUES(11,'01a21fe9-50b9-7078-8c17-c34af29f0df4',3,1795831714009343,'answered_yes','sending','accepted','duka 1038','answered yes: Order successfully cancelled.');
INSERT INTO "events" VALUES(12,'01a21fe9-50b9-7078-8c17-c34af29f0df4',4,1795831714027896,'status','accepted','done: confirmed','duka 1038','status unpaid');
INSERT INTO "events" VALUES(13,'01a21fe9-50b9-7078-8c17-c34af29f0df4',5,1795831714233169,'status','done: confirmed','done: confirmed','duka 1063','status paid');
INSERT INTO "events" VALUES(14,'01a21fe9-5263-72ee-aeb1-e5985acbb681',1,1795831714403960,'requested',NULL,'requested','amina','called');
INSERT INTO "events" VALUES(15,'01a21fe9-5263-72ee-aeb1-e5985acbb681',2,1795831714419404,'status','requested','sending','duka 1097','status unpaid');
INSERT INTO "events" VALUES(16,'01a21fe9-5263-72ee-aeb1-e5985acbb681',3,1795831714423326,'answered_yes','sending','accepted','duka 1097','answered yes: Order cancelled successfully.');
INSERT INTO "events" VALUES(17,'01a21fe9-5263-72ee-aeb1-e5985acbb681',4,1795831714426303,'status','accepted','done: confirmed','duka 1097','status cancelled');
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
    follow          TEXT NOT NULL CHECK (follow IN ('open', 'in_hand', 'settled')), unknown_status TEXT,
    PRIMARY KEY (account, order_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "orders" VALUES('kwikpaisa','6116229263036','integer','kwikpaisa','6116229263036',1795831712237676,'105.50','INR',NULL,NULL,'cancelled','CANCELLED','105.50','INR',1795831714426280,1795831714426303,'settled',NULL);
INSERT INTO "orders" VALUES('pesapal','657eecdd-3cb1-4d09-82d3-26e0055bdef6','text','pesapal','SHOP-1',1795831710419222,'1500','KES',NULL,NULL,'paid','Completed','1500.00','KES',1795831712666888,NULL,'settled',NULL);
INSERT INTO "orders" VALUES('pesapal','7d29825c-7552-4255-83cf-17102b7f7f86','text','pesapal','SHOP-2',1795831711019735,'1500','KES',NULL,NULL,'unpaid','INVALID','1500.00','KES',1795831713831566,1795831713831600,'in_hand',NULL);
INSERT INTO "orders" VALUES('pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c','text','pesapal','SHOP-3',1795831711661741,'250.50','KES',NULL,NULL,'paid','Completed','250.50','KES',1795831714233169,1795831714233169,'settled',NULL);
CREATE INDEX orders_open ON orders (created_at, account, order_id) WHERE follow = 'open';
CREATE INDEX orders_by_id ON orders (order_id);
CREATE INDEX orders_by_reference ON orders (reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX cancellations_one_open ON cancellations (account, order_id)
    WHERE state <> 'done';
CREATE INDEX cancellations_of_order ON cancellations (account, order_id, created_at);
CREATE INDEX cancellations_due ON cancellations (account, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX cancellations_by_age ON cancellations (created_at, id);
CREATE INDEX cancellations_unsettled ON cancellations (created_at, id)
    WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX attempts_once ON attempts (account, order_id)
    WHERE once_only = 1 AND result <> 'taken_back';
CREATE INDEX attempts_of_order ON attempts (account, order_id);
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM events WHERE cancellation = NEW.cancellation AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE UNIQUE INDEX attempts_once_at_gateway ON attempts (order_id, gateway)
    WHERE once_only = 1 AND result <> 'taken_back';
CREATE INDEX cancellations_pending ON cancellations (created_at, id)
    WHERE state IN ('sending', 'in_doubt', 'needs_review') OR finding IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',17);
COMMIT;
PRAGMA application_id = 1685416801;
PRAGMA user_version = 2;
