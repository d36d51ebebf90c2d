-- +goose Up
create table sign_in_request (
    id         text   not null primary key,
    code       text   not null,
    challenge  text   not null,
    program    text   not null,
    machine    text   not null,
    system     text   not null,
    scope      text   not null,
    addr       text   not null,
    network    text   not null,
    state      text   not null,
    user_id    text   not null,
    created_at bigint not null,
    expires_at bigint not null
) without rowid;
create index sign_in_request_network on sign_in_request (network, expires_at);
create index sign_in_request_expiry on sign_in_request (expires_at);
