-- name: InsertStackLock :exec
insert into stack_lock (digest, lock, node_red, node_js, dashboard, archive_bytes, created_at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (digest) do nothing;

-- name: StackLock :one
select * from stack_lock where digest = $1;

-- name: InsertStack :exec
insert into stack (id, name, name_key, digest, wanted, reason, active, is_default, replaced_by, built_in, version, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: Stack :one
select sqlc.embed(s), coalesce(l.node_red, '') as node_red, coalesce(l.node_js, '') as node_js, coalesce(l.dashboard, '') as dashboard,
  coalesce(l.archive_bytes, '') as archive_bytes
from stack s left join stack_lock l on l.digest = s.digest
where s.id = $1;

-- name: Stacks :many
select sqlc.embed(s), coalesce(l.node_red, '') as node_red, coalesce(l.node_js, '') as node_js, coalesce(l.dashboard, '') as dashboard,
  coalesce(l.archive_bytes, '') as archive_bytes
from stack s left join stack_lock l on l.digest = s.digest
order by s.name_key, s.id;

-- name: UpdateStack :execrows
update stack set name = $2, name_key = $3, digest = $4, wanted = $5, reason = $6, active = $7, is_default = $8, replaced_by = $9, built_in = $10,
  version = version + 1
where id = $1;

-- name: DeleteStack :execrows
delete from stack where id = $1;

-- name: ForgetReplacement :exec
update stack set replaced_by = '', version = version + 1 where replaced_by = $1;

-- name: CountStackUses :many
select stack, count(*) as instances from instance group by stack order by stack;

-- name: StackUses :many
select i.id, i.name, i.name_key, i.team_id, t.name as team, i.application_id, i.state, i.stack_digest
from instance i join team t on t.id = i.team_id
where i.stack = $1 and (i.name_key > sqlc.arg(after_name) or (i.name_key = sqlc.arg(after_name) and i.id > sqlc.arg(after_id)))
order by i.name_key, i.id limit sqlc.arg(most);

-- name: FrameInstance :execrows
update instance set stack = $2, stack_digest = $3, memory_mib = $4, cpu_percent = $5 where id = $1;

-- name: KeepContext :execrows
update instance set persistent_context = $2 where id = $1;

-- name: FramelessInstances :many
select id, stack, type from instance where stack_digest = '' or memory_mib = 0 order by id;

-- name: DigestsInUse :many
select distinct stack_digest from instance order by stack_digest;

-- name: DeleteStackLocks :execrows
delete from stack_lock
where stack_lock.created_at < sqlc.arg(before)
  and not exists (select 1 from stack s where s.digest = stack_lock.digest)
  and not exists (select 1 from instance i where i.stack_digest = stack_lock.digest)
  and not exists (select 1 from snapshot p where p.stack = stack_lock.digest);

-- name: InstanceReports :many
select report from instance where report <> '' order by id;
