-- name: InsertInstanceType :exec
insert into instance_type (id, name, name_key, description, memory_mib, cpu_percent, place, active, by_default, version, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: InstanceType :one
select * from instance_type where id = $1;

-- name: DefaultInstanceType :one
select * from instance_type where by_default order by place, id limit 1;

-- name: InstanceTypes :many
select * from instance_type order by place, name_key, id;

-- name: UpdateInstanceType :execrows
update instance_type set name = $2, name_key = $3, description = $4, memory_mib = $5, cpu_percent = $6, place = $7, active = $8, by_default = $9, version = version + 1
where id = $1 and version = sqlc.arg(version);

-- name: ClearDefaultInstanceType :exec
update instance_type set by_default = false, version = version + 1 where by_default and id <> $1;

-- name: DeleteInstanceType :execrows
delete from instance_type where id = $1;

-- name: InstanceKinds :many
select type, state, stack, count(*) as instances from instance group by type, state, stack order by type, state, stack;

-- name: CountInstancesOfType :one
select count(*) from instance where type = $1;
