-- +goose Up
-- A lock is kept as long as something may run on it: stacks of other versions of
-- the platform, too.
create table stack_lock (
    digest        text   not null primary key,
    lock          bytea  not null,
    node_red      text   not null,
    node_js       text   not null,
    dashboard     text   not null,
    archive_bytes text   not null,
    created_at    bigint not null
);

create table stack (
    id          text    not null primary key,
    name        text    not null,
    name_key    text    not null,
    -- digest is empty until the wanted versions are resolved.
    digest      text    not null,
    wanted      text    not null,
    reason      text    not null,
    active      boolean not null,
    is_default  boolean not null,
    replaced_by text    not null,
    built_in    boolean not null,
    version     bigint  not null,
    created_at  bigint  not null
);

-- What an instance was given when it was last started on purpose. The stack and
-- the type may say something else since.
alter table instance add column stack_digest text not null default '';
alter table instance add column memory_mib bigint not null default 0;
alter table instance add column cpu_percent bigint not null default 0;
alter table instance add column persistent_context boolean not null default false;
create index instance_stack on instance (stack, name_key, id);
create index instance_stack_digest on instance (stack_digest);

-- +goose Down
drop index instance_stack_digest;
drop index instance_stack;
alter table instance drop column persistent_context;
alter table instance drop column cpu_percent;
alter table instance drop column memory_mib;
alter table instance drop column stack_digest;
drop table stack;
drop table stack_lock;
