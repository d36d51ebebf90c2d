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
select sqlc.embed(u), (select count(*) from membership m where m.user_id = u.id) as teams from app_user u
where u.username > sqlc.arg(after)
  and (u.username like cast(sqlc.arg(prefix) as text) escape '\' or u.email like cast(sqlc.arg(prefix) as text) escape '\' or ' ' || replace(replace(u.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\')
  and (cast(sqlc.arg(admin) as bigint) < 0 or u.admin = (cast(sqlc.arg(admin) as bigint) = 1))
  and (cast(sqlc.arg(suspended) as bigint) < 0 or u.suspended = (cast(sqlc.arg(suspended) as bigint) = 1))
  and u.signed_in_at >= sqlc.arg(seen_from) and u.signed_in_at <= sqlc.arg(seen_to)
order by u.username limit sqlc.arg(most);

-- name: UpdateUser :execrows
update app_user set username = $2, email = $3, name = $4, name_key = $5, admin = $6, suspended = $7, password_hash = $8, must_change = $9, version = version + 1
where id = $1 and version = sqlc.arg(version);

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

-- name: UserKinds :one
select count(*) as total, count(case when admin then 1 end) as admins, count(case when suspended then 1 end) as suspended,
  count(case when signed_in_at >= sqlc.arg(since) then 1 end) as recent, count(case when signed_in_at = 0 then 1 end) as never
from app_user;

-- name: UserHoldings :one
select
  (select count(*) from token k where k.user_id = $1) as tokens,
  (select count(*) from session s where s.user_id = $1) as sessions,
  (select count(*) from invitation i where i.invited_by = $1 and i.expires_at > sqlc.arg(now)) as invitations;

-- name: TeamsOfUser :many
select t.id, t.slug, t.name, m.role,
  (select count(*) from membership o where o.team_id = t.id and o.role = 'owner' and o.user_id <> $1) as other_owners
from membership m join team t on t.id = m.team_id where m.user_id = $1 order by t.name_key, t.id;
