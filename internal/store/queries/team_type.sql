-- name: InsertTeamType :exec
insert into team_type (id, name, name_key, description, place, active, by_default, limits, instance_types, version, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: TeamType :one
select * from team_type where id = $1;

-- name: DefaultTeamType :one
select * from team_type where by_default order by place, id limit 1;

-- name: TeamTypes :many
select * from team_type order by place, name_key, id;

-- name: UpdateTeamType :execrows
update team_type set name = $2, name_key = $3, description = $4, place = $5, active = $6, by_default = $7, limits = $8, instance_types = $9, version = version + 1
where id = $1 and version = sqlc.arg(version);

-- name: ClearDefaultTeamType :exec
update team_type set by_default = false, version = version + 1 where by_default and id <> $1;

-- name: DeleteTeamType :execrows
delete from team_type where id = $1;

-- Who names a snapshot keeps it, also one that was made by itself.
-- name: CountKeptSnapshots :one
select count(*) from snapshot where instance_id = $1 and name_key <> '';

-- name: MostKeptSnapshots :one
select cast(coalesce(max(n.kept), 0) as bigint) from (
  select count(*) as kept from snapshot where team_id = $1 and name_key <> '' and instance_id <> '' group by instance_id
) n;
