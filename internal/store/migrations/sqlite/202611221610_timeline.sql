-- +goose Up
-- What happened to an instance. snapshot_id and before_id may name snapshots that
-- are no longer kept; summary is JSON.
create table timeline (
    id          text   not null primary key,
    instance_id text   not null references instance (id) on delete cascade,
    time        bigint not null,
    kind        text   not null,
    code        text   not null,
    author      text   not null,
    author_id   text   not null,
    summary     text   not null,
    snapshot_id text   not null,
    before_id   text   not null,
    count       bigint not null,
    last_at     bigint not null
) without rowid;
create index timeline_instance on timeline (instance_id, id);
create index timeline_kind on timeline (instance_id, kind, id);

-- +goose Down
drop table timeline;
