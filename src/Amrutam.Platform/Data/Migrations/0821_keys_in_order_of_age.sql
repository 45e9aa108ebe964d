-- Three pages of a BRIN index were read for each new key. In a tree new keys are appended to the page at its end, and
-- the oldest keys are found in order.
create index idempotency_keys_in_order_of_age on platform.idempotency_keys (created_at);
drop index platform.idempotency_keys_by_age;
alter index platform.idempotency_keys_in_order_of_age rename to idempotency_keys_by_age;
