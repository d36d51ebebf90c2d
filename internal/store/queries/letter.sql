-- name: InsertLetter :exec
insert into letter (id, kind, state, user_id, address, team_id, roles, sealed, attempts, due_at, expires_at, created_at, fault)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: LettersDue :many
select * from letter where state = 'waiting' and due_at <= sqlc.arg(now) order by due_at, id limit sqlc.arg(most);

-- name: NextLetter :one
select due_at from letter where state = 'waiting' order by due_at limit 1;

-- name: NoteLetter :execrows
update letter set state = $2, attempts = $3, due_at = $4, fault = $5, sealed = $6 where id = $1 and state = 'waiting';

-- name: CountLetters :one
select count(*) from letter where state = $1 and due_at >= sqlc.arg(since);

-- name: LastLetter :one
select due_at, fault from letter where state = $1 order by due_at desc limit 1;

-- name: LastTroubledLetter :one
select due_at, fault from letter where state = 'waiting' and fault <> '' order by due_at desc limit 1;

-- name: HurryLetters :execrows
update letter set due_at = sqlc.arg(now) where state = 'waiting' and due_at > sqlc.arg(now);

-- name: DeleteOldLetters :execrows
delete from letter where letter.id in (select l.id from letter l where l.state = $1 and l.due_at < sqlc.arg(before) limit sqlc.arg(most));
