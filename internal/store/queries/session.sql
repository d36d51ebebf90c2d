-- name: InsertSession :exec
insert into session (id, hash, user_id, created_at, active_at, expires_at, addr, user_agent)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: SessionByHash :one
select s.id, s.user_id, s.created_at, s.active_at, s.expires_at, s.addr, s.user_agent, u.username, u.admin, u.suspended, u.must_change
from session s join app_user u on u.id = s.user_id where s.hash = $1;

-- name: Session :one
select s.id, s.user_id, s.created_at, s.active_at, s.expires_at, s.addr, s.user_agent, u.username, u.admin, u.suspended, u.must_change
from session s join app_user u on u.id = s.user_id where s.id = $1;

-- name: SessionsOf :many
select * from session where user_id = $1 and expires_at > sqlc.arg(now) and active_at > sqlc.arg(idle_since) and id < sqlc.arg(before)
order by id desc limit sqlc.arg(most);

-- name: TouchSession :execrows
update session set active_at = $2 where id = $1 and active_at < $2;

-- name: DeleteSession :execrows
delete from session where id = $1 and user_id = $2;

-- name: DeleteSessionsOf :many
delete from session where user_id = $1 and id <> sqlc.arg(keep) returning id;

-- name: DeleteEndedSessions :many
delete from session where session.id in (select s.id from session s where s.expires_at <= sqlc.arg(now) or s.active_at <= sqlc.arg(idle_since) limit sqlc.arg(most))
returning id, user_id;

-- name: CountSessions :one
select count(*) from session;
