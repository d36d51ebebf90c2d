-- +goose Up
-- The indexes that searching reads: each holds all that a name is compared by.
create index instance_search on instance (team_id, name_key, label, id);
create index snapshot_search on snapshot (team_id, name_key, id) where kind in ('manual', 'import');
create index user_search on app_user (username, name_key, email, id);
create index team_search on team (name_key, slug, id);

-- +goose Down
drop index team_search;
drop index user_search;
drop index snapshot_search;
drop index instance_search;
