-- name: InsertModules :exec
insert into module (instance_id, direct, lock, digest, change_id, updated_at) values ($1, $2, $3, $4, $5, $6);

-- name: Modules :one
select * from module where instance_id = $1;

-- name: ModulesBase :one
select direct, digest from module where instance_id = $1;

-- name: UpdateModules :execrows
update module set direct = $2, lock = $3, digest = $4, change_id = $5, updated_at = $6 where instance_id = $1;

-- name: InsertModuleChange :exec
insert into module_change (id, instance_id, created_at, summary, direct, lock, digest, base) values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do nothing;

-- name: ModuleChange :one
select * from module_change where id = $1 and instance_id = $2;

-- name: DeleteModuleChange :exec
delete from module_change where id = $1;

-- name: DeleteOldModuleChanges :execrows
delete from module_change where module_change.id in (select c.id from module_change c where c.created_at < sqlc.arg(before) limit sqlc.arg(most));
