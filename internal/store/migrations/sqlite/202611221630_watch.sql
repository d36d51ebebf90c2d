-- +goose Up
-- alerts is JSON; empty means the default.
alter table instance add column alerts text not null default '';

-- A row holds the measurements of a span of time. step is how many seconds one
-- point covers, 0 for those kept as they were made; fresh marks what is not in
-- the next step yet.
create table sample (
    instance_id text    not null references instance (id) on delete cascade,
    step        bigint  not null,
    began       bigint  not null,
    fresh       boolean not null,
    points      blob    not null,
    primary key (instance_id, step, began)
);
create index sample_age on sample (step, began);
create index sample_fresh on sample (began) where fresh;

-- What an instance's people were told. count is of this episode, held_back of
-- what no letter told yet.
create table alert (
    instance_id text    not null references instance (id) on delete cascade,
    kind        text    not null,
    firing      boolean not null,
    began       bigint  not null,
    last_at     bigint  not null,
    count       bigint  not null,
    letter_at   bigint  not null,
    held_back   bigint  not null,
    detail      text    not null,
    primary key (instance_id, kind)
) without rowid;
create index alert_firing on alert (instance_id) where firing;
create index alert_held_back on alert (letter_at) where held_back > 0;

create table notification (
    id             text   not null primary key,
    user_id        text   not null references app_user (id) on delete cascade,
    kind           text   not null,
    level          text   not null,
    reference      text   not null,
    title          text   not null,
    text           text   not null,
    name           text   not null,
    detail         text   not null,
    team_id        text   not null,
    application_id text   not null,
    instance_id    text   not null,
    link           text   not null,
    count          bigint not null,
    created_at     bigint not null,
    updated_at     bigint not null,
    read_at        bigint not null
) without rowid;
create index notification_inbox on notification (user_id, updated_at, id);
create index notification_unread on notification (user_id, reference) where read_at = 0;
create index notification_reference on notification (reference);
create index notification_instance on notification (instance_id) where instance_id <> '';
create index notification_age on notification (updated_at);

-- roles and team_types are lists between bars, empty for all. reached is the
-- last user who has it.
create table announcement (
    id           text    not null primary key,
    title        text    not null,
    text         text    not null,
    link         text    not null,
    level        text    not null,
    roles        text    not null,
    team_types   text    not null,
    mail         boolean not null,
    banner_until bigint  not null,
    author       text    not null,
    author_id    text    not null,
    sent         boolean not null,
    reached      text    not null,
    recipients   bigint  not null,
    version      bigint  not null,
    created_at   bigint  not null
) without rowid;
create index announcement_sending on announcement (id) where not sent;
create index announcement_banner on announcement (banner_until);

-- The outbox. sealed holds what the letter tells, and is emptied when the letter
-- is gone. Whoever a letter is for is looked up again when it is sent.
create table letter (
    id         text   not null primary key,
    kind       text   not null,
    state      text   not null,
    user_id    text   not null,
    address    text   not null,
    team_id    text   not null,
    roles      text   not null,
    sealed     blob   not null,
    attempts   bigint not null,
    due_at     bigint not null,
    expires_at bigint not null,
    created_at bigint not null,
    fault      text   not null
) without rowid;
create index letter_due on letter (state, due_at);

create table password_reset (
    hash       text   not null primary key,
    user_id    text   not null references app_user (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
) without rowid;
create index password_reset_user on password_reset (user_id, created_at);
create index password_reset_expiry on password_reset (expires_at);

-- +goose Down
drop table password_reset;
drop table letter;
drop table announcement;
drop table notification;
drop table alert;
drop table sample;
alter table instance drop column alerts;
