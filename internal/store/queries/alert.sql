-- name: Alert :one
select * from alert where instance_id = $1 and kind = $2;

-- name: AlertsOf :many
select * from alert where instance_id = $1 order by kind;

-- name: PutAlert :exec
insert into alert (instance_id, kind, firing, began, last_at, count, letter_at, held_back, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (instance_id, kind) do update set firing = excluded.firing, began = excluded.began, last_at = excluded.last_at, count = excluded.count,
  letter_at = excluded.letter_at, held_back = excluded.held_back, detail = excluded.detail;

-- name: FiringAlerts :many
select * from alert where firing order by instance_id, kind;

-- name: HeldBackAlerts :many
select * from alert where held_back > 0 and letter_at <= sqlc.arg(upto) order by letter_at, instance_id, kind limit sqlc.arg(most);

-- name: SetAlerts :exec
update instance set alerts = $2 where id = $1;

-- name: AlertPeople :many
select u.id, u.email, m.role from membership m join app_user u on u.id = m.user_id
where m.team_id = $1 and not u.suspended and cast(sqlc.arg(roles) as text) like '%|' || m.role || '|%' order by u.id;
