-- +goose Up
-- Only owners change what a protected instance runs.
alter table instance add column protected boolean not null default false;

-- +goose Down
alter table instance drop column protected;
