-- +goose Up
-- What happened to an instance. snapshot_id and before_id may name snapshots that
-- are no longer kept; summary is JSON.
create table timeline (
    id          text collate "C" not null primary key,
    instance_id text collate "C" not null references instance (id) on delete cascade,
    time        bigint not null,
    kind        text collate "C" not null,
    code        text collate "C" not null,
    author      text collate "C" not null,
    author_id   text collate "C" not null,
    summary     text collate "C" not null,
    snapshot_id text collate "C" not null,
    before_id   text collate "C" not null,
    count       bigint not null,
    last_at     bigint not null
);
create index timeline_instance on timeline (instance_id, id);
create index timeline_kind on timeline (instance_id, kind, id);

-- +goose Down
drop table timeline;
