-- What the order costs by the list, or the caller, that asked for the cancellation.
ALTER TABLE cancellations ADD COLUMN listed_amount TEXT;
ALTER TABLE cancellations ADD COLUMN listed_currency TEXT;
