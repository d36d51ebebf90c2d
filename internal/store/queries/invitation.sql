-- name: InsertInvitation :exec
insert into invitation (id, hash, team_id, role, email, username, invited_by, created_at, expires_at, round, mailed, sent_at, reminded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: Invitation :one
select * from invitation where id = $1 and team_id = $2;

-- name: InvitationByHash :one
select * from invitation where hash = $1;

-- name: Invitations :many
select sqlc.embed(i), u.username as inviter from invitation i join app_user u on u.id = i.invited_by
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

-- name: AllInvitations :many
select sqlc.embed(i), u.username as inviter, t.name as team_name
from invitation i join app_user u on u.id = i.invited_by join team t on t.id = i.team_id
where i.expires_at > sqlc.arg(now) and i.id < sqlc.arg(before) order by i.id desc limit sqlc.arg(most);

-- name: CountAllInvitations :one
select count(*) from invitation where expires_at > sqlc.arg(now);

-- name: RenewInvitation :execrows
update invitation set hash = $2, round = $3, expires_at = $4, mailed = $5, sent_at = $6, reminded_at = $7 where id = $1;

-- name: InvitationsToRemind :many
select sqlc.embed(i), u.username as inviter from invitation i join app_user u on u.id = i.invited_by
where i.expires_at > sqlc.arg(now) and i.expires_at <= sqlc.arg(soon) and i.mailed and i.reminded_at = 0 order by i.expires_at limit sqlc.arg(most);

-- name: RemindInvitation :execrows
update invitation set reminded_at = $2 where id = $1 and reminded_at = 0;

-- name: InvitationAlone :one
select * from invitation where id = $1;

-- name: InvitationFor :one
select * from invitation where team_id = $1 and ((email <> '' and email = $2) or (username <> '' and username = $3)) order by id desc limit 1;
