-- +goose Up
-- Times are microseconds since 1970 in UTC; 0 means never. name_key is the name
-- folded for comparison, which SQL engines do differently.

create table app_user (
    id            text collate "C" not null primary key,
    username      text collate "C" not null unique,
    email         text collate "C" not null unique,
    name          text collate "C" not null,
    name_key      text collate "C" not null,
    admin         boolean not null,
    suspended     boolean not null,
    password_hash text collate "C" not null,
    version       bigint  not null,
    created_at    bigint  not null,
    signed_in_at  bigint  not null
);

create table session (
    id         text collate "C" not null primary key,
    hash       text collate "C" not null unique,
    user_id    text collate "C" not null references app_user (id) on delete cascade,
    created_at bigint not null,
    active_at  bigint not null,
    expires_at bigint not null,
    addr       text collate "C" not null,
    user_agent text collate "C" not null
);
create index session_owner on session (user_id, id);
create index session_expiry on session (expires_at);
create index session_activity on session (active_at);

create table token (
    id         text collate "C" not null primary key,
    hash       text collate "C" not null unique,
    user_id    text collate "C" not null references app_user (id) on delete cascade,
    name       text collate "C" not null,
    scope      text collate "C" not null,
    hint       text collate "C" not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at    bigint not null
);
create index token_user on token (user_id, id);
create index token_expiry on token (expires_at);

create table team (
    id         text collate "C" not null primary key,
    name       text collate "C" not null,
    name_key   text collate "C" not null,
    slug       text collate "C" not null unique,
    version    bigint not null,
    created_at bigint not null
);
create index team_name on team (name_key, id);

create table membership (
    team_id    text collate "C" not null references team (id) on delete cascade,
    user_id    text collate "C" not null references app_user (id) on delete cascade,
    role       text collate "C" not null,
    created_at bigint not null,
    primary key (team_id, user_id)
);
create index membership_user on membership (user_id, team_id);

