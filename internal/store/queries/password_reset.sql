-- name: InsertPasswordReset :exec
insert into password_reset (hash, user_id, created_at, expires_at) values ($1, $2, $3, $4);

-- name: PasswordResetByHash :one
select * from password_reset where hash = $1;

-- name: CountPasswordResets :one
select count(*) from password_reset where user_id = $1 and created_at > sqlc.arg(since);

-- name: DeletePasswordResetsOf :exec
delete from password_reset where user_id = $1;

-- name: DeleteExpiredPasswordResets :execrows
delete from password_reset where password_reset.hash in (select p.hash from password_reset p where p.expires_at <= sqlc.arg(now) limit sqlc.arg(most));
