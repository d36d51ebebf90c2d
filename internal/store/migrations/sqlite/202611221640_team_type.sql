-- +goose Up
-- limits is JSON: what is absent has no limit. instance_types is a JSON list; an
-- empty one allows all.
create table team_type (
    id             text    not null primary key,
    name           text    not null,
    name_key       text    not null unique,
    description    text    not null,
    place          bigint  not null,
    active         boolean not null,
    by_default     boolean not null,
    limits         text    not null,
    instance_types text    not null,
    version        bigint  not null,
    created_at     bigint  not null
) without rowid;
insert into team_type (id, name, name_key, description, place, active, by_default, limits, instance_types, version, created_at)
values ('standard', 'Standard', 'standard', 'Without limits.', 10, true, true, '{}', '[]', 1, 1795305600000000);

-- limits of a team are its own, over those of its type. suspended_at is 0 where
-- it is not suspended; held marks the instances of a team that is.
alter table team add column type_id text not null default 'standard';
alter table team add column limits text not null default '{}';
alter table team add column suspended_at bigint not null default 0;
alter table team add column suspend_reason text not null default '';
create index team_kind on team (type_id, suspended_at);

alter table instance add column held boolean not null default false;

-- +goose Down
alter table instance drop column held;
drop index team_kind;
alter table team drop column suspend_reason;
alter table team drop column suspended_at;
alter table team drop column limits;
alter table team drop column type_id;
drop table team_type;
