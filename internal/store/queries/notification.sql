-- name: InsertNotification :exec
insert into notification (id, user_id, kind, level, reference, title, text, name, detail, team_id, application_id, instance_id, link, count, created_at, updated_at, read_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: CountUp :many
update notification set count = count + 1, updated_at = sqlc.arg(at), level = $3, title = $4, text = $5, name = $6, detail = $7, link = $8
where user_id = $1 and reference = $2 and read_at = 0
returning id;

-- name: Supersede :many
delete from notification where user_id = $1 and reference = $2 and read_at = 0 returning id;

-- name: Notifications :many
select n.*, coalesce(t.name, '') as team_name, coalesce(t.slug, '') as team_slug from notification n left join team t on t.id = n.team_id
where n.user_id = $1 and (n.updated_at < sqlc.arg(before) or (n.updated_at = sqlc.arg(before) and n.id < sqlc.arg(before_id)))
order by n.updated_at desc, n.id desc limit sqlc.arg(most);

-- name: UnreadNotifications :many
select n.*, coalesce(t.name, '') as team_name, coalesce(t.slug, '') as team_slug from notification n left join team t on t.id = n.team_id
where n.user_id = $1 and n.read_at = 0 and (n.updated_at < sqlc.arg(before) or (n.updated_at = sqlc.arg(before) and n.id < sqlc.arg(before_id)))
order by n.updated_at desc, n.id desc limit sqlc.arg(most);

-- name: CountUnread :one
select count(*) from notification where user_id = $1 and read_at = 0;

-- name: MarkNotification :execrows
update notification set read_at = sqlc.arg(at) where id = $1 and user_id = $2 and (read_at = 0) <> (cast(sqlc.arg(at) as bigint) = 0);

-- name: MarkAllRead :execrows
update notification set read_at = sqlc.arg(at) where user_id = $1 and read_at = 0;

-- name: MarkAllUnread :execrows
update notification set read_at = 0 where user_id = $1 and read_at <> 0;

-- name: DeleteNotification :execrows
delete from notification where id = $1 and user_id = $2;

-- name: DeleteNotificationsOf :execrows
delete from notification where user_id = $1;

-- name: DeleteNotificationsAbout :many
delete from notification where notification.id in (select n.id from notification n where n.reference = $1 limit sqlc.arg(most)) returning user_id, notification.id;

-- name: DeleteNotificationsOfInstance :many
delete from notification where instance_id = $1 and instance_id <> '' returning user_id, id;

-- name: TrimNotifications :exec
delete from notification where notification.id in
  (select n.id from notification n where n.user_id = $1 order by n.updated_at desc, n.id desc limit 100 offset sqlc.arg(keep));

-- name: DeleteOldNotifications :execrows
delete from notification where notification.id in (select n.id from notification n where n.updated_at < sqlc.arg(before) limit sqlc.arg(most));
