-- When a message that waits for its next attempt was due at first. Null: it was not postponed.
alter table notifications.messages add column first_due_at timestamptz;
