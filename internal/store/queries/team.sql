-- name: InsertTeam :exec
insert into team (id, name, name_key, slug, version, created_at) values ($1, $2, $3, $4, $5, $6);

-- name: Team :one
select * from team where id = $1;

-- name: TeamBySlug :one
select * from team where slug = $1;

-- name: TeamsOf :many
select t.id, t.name, t.name_key, t.slug, t.version, t.created_at, m.role from membership m join team t on t.id = m.team_id
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
