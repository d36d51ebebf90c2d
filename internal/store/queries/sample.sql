-- name: SamplesFrom :many
select began, points from sample where instance_id = $1 and step = $2 and began >= sqlc.arg(least) and began <= sqlc.arg(most) order by began;

-- name: FreshSamplesOf :many
select began, points from sample where instance_id = $1 and step = 0 and fresh and began <= sqlc.arg(most) order by began;

-- name: SamplesAt :one
select points from sample where instance_id = $1 and step = $2 and began = $3;

-- name: PutSamples :exec
insert into sample (instance_id, step, began, fresh, points) values ($1, $2, $3, $4, $5)
on conflict (instance_id, step, began) do update set fresh = excluded.fresh, points = excluded.points;

-- name: FreshSamples :many
select instance_id, began, points from sample where fresh and began <= sqlc.arg(upto) order by began limit sqlc.arg(most);

-- name: SettleSamples :exec
update sample set fresh = false where instance_id = $1 and step = 0 and began = $2;

-- name: DeleteOldSamples :execrows
delete from sample where (sample.instance_id, sample.step, sample.began) in
  (select s.instance_id, s.step, s.began from sample s where s.step = $1 and s.began < sqlc.arg(before) and not s.fresh limit sqlc.arg(most));
