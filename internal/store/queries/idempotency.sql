-- name: InsertIdempotency :exec
insert into idempotency (user_id, route, key, digest, object_id, secret, created_at) values ($1, $2, $3, $4, $5, $6, $7);

-- name: Idempotency :one
select * from idempotency where user_id = $1 and route = $2 and key = $3;

-- name: DeleteIdempotency :exec
delete from idempotency where user_id = $1 and route = $2 and key = $3;

-- name: DeleteOldIdempotency :execrows
delete from idempotency where created_at < sqlc.arg(before);
