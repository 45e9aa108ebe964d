-- Admins list the messages that are in one state, the newest first.
create index messages_in_a_state on notifications.messages (state, created_at, id);
