-- +goose Up
create table sign_in_request (
    id         text collate "C" not null primary key,
    code       text collate "C" not null,
    challenge  text collate "C" not null,
    program    text collate "C" not null,
    machine    text collate "C" not null,
    system     text collate "C" not null,
    scope      text collate "C" not null,
    addr       text collate "C" not null,
    network    text collate "C" not null,
    state      text collate "C" not null,
    user_id    text collate "C" not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index sign_in_request_network on sign_in_request (network, expires_at);
create index sign_in_request_expiry on sign_in_request (expires_at);
