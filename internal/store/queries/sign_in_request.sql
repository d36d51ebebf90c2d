-- name: InsertSignInRequest :exec
insert into sign_in_request (id, code, challenge, program, machine, system, scope, addr, network, state, user_id, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: SignInRequest :one
select * from sign_in_request where id = $1;

-- name: CountSignInRequests :one
select count(*) from sign_in_request where expires_at > sqlc.arg(now);

-- name: CountSignInRequestsFrom :one
select count(*) from sign_in_request where network = $1 and expires_at > sqlc.arg(now);

-- name: DecideSignInRequest :execrows
update sign_in_request set state = sqlc.arg(state), user_id = sqlc.arg(user_id) where id = sqlc.arg(id) and state = 'waiting';

-- name: DeleteSignInRequest :execrows
delete from sign_in_request where id = $1;

-- name: DeleteExpiredSignInRequests :execrows
delete from sign_in_request where sign_in_request.id in (select r.id from sign_in_request r where r.expires_at <= sqlc.arg(now) limit sqlc.arg(most));
