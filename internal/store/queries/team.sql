-- name: InsertTeam :exec
insert into team (id, name, name_key, slug, version, created_at, type_id) values ($1, $2, $3, $4, $5, $6, $7);

-- name: Team :one
select * from team where id = $1;

-- name: TeamBySlug :one
select * from team where slug = $1;

-- name: TeamsOf :many
select sqlc.embed(t), m.role from membership m join team t on t.id = m.team_id
where m.user_id = $1 and (t.name_key > sqlc.arg(after_name) or (t.name_key = sqlc.arg(after_name) and t.id > sqlc.arg(after_id)))
order by t.name_key, t.id limit sqlc.arg(most);

-- name: UpdateTeam :execrows
update team set name = $2, name_key = $3, slug = $4, version = version + 1 where id = $1 and version = $5;

-- name: DeleteTeam :execrows
delete from team where id = $1;

-- name: CountInstancesOfTeam :one
select count(*) from instance where team_id = $1;

-- name: CountApplicationsOfTeam :one
select count(*) from application where team_id = $1;

-- name: AllTeams :many
select sqlc.embed(t),
  (select count(*) from membership m where m.team_id = t.id) as members,
  (select count(*) from membership m where m.team_id = t.id and m.role = 'owner') as owners,
  (select count(*) from application a where a.team_id = t.id) as applications,
  (select count(*) from instance i where i.team_id = t.id) as instances,
  (select count(*) from instance i where i.team_id = t.id and i.state = 'running') as running
from team t
where (t.name_key > sqlc.arg(after_name) or (t.name_key = sqlc.arg(after_name) and t.id > sqlc.arg(after_id)))
  and (cast(sqlc.arg(kind) as text) = '' or t.type_id = cast(sqlc.arg(kind) as text))
  and (cast(sqlc.arg(suspended) as bigint) < 0 or (t.suspended_at > 0) = (cast(sqlc.arg(suspended) as bigint) = 1))
  and (t.slug like cast(sqlc.arg(prefix) as text) escape '\' or ' ' || replace(replace(t.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\')
order by t.name_key, t.id limit sqlc.arg(most);

-- name: TeamCounts :one
select
  (select count(*) from membership m where m.team_id = $1) as members,
  (select count(*) from membership m where m.team_id = $1 and m.role = 'owner') as owners,
  (select count(*) from application a where a.team_id = $1) as applications,
  (select count(*) from instance i where i.team_id = $1) as instances,
  (select count(*) from instance i where i.team_id = $1 and i.state = 'running') as running;

-- name: AdministerTeam :execrows
update team set type_id = $2, limits = $3, suspended_at = $4, suspend_reason = $5, version = version + 1 where id = $1 and version = sqlc.arg(version);

-- name: CountMembers :one
select count(*) from membership where team_id = $1;

-- name: CountInstancesByType :many
select type, count(*) as instances from instance where team_id = $1 group by type order by type;

-- name: TeamKinds :many
select type_id, count(*) as teams, count(case when suspended_at > 0 then 1 end) as suspended from team group by type_id order by type_id;

-- name: CountTeamsOfType :one
select count(*) from team where type_id = $1;
