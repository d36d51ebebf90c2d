-- name: InsertApplication :exec
insert into application (id, team_id, name, name_key, description, version, created_at) values ($1, $2, $3, $4, $5, $6, $7);

-- name: Application :one
select * from application where id = $1;

-- name: Applications :many
select * from application
where team_id = $1 and (name_key > sqlc.arg(after_name) or (name_key = sqlc.arg(after_name) and id > sqlc.arg(after_id)))
  and ' ' || replace(replace(name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\'
order by name_key, id limit sqlc.arg(most);

-- name: CountInstancesByState :many
select application_id, state, count(*) as instances from instance where team_id = $1 group by application_id, state order by application_id, state;

-- name: CountInstancesOfApplication :many
select state, count(*) as instances from instance where application_id = $1 group by state order by state;

-- name: UpdateApplication :execrows
update application set name = $2, name_key = $3, description = $4, version = version + 1 where id = $1 and version = $5;

-- name: DeleteApplication :execrows
delete from application where id = $1;

-- name: CountApplications :one
select count(*) from application;
