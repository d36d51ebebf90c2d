-- +goose Up
-- A snapshot is a row that says who, when and why, and content that rows share:
-- flow files as lists of chunks, module trees and environments as bodies, secrets
-- sealed. Hashes are SHA-256 of the plain bytes.

-- dictionary is the number of the one that data was packed with; 0 is none.
create table flow_chunk (
    hash       blob   not null primary key,
    dictionary bigint not null,
    data       blob   not null
);

-- id is the hash of the whole file. diff says how the list of chunks differs from
-- that of parent, or is the whole list where there is none; depth bounds how many
-- rows must be read.
create table flow_list (
    id     blob   not null primary key,
    parent blob   references flow_list (id),
    depth  bigint not null,
    diff   blob   not null
);
create index flow_list_child on flow_list (parent) where parent is not null;

-- The chunks that a list's diff adds: a chunk is free when no row names it.
create table flow_chunk_use (
    list_id blob not null references flow_list (id) on delete cascade,
    hash    blob not null references flow_chunk (hash),
    primary key (list_id, hash)
) without rowid;
create index flow_chunk_use_hash on flow_chunk_use (hash);

create table snapshot_body (
    hash blob not null primary key,
    data blob not null
);

create table snapshot_secret (
    digest text not null primary key,
    sealed blob not null
);

-- instance_id is empty for an imported one, and once the instance is gone.
create table snapshot (
    id             text   not null primary key,
    application_id text   not null references application (id),
    team_id        text   not null,
    instance_id    text   not null,
    instance_name  text   not null,
    name           text   not null,
    name_key       text   not null,
    description    text   not null,
    digest         text   not null,
    secrets_digest text   not null,
    kind           text   not null,
    cause          text   not null,
    origin         text   not null,
    author         text   not null,
    author_id      text   not null,
    nodes          bigint not null,
    module_count   bigint not null,
    size           bigint not null,
    created_at     bigint not null,
    version        bigint not null,
    stack          text   not null,
    settings       text   not null,
    absent         text   not null,
    flows          blob   not null references flow_list (id),
    modules        blob   not null references snapshot_body (hash),
    environment    blob   not null references snapshot_body (hash)
) without rowid;
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