create table invitation (
    id         text collate "C" not null primary key,
    hash       text collate "C" not null unique,
    team_id    text collate "C" not null references team (id) on delete cascade,
    role       text collate "C" not null,
    email      text collate "C" not null,
    username   text collate "C" not null,
    invited_by text collate "C" not null references app_user (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);
create index invitation_team on invitation (team_id, id);
create index invitation_inviter on invitation (invited_by);
create index invitation_expiry on invitation (expires_at);

create table application (
    id          text collate "C" not null primary key,
    team_id     text collate "C" not null references team (id),
    name        text collate "C" not null,
    name_key    text collate "C" not null,
    description text collate "C" not null,
    version     bigint not null,
    created_at  bigint not null,
    unique (team_id, name_key)
);

create table instance (
    id             text collate "C" not null primary key,
    application_id text collate "C" not null references application (id),
    team_id        text collate "C" not null references team (id),
    name           text collate "C" not null,
    name_key       text collate "C" not null,
    label          text collate "C" not null unique,
    type           text collate "C" not null,
    stack          text collate "C" not null,
    access         text collate "C" not null,
    wanted         text collate "C" not null,
    restarts       bigint  not null,
    safe_mode      boolean not null,
    time_zone      text collate "C" not null,
    ports          text collate "C" not null,
    version        bigint  not null,
    created_at     bigint  not null,
    updated_at     bigint  not null,
    -- spec_version counts every change of what the runner is to be: configuration,
    -- flows, environment and modules.
    spec_version   bigint  not null,
    env_version    bigint  not null,
    state          text collate "C" not null,
    observed_at    bigint  not null,
    reason         text collate "C" not null,
    report         text collate "C" not null,
    dashboard      text collate "C" not null,
    unique (application_id, name_key)
);
create index instance_team on instance (team_id, name_key, id);

create table instance_flows (
    instance_id text collate "C" not null primary key references instance (id) on delete cascade,
    flows       bytea  not null,
    digest      text collate "C" not null,
    nodes       bigint not null,
    credentials bytea  not null,
    deploy_id   text collate "C" not null
);

create table deploy (
    id          text collate "C" not null primary key,
    instance_id text collate "C" not null references instance (id) on delete cascade,
    time        bigint not null,
    author      text collate "C" not null,
    author_id   text collate "C" not null,
    digest      text collate "C" not null,
    nodes       bigint not null,
    size        bigint not null
);
create index deploy_instance on deploy (instance_id, id);

create table variable (
    instance_id text collate "C" not null references instance (id) on delete cascade,
    place       bigint  not null,
    name        text collate "C" not null,
    value       text collate "C" not null,
    hidden      boolean not null,
    sealed      bytea   not null,
    primary key (instance_id, name)
);

create table module (
    instance_id text collate "C" not null primary key references instance (id) on delete cascade,
    direct      text collate "C" not null,
    lock        bytea  not null,
    digest      text collate "C" not null,
    change_id   text collate "C" not null,
    updated_at  bigint not null
);

create table module_change (
    id          text collate "C" not null primary key,
    instance_id text collate "C" not null references instance (id) on delete cascade,
    created_at  bigint not null,
    summary     text collate "C" not null,
    direct      text collate "C" not null,
    lock        bytea  not null,
    digest      text collate "C" not null,
    base        text collate "C" not null
);
create index module_change_instance on module_change (instance_id);
create index module_change_age on module_change (created_at);

create table door_deploy (
    id          text collate "C" not null primary key,
    instance_id text collate "C" not null references instance (id) on delete cascade,
    digest      text collate "C" not null,
    user_id     text collate "C" not null,
    username    text collate "C" not null,
    session_id  text collate "C" not null,
    addr        text collate "C" not null,
    created_at  bigint not null
);
create index door_deploy_digest on door_deploy (instance_id, digest, id);
create index door_deploy_age on door_deploy (created_at);

create table idempotency (
    user_id    text collate "C" not null references app_user (id) on delete cascade,
    route      text collate "C" not null,
    key        text collate "C" not null,
    digest     text collate "C" not null,
    object_id  text collate "C" not null,
    secret     bytea  not null,
    created_at bigint not null,
    primary key (user_id, route, key)
);
create index idempotency_age on idempotency (created_at);

create table setting (
    name  text collate "C" not null primary key,
    value text collate "C" not null
);

-- The columns of audit_event are an index of its bytes, which are what counts.
create table audit_event (
    id             text collate "C" not null primary key,
    leaf           bigint unique,
    time           bigint not null,
    event          text collate "C" not null,
    result         text collate "C" not null,
    actor_kind     text collate "C" not null,
    actor_id       text collate "C" not null,
    username       text collate "C" not null,
    addr           text collate "C" not null,
    team_id        text collate "C" not null,
    application_id text collate "C" not null,
    object_id      text collate "C" not null,
    bytes          text collate "C" not null
);
create index audit_event_unsealed on audit_event (id) where leaf is null;
create index audit_event_actor on audit_event (actor_id, id);
create index audit_event_event on audit_event (event, id);
create index audit_event_object on audit_event (object_id, id);
create index audit_event_team on audit_event (team_id, id);
create index audit_event_team_actor on audit_event (team_id, actor_id, id);
create index audit_event_team_event on audit_event (team_id, event, id);
create index audit_event_team_object on audit_event (team_id, object_id, id);

create table audit_tile (
    level  bigint not null,
    place  bigint not null,
    hashes bytea  not null,
    primary key (level, place)
);

create table audit_checkpoint (
    size bigint not null primary key,
    root text collate "C" not null,
    note text collate "C" not null,
    time bigint not null
);

-- +goose Down
drop table audit_checkpoint;
drop table audit_tile;
drop table audit_event;
drop table setting;
drop table idempotency;
drop table door_deploy;
drop table module_change;
drop table module;
drop table variable;
drop table deploy;
drop table instance_flows;
drop table instance;
drop table application;
drop table invitation;
drop table membership;
drop table team;
drop table token;
drop table session;
drop table app_user;
