-- The newest events are compared with their seals each minute, by one replica.
alter table audit.verification add column newest_checked_at timestamptz;
