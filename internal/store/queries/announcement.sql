-- name: InsertAnnouncement :exec
insert into announcement (id, title, text, link, level, roles, team_types, mail, banner_until, author, author_id, sent, reached, recipients, version, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: Announcement :one
select * from announcement where id = $1;

-- name: Announcements :many
select * from announcement where id < sqlc.arg(before) order by id desc limit sqlc.arg(most);

-- name: AnnouncementToSend :one
select * from announcement where not sent order by id limit 1;

-- name: NoteAnnouncement :execrows
update announcement set reached = $2, recipients = recipients + sqlc.arg(more), sent = $3 where id = $1;

-- name: DeleteAnnouncement :execrows
delete from announcement where id = $1;

-- name: DeleteOldAnnouncements :execrows
delete from announcement where announcement.id in (select a.id from announcement a where a.created_at < sqlc.arg(before) limit sqlc.arg(most));

-- name: Banners :many
select * from announcement where banner_until > sqlc.arg(now) order by id desc limit 20;

-- name: Audience :many
select u.id, u.email from app_user u where u.id > sqlc.arg(after) and not u.suspended
  and ((cast(sqlc.arg(roles) as text) = '' and cast(sqlc.arg(team_types) as text) = '') or exists (
    select 1 from membership m join team t on t.id = m.team_id where m.user_id = u.id
      and (cast(sqlc.arg(roles) as text) = '' or cast(sqlc.arg(roles) as text) like '%|' || m.role || '|%')
      and (cast(sqlc.arg(team_types) as text) = '' or cast(sqlc.arg(team_types) as text) like '%|' || t.type_id || '|%')))
order by u.id limit sqlc.arg(most);

-- name: CountAudience :one
select count(*) from app_user u where not u.suspended
  and ((cast(sqlc.arg(roles) as text) = '' and cast(sqlc.arg(team_types) as text) = '') or exists (
    select 1 from membership m join team t on t.id = m.team_id where m.user_id = u.id
      and (cast(sqlc.arg(roles) as text) = '' or cast(sqlc.arg(roles) as text) like '%|' || m.role || '|%')
      and (cast(sqlc.arg(team_types) as text) = '' or cast(sqlc.arg(team_types) as text) like '%|' || t.type_id || '|%')));

-- name: InAudience :one
select count(*) from app_user u where u.id = $1 and not u.suspended
  and ((cast(sqlc.arg(roles) as text) = '' and cast(sqlc.arg(team_types) as text) = '') or exists (
    select 1 from membership m join team t on t.id = m.team_id where m.user_id = u.id
      and (cast(sqlc.arg(roles) as text) = '' or cast(sqlc.arg(roles) as text) like '%|' || m.role || '|%')
      and (cast(sqlc.arg(team_types) as text) = '' or cast(sqlc.arg(team_types) as text) like '%|' || t.type_id || '|%')));
