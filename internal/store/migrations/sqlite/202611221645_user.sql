-- +goose Up
-- must_change asks for a new password before anything else.
alter table app_user add column must_change boolean not null default false;
-- Counts and filters of users read this index and no row.
create index app_user_kind on app_user (suspended, admin, signed_in_at);

-- +goose Down
drop index app_user_kind;
alter table app_user drop column must_change;
