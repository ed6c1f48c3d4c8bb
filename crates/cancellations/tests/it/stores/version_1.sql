-- A store as the first version of the program left it: a dump, with the two marks of the
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
    result       TEXT NOT NULL,
    PRIMARY KEY (cancellation, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "attempts" VALUES('01a201c6-608c-7c54-bfe3-76872e25a0ce',1,'kwikpaisa','6116229263036',0,1795326107795012,1795326107803574,'answered_yes');
INSERT INTO "attempts" VALUES('01a201c6-61bc-7441-ac4a-3c16a3ec5207',1,'pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c',1,1795326108123048,1795326108127274,'unclear');
INSERT INTO "attempts" VALUES('01a201c6-6616-7a3f-92ef-691610371773',1,'pesapal','a2f09dab-b45c-4316-ae52-1d7a0f4d3872',1,1795326109219099,1795326109221901,'answered_yes');
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
INSERT INTO "cancellations" VALUES('01a201c6-608c-7c54-bfe3-76872e25a0ce',4,'kwikpaisa','6116229263036','called','amina','done','confirmed',NULL,1,1,0,1795326107795006,1795326107795006,NULL,0,'cancelled',NULL,NULL,'status cancelled; the order is cancelled',NULL,NULL,4,1795326107788249,1795326107810612);
INSERT INTO "cancellations" VALUES('01a201c6-611a-7be5-8ef5-e4f7bbd515dd',2,'kwikpaisa','KANGA-2',NULL,'amina','done','skipped','not_eligible',0,0,0,NULL,NULL,NULL,0,'paid',NULL,NULL,'status paid; nothing was sent: not an order to be cancelled',NULL,NULL,2,1795326107930924,1795326107954283);
INSERT INTO "cancellations" VALUES('01a201c6-61bc-7441-ac4a-3c16a3ec5207',12,'pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c',NULL,'amina','needs_review',NULL,NULL,1,1,0,1795326108123042,1795326108123042,NULL,4,'unpaid',NULL,NULL,'status unpaid; a person must look at the gateway''s dashboard and decide',NULL,NULL,8,1795326108092301,1795326109127591);
INSERT INTO "cancellations" VALUES('01a201c6-6616-7a3f-92ef-691610371773',4,'pesapal','a2f09dab-b45c-4316-ae52-1d7a0f4d3872',NULL,'amina','done','confirmed',NULL,1,1,0,1795326109219094,1795326109219094,NULL,0,'unpaid',NULL,NULL,'status unpaid; the gateway answered that it cancelled the order, which no status shows here',NULL,NULL,4,1795326109206163,1795326109227078);
INSERT INTO "cancellations" VALUES('01a201c6-669c-787d-9455-4dcaf88940bd',2,'pesapal','a2f09dab-b45c-4316-ae52-1d7a0f4d3872',NULL,'amina','done','skipped','already_submitted',0,0,1,NULL,NULL,NULL,0,'unpaid',NULL,NULL,'status unpaid; nothing was sent: this gateway takes one cancel request per order, and it has been used',NULL,NULL,2,1795326109340651,1795326109345809);
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
INSERT INTO "events" VALUES(1,'01a201c6-608c-7c54-bfe3-76872e25a0ce',1,1795326107788249,'requested',NULL,'requested','amina','called');
INSERT INTO "events" VALUES(2,'01a201c6-608c-7c54-bfe3-76872e25a0ce',2,1795326107795012,'status','requested','sending','duka 6823','status unpaid');
INSERT INTO "events" VALUES(3,'01a201c6-608c-7c54-bfe3-76872e25a0ce',3,1795326107803574,'answered_yes','sending','accepted','duka 6823','answered yes: Order cancelled successfully.');
INSERT INTO "events" VALUES(4,'01a201c6-608c-7c54-bfe3-76872e25a0ce',4,1795326107810612,'status','accepted','done: confirmed','duka 6823','status cancelled');
INSERT INTO "events" VALUES(5,'01a201c6-611a-7be5-8ef5-e4f7bbd515dd',1,1795326107930924,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(6,'01a201c6-611a-7be5-8ef5-e4f7bbd515dd',2,1795326107954283,'status','requested','done: skipped','duka 6835','status paid');
INSERT INTO "events" VALUES(7,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',1,1795326108092301,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(8,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',2,1795326108123048,'status','requested','sending','duka 6855','status unpaid');
INSERT INTO "events" VALUES(9,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',3,1795326108127274,'unclear','sending','in_doubt','duka 6855','cancel request: gateway out of reach: the connection to 127.0.0.1:4777 ended before an answer');
INSERT INTO "events" VALUES(10,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',4,1795326108134938,'status','in_doubt','in_doubt','duka 6855','status unpaid');
INSERT INTO "events" VALUES(11,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',5,1795326108285486,'status','in_doubt','in_doubt','duka 6855','status unpaid');
INSERT INTO "events" VALUES(12,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',6,1795326108428188,'status','in_doubt','in_doubt','duka 6855','status unpaid');
INSERT INTO "events" VALUES(13,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',7,1795326108837574,'status','in_doubt','in_doubt','duka 6855','status unpaid');
INSERT INTO "events" VALUES(14,'01a201c6-61bc-7441-ac4a-3c16a3ec5207',8,1795326109127591,'status','in_doubt','needs_review','duka 6855','status unpaid');
INSERT INTO "events" VALUES(15,'01a201c6-6616-7a3f-92ef-691610371773',1,1795326109206163,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(16,'01a201c6-6616-7a3f-92ef-691610371773',2,1795326109219099,'status','requested','sending','duka 7019','status unpaid');
INSERT INTO "events" VALUES(17,'01a201c6-6616-7a3f-92ef-691610371773',3,1795326109221901,'answered_yes','sending','accepted','duka 7019','answered yes: Order successfully cancelled.');
INSERT INTO "events" VALUES(18,'01a201c6-6616-7a3f-92ef-691610371773',4,1795326109227078,'status','accepted','done: confirmed','duka 7019','status unpaid');
INSERT INTO "events" VALUES(19,'01a201c6-669c-787d-9455-4dcaf88940bd',1,1795326109340651,'requested',NULL,'requested','amina',NULL);
INSERT INTO "events" VALUES(20,'01a201c6-669c-787d-9455-4dcaf88940bd',2,1795326109345809,'status','requested','done: skipped','duka 7036','status unpaid');
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
INSERT INTO "orders" VALUES('kwikpaisa','6116229263036','integer','kwikpaisa','6116229263036',1795326106443168,'105.50','INR',NULL,NULL,'cancelled','CANCELLED','105.50','INR',1795326107810583,1795326107810612,'settled');
INSERT INTO "orders" VALUES('kwikpaisa','KANGA-2','text','kwikpaisa','KANGA-2',1795326106589943,'99','INR',NULL,NULL,'paid','PAID','99.00','INR',1795326107953841,1795326107954283,'settled');
INSERT INTO "orders" VALUES('kwikpaisa','KANGA-3','text','kwikpaisa','KANGA-3',1795326106740956,'10','INR',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'open');
INSERT INTO "orders" VALUES('pesapal','a2f09dab-b45c-4316-ae52-1d7a0f4d3872','text','pesapal','SHOP-2',1795326107087288,'1500','KES',NULL,NULL,'unpaid','INVALID','1500.00','KES',1795326109345781,1795326109345809,'settled');
INSERT INTO "orders" VALUES('pesapal','d254741f-599d-46f7-a963-0f7593d108c3','text','pesapal','SHOP-3',1795326107407049,'7','KES',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'open');
INSERT INTO "orders" VALUES('pesapal','edf5f1d9-0dca-4f6a-9449-6ad67bd2634c','text','pesapal','SHOP-1',1795326106950683,'1500','KES',NULL,NULL,'unpaid','INVALID','1500.00','KES',1795326109127563,1795326109127591,'in_hand');
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
CREATE INDEX cancellations_pending ON cancellations (created_at, id)
    WHERE state IN ('in_doubt', 'needs_review') OR finding IS NOT NULL;
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',20);
COMMIT;
PRAGMA application_id = 1685416801;
PRAGMA user_version = 1;
