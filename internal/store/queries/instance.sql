-- name: InsertInstance :exec
insert into instance (id, application_id, team_id, name, name_key, label, type, stack, access, wanted, restarts, safe_mode, time_zone, ports,
  version, created_at, updated_at, spec_version, env_version, state, observed_at, reason, report, dashboard)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24);

-- name: Instance :one
select sqlc.embed(i), d.id as deploy_id, d.time, d.author, d.digest, d.nodes, m.direct
from instance i join instance_flows f on f.instance_id = i.id join deploy d on d.id = f.deploy_id join module m on m.instance_id = i.id
where i.id = $1;

-- name: InstanceByLabel :one
select * from instance where label = $1;

-- name: InstanceAlone :one
select * from instance where id = $1;

-- name: InstancesOfApplication :many
select sqlc.embed(i), d.id as deploy_id, d.time, d.author, d.digest, d.nodes, m.direct
from instance i join instance_flows f on f.instance_id = i.id join deploy d on d.id = f.deploy_id join module m on m.instance_id = i.id
where i.application_id = $1 and (i.name_key > sqlc.arg(after_name) or (i.name_key = sqlc.arg(after_name) and i.id > sqlc.arg(after_id)))
  and ' ' || replace(replace(i.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\'
order by i.name_key, i.id limit sqlc.arg(most);

-- name: InstancesOfTeam :many
select sqlc.embed(i), d.id as deploy_id, d.time, d.author, d.digest, d.nodes, m.direct
from instance i join instance_flows f on f.instance_id = i.id join deploy d on d.id = f.deploy_id join module m on m.instance_id = i.id
where i.team_id = $1 and (i.name_key > sqlc.arg(after_name) or (i.name_key = sqlc.arg(after_name) and i.id > sqlc.arg(after_id)))
  and ' ' || replace(replace(i.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\'
order by i.name_key, i.id limit sqlc.arg(most);

-- name: DashboardsOfTeam :many
select sqlc.embed(i), d.id as deploy_id, d.time, d.author, d.digest, d.nodes, m.direct
from instance i join instance_flows f on f.instance_id = i.id join deploy d on d.id = f.deploy_id join module m on m.instance_id = i.id
where i.team_id = $1 and i.dashboard <> '' and (i.name_key > sqlc.arg(after_name) or (i.name_key = sqlc.arg(after_name) and i.id > sqlc.arg(after_id)))
  and ' ' || replace(replace(i.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(words) as text) escape '\'
order by i.name_key, i.id limit sqlc.arg(most);

-- name: SpecVersions :many
select id, spec_version from instance order by id;

-- name: InstancePorts :many
select id, ports from instance where ports <> '' order by id;

-- name: UpdateInstance :execrows
update instance set name = $2, name_key = $3, type = $4, access = $5, safe_mode = $6, time_zone = $7, ports = $8, updated_at = $9, protected = sqlc.arg(protected),
  version = version + 1, spec_version = spec_version + 1
where id = $1 and version = $10;

-- name: OperateInstance :execrows
update instance set wanted = $2, restarts = $3, state = $4, updated_at = $5, spec_version = spec_version + 1 where id = $1;

-- name: HoldInstance :execrows
update instance set held = $2, state = $3, reason = $4, updated_at = $5, spec_version = spec_version + 1 where id = $1;

-- name: InstancesAlone :many
select * from instance where team_id = $1 order by name_key, id;

-- name: ObserveInstance :execrows
update instance set state = $2, observed_at = $3, reason = $4, report = $5, dashboard = $6 where id = $1;

-- name: BumpSpec :one
update instance set spec_version = spec_version + 1, updated_at = $2 where id = $1 returning spec_version;

-- name: BumpEnvironment :execrows
update instance set spec_version = spec_version + 1, env_version = env_version + 1, updated_at = $2 where id = $1 and env_version = $3;

-- name: LoseInstances :many
update instance set state = 'unreachable', reason = $1
where observed_at < sqlc.arg(before) and wanted = 'running' and not held and state <> 'unreachable'
returning id, team_id, version;

-- name: DeleteInstance :execrows
delete from instance where id = $1;

-- name: Labels :many
select id, label from instance order by id;
