-- name: InsertTimeline :exec
insert into timeline (id, instance_id, time, kind, code, author, author_id, summary, snapshot_id, before_id, count, last_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: RepeatTimeline :exec
update timeline set count = count + sqlc.arg(more), last_at = sqlc.arg(last_at), summary = sqlc.arg(summary) where id = $1;

-- name: LongTimelines :many
select instance_id from timeline group by instance_id having count(*) > cast(sqlc.arg(keep) as bigint) order by instance_id;

-- name: PruneTimeline :execrows
delete from timeline where timeline.id in (
  select t.id from timeline t where t.instance_id = $1
    and t.id <= (select n.id from timeline n where n.instance_id = $1 order by n.id desc limit 1 offset sqlc.arg(keep))
  order by t.id limit sqlc.arg(most));
