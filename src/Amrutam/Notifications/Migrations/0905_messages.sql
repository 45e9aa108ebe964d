-- A person's wishes for messages. A person without a row has the defaults.
create table notifications.preferences (
    account_id uuid primary key,
    language text not null check (language in ('en', 'hi')),
    -- Null: times are in the doctor's zone.
    time_zone text,
    quiet_from time not null,
    quiet_until time not null,
    -- The channels of reminders. Changes of a visit cannot be turned off.
    reminders text[] not null check (reminders <@ array['email']),
    updated_at timestamptz not null default now()
);

-- A message about a visit: one for each event, receiver, channel and kind. It has no text. The text is written when the
-- message is sent, from the visit as it is then.
create table notifications.messages (
    id uuid primary key,
    event_position bigint not null,
    account_id uuid not null,
    channel text not null check (channel in ('email')),
    kind text not null check (kind in ('requested', 'booked', 'moved', 'cancelled', 'declined', 'expired', 'no_show',
        'reminder_day', 'reminder_hour')),
    booking_id uuid not null,
    -- The revision and the start of the visit that the message is about. It is dropped when they no longer stand.
    revision int not null,
    starts_at timestamptz not null,
    state text not null default 'due' check (state in ('due', 'sent', 'dropped', 'failed')),
    -- The code of the reason why it was not sent.
    reason text,
    attempts int not null default 0,
    due_at timestamptz not null,
    useless_after timestamptz not null,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    constraint one_message_per_event_and_receiver unique (event_position, account_id, channel, kind),
    constraint message_that_is_not_due_has_ended check ((state = 'due') = (ended_at is null)),
    constraint message_that_was_not_sent_has_a_reason check ((state in ('dropped', 'failed')) = (reason is not null))
) with (fillfactor = 85);
create index due_messages on notifications.messages (due_at) where state = 'due';
create index messages_of_an_account on notifications.messages (account_id, created_at, id);
create index ended_messages on notifications.messages (ended_at) where ended_at is not null;

-- Visits that were booked before there were messages are not announced.
insert into platform.event_readers (name, position)
select 'messages', coalesce(max(position), 0) from audit.events on conflict do nothing;
