-- name: Variables :many
select * from variable where instance_id = $1 order by place, name;

-- name: InsertVariable :exec
insert into variable (instance_id, place, name, value, hidden, sealed) values ($1, $2, $3, $4, $5, $6);

-- name: DeleteVariables :exec
delete from variable where instance_id = $1;
