-- +goose Up
create table http_token (
    id          text collate "C" not null primary key,
    hash        text collate "C" not null unique,
    instance_id text collate "C" not null references instance (id) on delete cascade,
    name        text collate "C" not null,
    hint        text collate "C" not null,
    created_by  text collate "C" not null,
    created_at  bigint not null,
    expires_at  bigint not null,
    used_at     bigint not null
);
create index http_token_instance on http_token (instance_id, id);
create index http_token_expiry on http_token (expires_at);

-- +goose Down
drop table http_token;
