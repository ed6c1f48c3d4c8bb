-- The words of an unknown status, as the adapter put them; the gateway's own, which is all
-- that was kept before, may say less.
ALTER TABLE orders ADD COLUMN unknown_status TEXT;

UPDATE orders SET unknown_status = raw_status WHERE status = 'unknown';

-- The fence across the names of one account: whoever renames it still has the same orders.
-- Where an earlier version let two names send, the fence is down for that order already.
ALTER TABLE attempts ADD COLUMN gateway TEXT;

UPDATE attempts SET gateway = (
    SELECT o.gateway FROM orders o
    WHERE o.account = attempts.account AND o.order_id = attempts.order_id
) WHERE once_only = 0 OR NOT EXISTS (
    SELECT 1 FROM attempts other
    WHERE other.order_id = attempts.order_id AND other.account < attempts.account
      AND other.once_only = 1 AND other.result <> 'taken_back'
);

CREATE UNIQUE INDEX attempts_once_at_gateway ON attempts (order_id, gateway)
    WHERE once_only = 1 AND result <> 'taken_back';

-- A request that is on its way may be one that a dead worker has left.
DROP INDEX cancellations_pending;
CREATE INDEX cancellations_pending ON cancellations (created_at, id)
    WHERE state IN ('sending', 'in_doubt', 'needs_review') OR finding IS NOT NULL;
