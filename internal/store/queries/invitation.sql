-- name: InsertInvitation :exec
insert into invitation (id, hash, team_id, role, email, username, invited_by, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: Invitation :one
select * from invitation where id = $1 and team_id = $2;

-- name: InvitationByHash :one
select * from invitation where hash = $1;

-- name: Invitations :many
select i.id, i.team_id, i.role, i.email, i.username, i.invited_by, i.created_at, i.expires_at, u.username as inviter
from invitation i join app_user u on u.id = i.invited_by
where i.team_id = $1 and i.expires_at > sqlc.arg(now) and i.id < sqlc.arg(before)
order by i.id desc limit sqlc.arg(most);

-- name: CountInvitations :one
select count(*) from invitation where team_id = $1 and expires_at > sqlc.arg(now);

-- name: DeleteInvitation :execrows
delete from invitation where id = $1;

-- name: DeleteInvitationsFor :exec
delete from invitation where team_id = $1 and ((email <> '' and email = $2) or (username <> '' and username = $3));

-- name: DeleteExpiredInvitations :execrows
delete from invitation where invitation.id in (select i.id from invitation i where i.expires_at <= sqlc.arg(now) limit sqlc.arg(most));
