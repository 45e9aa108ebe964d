-- An account keeps a bounded number of keys of refused requests; the oldest are forgotten first.
create index idempotency_keys_of_refusals on platform.idempotency_keys (user_id, created_at) where status >= 400;
