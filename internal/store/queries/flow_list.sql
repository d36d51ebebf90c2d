-- name: InsertFlowList :exec
insert into flow_list (id, parent, depth, diff) values ($1, $2, $3, $4);

-- name: FlowListDepth :one
select depth from flow_list where id = $1;

-- name: FlowListParent :one
select parent from flow_list where id = $1;

-- name: FlowListChain :many
with recursive chain (id, parent, diff, step) as (
  select l.id, l.parent, l.diff, 0 from flow_list l where l.id = $1
  union all
  select l.id, l.parent, l.diff, chain.step + 1 from flow_list l join chain on l.id = chain.parent
)
select diff from chain order by step;

-- name: FlowListChildren :many
select id from flow_list where parent = $1 order by id;

-- name: MoveFlowList :exec
update flow_list set parent = $2, depth = $3, diff = $4 where id = $1;

-- name: LeaveFlowList :exec
update flow_list set parent = null, depth = 0 where id = $1;

-- name: DeleteFlowList :exec
delete from flow_list where id = $1;

-- name: FlowListNamed :one
select exists (select 1 from snapshot s where s.flows = $1) as named;
