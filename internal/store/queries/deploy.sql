-- name: InsertDeploy :exec
insert into deploy (id, instance_id, time, author, author_id, digest, nodes, size) values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: Deploy :one
select * from deploy where id = $1;

-- name: DeployedOften :many
select instance_id from deploy group by instance_id having count(*) > cast(sqlc.arg(keep) as bigint) order by instance_id;

-- name: PruneDeploys :execrows
delete from deploy where deploy.instance_id = $1
  and deploy.id <= (select d.id from deploy d where d.instance_id = $1 order by d.id desc limit 1 offset sqlc.arg(keep))
  and deploy.id <> (select f.deploy_id from instance_flows f where f.instance_id = $1);

-- name: InsertDoorDeploy :exec
insert into door_deploy (id, instance_id, digest, user_id, username, session_id, addr, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: DoorDeploy :one
select * from door_deploy where instance_id = $1 and digest = $2 and created_at >= sqlc.arg(since) order by id desc limit 1;

-- name: DeleteDoorDeploy :exec
delete from door_deploy where id = $1;

-- name: DeleteOldDoorDeploys :execrows
delete from door_deploy where door_deploy.id in (select d.id from door_deploy d where d.created_at < sqlc.arg(before) limit sqlc.arg(most));
