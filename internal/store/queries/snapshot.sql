-- name: InsertSnapshot :exec
insert into snapshot (id, application_id, team_id, instance_id, instance_name, name, name_key, description, digest, secrets_digest, kind, cause,
  origin, author, author_id, nodes, module_count, size, created_at, version, stack, settings, absent, flows, modules, environment)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26);

-- name: Snapshot :one
select sqlc.embed(s), i.name as living from snapshot s left join instance i on i.id = s.instance_id where s.id = $1;

-- name: NewestSnapshot :one
select sqlc.embed(s), i.name as living from snapshot s left join instance i on i.id = s.instance_id
where s.instance_id = $1 and s.instance_id <> '' order by s.id desc limit 1;

-- name: AutomaticSnapshots :many
select s.id, s.created_at from snapshot s where s.instance_id = $1 and s.kind in ('auto', 'safety') and s.name_key = '' order by s.id desc;

-- name: SnapshotsOften :many
select s.instance_id from snapshot s where s.kind in ('auto', 'safety') and s.name_key = '' and s.instance_id <> ''
group by s.instance_id having count(*) > cast(sqlc.arg(keep) as bigint) order by s.instance_id;

-- What keeps a snapshot from being pruned: it is what its instance is now, or
-- another one that is kept came from it. An imported one came from a file, whose
-- name anybody chose.
-- name: SnapshotUse :one
select
  cast(case when s.instance_id <> '' and not exists (select 1 from snapshot n where n.instance_id = s.instance_id and n.id > s.id) then 1 else 0 end as bigint) as newest,
  (select count(*) from snapshot r where r.origin = s.id and r.origin <> '' and r.kind <> 'import') as restored
from snapshot s where s.id = $1;

-- name: UpdateSnapshot :execrows
update snapshot set name = $2, name_key = $3, description = $4, version = version + 1 where id = $1 and version = $5;

-- name: DeleteSnapshot :one
delete from snapshot where id = $1 returning *;

-- name: SnapshotIDsOfApplication :many
select id from snapshot where application_id = $1 order by id desc;

-- name: LeaveSnapshots :exec
update snapshot set instance_name = coalesce((select i.name from instance i where i.id = snapshot.instance_id), instance_name), instance_id = ''
where snapshot.instance_id = $1;

-- name: InsertSnapshotBody :exec
insert into snapshot_body (hash, data) values ($1, $2) on conflict (hash) do nothing;

-- name: SnapshotBody :one
select data from snapshot_body where hash = $1;

-- name: HasSnapshotBody :one
select exists (select 1 from snapshot_body where hash = $1) as there;

-- name: FreeSnapshotBody :exec
delete from snapshot_body where snapshot_body.hash = $1
  and not exists (select 1 from snapshot s where s.modules = snapshot_body.hash)
  and not exists (select 1 from snapshot s where s.environment = snapshot_body.hash);

-- name: InsertSnapshotSecret :exec
insert into snapshot_secret (digest, sealed) values ($1, $2) on conflict (digest) do nothing;

-- name: SnapshotSecret :one
select c.sealed from snapshot s join snapshot_secret c on c.digest = s.secrets_digest where s.id = $1;

-- name: FreeSnapshotSecret :exec
delete from snapshot_secret where snapshot_secret.digest = $1
  and not exists (select 1 from snapshot s where s.secrets_digest = snapshot_secret.digest and s.secrets_digest <> '');
