-- +goose Up
-- A snapshot is a row that says who, when and why, and content that rows share:
-- flow files as lists of chunks, module trees and environments as bodies, secrets
-- sealed. Hashes are SHA-256 of the plain bytes.

-- dictionary is the number of the one that data was packed with; 0 is none.
create table flow_chunk (
    hash       bytea  not null primary key,
    dictionary bigint not null,
    data       bytea  not null
);

-- id is the hash of the whole file. diff says how the list of chunks differs from
-- that of parent, or is the whole list where there is none; depth bounds how many
-- rows must be read.
create table flow_list (
    id     bytea  not null primary key,
    parent bytea  references flow_list (id),
    depth  bigint not null,
    diff   bytea  not null
);
create index flow_list_child on flow_list (parent) where parent is not null;

-- The chunks that a list's diff adds: a chunk is free when no row names it.
create table flow_chunk_use (
    list_id bytea not null references flow_list (id) on delete cascade,
    hash    bytea not null references flow_chunk (hash),
    primary key (list_id, hash)
);
create index flow_chunk_use_hash on flow_chunk_use (hash);

create table snapshot_body (
    hash bytea not null primary key,
    data bytea not null
);

create table snapshot_secret (
    digest text collate "C" not null primary key,
    sealed bytea not null
);

-- instance_id is empty for an imported one, and once the instance is gone.
create table snapshot (
    id             text collate "C" not null primary key,
    application_id text collate "C" not null references application (id),
    team_id        text collate "C" not null,
    instance_id    text collate "C" not null,
    instance_name  text collate "C" not null,
    name           text collate "C" not null,
    name_key       text collate "C" not null,
    description    text collate "C" not null,
    digest         text collate "C" not null,
    secrets_digest text collate "C" not null,
    kind           text collate "C" not null,
    cause          text collate "C" not null,
    origin         text collate "C" not null,
    author         text collate "C" not null,
    author_id      text collate "C" not null,
    nodes          bigint not null,
    module_count   bigint not null,
    size           bigint not null,
    created_at     bigint not null,
    version        bigint not null,
    stack          text collate "C" not null,
    settings       text collate "C" not null,
    absent         text collate "C" not null,
    flows          bytea  not null references flow_list (id),
    modules        bytea  not null references snapshot_body (hash),
    environment    bytea  not null references snapshot_body (hash)
);
create index snapshot_instance on snapshot (instance_id, id);
create index snapshot_instance_kind on snapshot (instance_id, kind, id);
create index snapshot_instance_named on snapshot (instance_id, id) where name_key <> '';
create index snapshot_application on snapshot (application_id, id);
create index snapshot_application_kind on snapshot (application_id, kind, id);
create index snapshot_application_named on snapshot (application_id, id) where name_key <> '';
create index snapshot_team on snapshot (team_id, id);
create index snapshot_team_kind on snapshot (team_id, kind, id);
create index snapshot_team_named on snapshot (team_id, id) where name_key <> '';
create index snapshot_origin on snapshot (origin) where origin <> '';
create index snapshot_flows on snapshot (flows);
create index snapshot_modules on snapshot (modules);
create index snapshot_environment on snapshot (environment);
create index snapshot_secrets on snapshot (secrets_digest) where secrets_digest <> '';

-- +goose Down
drop table snapshot;
drop table snapshot_secret;
drop table snapshot_body;
drop table flow_chunk_use;
drop table flow_list;
drop table flow_chunk;
