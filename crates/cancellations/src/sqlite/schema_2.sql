-- The words of an unknown status, as the adapter put them; the gateway's own, which is all
-- that was kept before, may say less.
ALTER TABLE orders ADD COLUMN unknown_status TEXT;

UPDATE orders SET unknown_status = raw_status WHERE status = 'unknown';
