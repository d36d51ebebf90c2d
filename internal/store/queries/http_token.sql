-- name: InsertHTTPToken :exec
insert into http_token (id, hash, instance_id, name, hint, created_by, created_at, expires_at, used_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: HTTPTokenByHash :one
select * from http_token where hash = $1;

-- name: HTTPToken :one
select * from http_token where id = $1 and instance_id = $2;

-- name: HTTPTokensOf :many
select * from http_token where instance_id = $1 and id < sqlc.arg(before) order by id desc limit sqlc.arg(most);

-- name: CountHTTPTokensOf :one
select count(*) from http_token where instance_id = $1;

-- name: UseHTTPToken :exec
update http_token set used_at = $2 where id = $1 and used_at < $2;

-- name: DeleteHTTPToken :execrows
delete from http_token where id = $1 and instance_id = $2;

-- name: DeleteExpiredHTTPTokens :execrows
delete from http_token where http_token.id in (select t.id from http_token t where t.expires_at > 0 and t.expires_at <= sqlc.arg(now) limit sqlc.arg(most));
