-- name: InsertFlows :exec
insert into instance_flows (instance_id, flows, digest, nodes, credentials, deploy_id) values ($1, $2, $3, $4, $5, $6);

-- name: Flows :one
select * from instance_flows where instance_id = $1;

-- name: FlowsBase :one
select digest, credentials from instance_flows where instance_id = $1;

-- name: UpdateFlows :execrows
update instance_flows set flows = $2, digest = $3, nodes = $4, credentials = $5, deploy_id = $6 where instance_id = $1;

-- name: UpdateFlowsKeepCredentials :execrows
update instance_flows set flows = $2, digest = $3, nodes = $4, deploy_id = $5 where instance_id = $1;
