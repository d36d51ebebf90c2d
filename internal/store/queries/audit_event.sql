-- name: InsertAuditEvent :exec
insert into audit_event (id, time, event, result, actor_kind, actor_id, username, addr, team_id, application_id, object_id, bytes)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: AuditEventsUnsealed :many
select id, bytes from audit_event where leaf is null and id > sqlc.arg(after) order by id limit sqlc.arg(most);

-- name: SealAuditEvent :execrows
update audit_event set leaf = $2 where id = $1 and leaf is null;

-- name: AuditEventsByLeaf :many
select * from audit_event where leaf >= sqlc.arg(first) order by leaf limit sqlc.arg(most);

-- name: LastAuditEventOf :one
select * from audit_event where event = sqlc.arg(event) and leaf is not null order by id desc limit 1;

-- name: BlankAuditEvent :execrows
update audit_event set event = '', result = '', actor_kind = '', actor_id = '', username = '', addr = '',
  team_id = '', application_id = '', object_id = '', bytes = '' where id = $1;

-- name: InsertAuditTile :exec
insert into audit_tile (level, place, hashes) values ($1, $2, $3)
on conflict (level, place) do update set hashes = excluded.hashes;

-- name: AuditTile :one
select hashes from audit_tile where level = $1 and place = $2;

-- name: DeleteAuditCheckpoint :exec
delete from audit_checkpoint where size = $1;

-- name: InsertAuditCheckpoint :exec
insert into audit_checkpoint (size, root, note, time) values ($1, $2, $3, $4);

-- name: LastAuditCheckpoint :one
select * from audit_checkpoint order by size desc limit 1;

-- name: AuditCheckpoints :many
select * from audit_checkpoint where size > sqlc.arg(after) order by size limit sqlc.arg(most);

-- name: CountEvents :one
select count(*) from audit_event where event = $1 and id >= sqlc.arg(first) and id < sqlc.arg(behind);

-- name: CountUnsealed :one
select count(*) from audit_event where leaf is null;
