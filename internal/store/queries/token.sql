-- name: InsertToken :exec
insert into token (id, hash, user_id, name, scope, hint, created_at, expires_at, used_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: TokenByHash :one
select t.id, t.user_id, t.scope, t.expires_at, t.used_at, u.username, u.admin, u.suspended
from token t join app_user u on u.id = t.user_id where t.hash = $1;

-- name: Token :one
select * from token where id = $1 and user_id = $2;

-- name: TokensOf :many
select * from token where user_id = $1 and id < sqlc.arg(before) order by id desc limit sqlc.arg(most);

-- name: CountTokensOf :one
select count(*) from token where user_id = $1;

-- name: UseToken :exec
update token set used_at = $2 where id = $1 and used_at < $2;

-- name: DeleteToken :execrows
delete from token where id = $1 and user_id = $2;

-- name: DeleteExpiredTokens :execrows
delete from token where token.id in (select t.id from token t where t.expires_at > 0 and t.expires_at <= sqlc.arg(now) limit sqlc.arg(most));
