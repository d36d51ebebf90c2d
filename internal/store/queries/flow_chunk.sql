-- name: FlowChunksOfList :many
with recursive chain (id, parent) as (
  select l.id, l.parent from flow_list l where l.id = $1
  union all
  select l.id, l.parent from flow_list l join chain on l.id = chain.parent
)
select c.hash, c.dictionary, c.data from flow_chunk c
where c.hash in (select u.hash from flow_chunk_use u join chain on chain.id = u.list_id);

-- name: InsertFlowChunk :exec
insert into flow_chunk (hash, dictionary, data) values ($1, $2, $3) on conflict (hash) do nothing;

-- name: FlowChunkUses :many
select hash from flow_chunk_use where list_id = $1 order by hash;

-- name: DeleteFlowChunkUses :exec
delete from flow_chunk_use where list_id = $1;
