-- Readers, the feed and proofs go by position. New entries come in at the index's end, on a page that is in memory, and
-- a reader looks there four times a second: the summary (BRIN) that was here would have it read whole page ranges.
drop index audit.events_by_position;
create index events_by_position on audit.events (position);
