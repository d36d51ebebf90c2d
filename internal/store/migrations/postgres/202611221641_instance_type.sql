-- +goose Up
create table instance_type (
    id          text collate "C" not null primary key,
    name        text collate "C" not null,
    name_key    text collate "C" not null unique,
    description text collate "C" not null,
    memory_mib  bigint  not null,
    cpu_percent bigint  not null,
    place       bigint  not null,
    active      boolean not null,
    by_default  boolean not null,
    version     bigint  not null,
    created_at  bigint  not null
);
insert into instance_type (id, name, name_key, description, memory_mib, cpu_percent, place, active, by_default, version, created_at)
values ('small', 'Small', 'small', 'For a few flows and one dashboard.', 256, 50, 10, true, true, 1, 1795305600000000),
    ('medium', 'Medium', 'medium', 'For busy flows and several dashboards.', 512, 100, 20, true, false, 1, 1795305600000000),
    ('large', 'Large', 'large', 'For many messages a second or large data.', 1024, 200, 30, true, false, 1, 1795305600000000);

-- Counts by type, state and stack read this index and no row.
create index instance_kind on instance (type, state, stack);

-- +goose Down
drop index instance_kind;
drop table instance_type;
