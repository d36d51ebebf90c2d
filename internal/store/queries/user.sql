-- name: InsertUser :exec
insert into app_user (id, username, email, name, name_key, admin, suspended, password_hash, version, created_at, signed_in_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: User :one
select * from app_user where id = $1;

-- name: UserByUsername :one
select * from app_user where username = $1;

-- name: UserByEmail :one
select * from app_user where email = $1;

-- name: Users :many
select * from app_user
where username > sqlc.arg(after)
  and (username like cast(sqlc.arg(prefix) as text) escape '\' or email like cast(sqlc.arg(prefix) as text) escape '\' or ' ' || replace(replace(name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\')
order by username limit sqlc.arg(most);

-- name: UpdateUser :execrows
update app_user set username = $2, email = $3, name = $4, name_key = $5, admin = $6, suspended = $7, password_hash = $8, version = version + 1
where id = $1 and version = $9;

-- name: SetUserPasswordHash :exec
update app_user set password_hash = $2 where id = $1;

-- name: SetUserSignedIn :exec
update app_user set signed_in_at = $2 where id = $1;

-- name: DeleteUser :execrows
delete from app_user where id = $1;

-- name: CountUsers :one
select count(*) from app_user;

-- name: CountActiveAdmins :one
select count(*) from app_user where admin and not suspended;

-- name: SoleOwnedTeams :many
select t.* from team t join membership m on m.team_id = t.id
where m.user_id = $1 and m.role = 'owner'
  and not exists (select 1 from membership o where o.team_id = t.id and o.role = 'owner' and o.user_id <> $1)
order by t.name_key, t.id;
