-- name: InsertMember :exec
insert into membership (team_id, user_id, role, created_at) values ($1, $2, $3, $4);

-- name: Role :one
select role from membership where team_id = $1 and user_id = $2;

-- name: Member :one
select m.team_id, m.user_id, m.role, m.created_at, u.username, u.name, u.email
from membership m join app_user u on u.id = m.user_id where m.team_id = $1 and m.user_id = $2;

-- name: Members :many
select m.team_id, m.user_id, m.role, m.created_at, u.username, u.name, u.email
from membership m join app_user u on u.id = m.user_id
where m.team_id = $1 and u.username > sqlc.arg(after)
  and (u.username like cast(sqlc.arg(prefix) as text) escape '\' or ' ' || replace(replace(u.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\')
order by u.username limit sqlc.arg(most);

-- name: SetMemberRole :execrows
update membership set role = $3 where team_id = $1 and user_id = $2;

-- name: DeleteMember :execrows
delete from membership where team_id = $1 and user_id = $2;

-- name: CountOwners :one
select count(*) from membership where team_id = $1 and role = 'owner';
