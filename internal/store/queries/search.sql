-- Each query compares names in an index that holds all it compares, and reads the
-- rows of the best alone. Every part must stand in a name; fit is 0 for the whole
-- name, 1 for its beginning, 2 for the beginning of a word, 3 for less. Two spaces
-- keep apart what stands side by side.

-- name: SearchTeams :many
select t.id, t.name, t.slug, m.fit from (
  select x.id, x.name_key, cast(case when x.name_key = cast(sqlc.arg(exact) as text) or x.slug = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.name_key || '  ' || x.slug, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.name_key || '  ' || x.slug, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from team x where x.id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id)
      union all select e.id from team e where cast(sqlc.arg(everywhere) as bigint) = 1)
    and (cast(sqlc.arg(team) as text) = '' or x.id = cast(sqlc.arg(team) as text))
    and (x.name_key like cast(sqlc.arg(part1) as text) escape '\' or x.slug like cast(sqlc.arg(part1) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part2) as text) escape '\' or x.slug like cast(sqlc.arg(part2) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part3) as text) escape '\' or x.slug like cast(sqlc.arg(part3) as text) escape '\')
  order by fit, x.name_key, x.id limit sqlc.arg(most)
) m join team t on t.id = m.id order by m.fit, m.name_key, m.id;

-- name: SearchApplications :many
select a.id, a.name, a.team_id, t.name as team_name, t.slug, m.fit from (
  select x.id, x.name_key, cast(case when x.name_key = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from application x where x.team_id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id) and o.role <> 'dashboard'
      union all select e.id from team e where cast(sqlc.arg(everywhere) as bigint) = 1)
    and (cast(sqlc.arg(team) as text) = '' or x.team_id = cast(sqlc.arg(team) as text))
    and x.name_key like cast(sqlc.arg(part1) as text) escape '\'
    and x.name_key like cast(sqlc.arg(part2) as text) escape '\'
    and x.name_key like cast(sqlc.arg(part3) as text) escape '\'
  order by fit, x.name_key, x.id limit sqlc.arg(most)
) m join application a on a.id = m.id join team t on t.id = a.team_id order by m.fit, m.name_key, m.id;

-- name: SearchInstances :many
select i.id, i.name, i.label, i.state, i.application_id, i.team_id, t.name as team_name, t.slug, m.fit from (
  select x.id, x.name_key, cast(case when x.name_key = cast(sqlc.arg(exact) as text) or x.label = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.name_key || '  ' || x.label, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.name_key || '  ' || x.label, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from instance x where x.team_id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id) and o.role <> 'dashboard'
      union all select e.id from team e where cast(sqlc.arg(everywhere) as bigint) = 1)
    and (cast(sqlc.arg(team) as text) = '' or x.team_id = cast(sqlc.arg(team) as text))
    and (x.name_key like cast(sqlc.arg(part1) as text) escape '\' or x.label like cast(sqlc.arg(part1) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part2) as text) escape '\' or x.label like cast(sqlc.arg(part2) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part3) as text) escape '\' or x.label like cast(sqlc.arg(part3) as text) escape '\')
  order by fit, x.name_key, x.id limit sqlc.arg(most)
) m join instance i on i.id = m.id join team t on t.id = i.team_id order by m.fit, m.name_key, m.id;

-- name: SearchDashboards :many
select i.id, i.name, i.label, i.state, i.application_id, i.team_id, t.name as team_name, t.slug, m.fit from (
  select x.id, x.name_key, cast(case when x.name_key = cast(sqlc.arg(exact) as text) or x.label = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.name_key || '  ' || x.label, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.name_key || '  ' || x.label, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from instance x where x.team_id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id) and o.role = 'dashboard')
    and (cast(sqlc.arg(team) as text) = '' or x.team_id = cast(sqlc.arg(team) as text))
    and x.dashboard <> ''
    and (x.name_key like cast(sqlc.arg(part1) as text) escape '\' or x.label like cast(sqlc.arg(part1) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part2) as text) escape '\' or x.label like cast(sqlc.arg(part2) as text) escape '\')
    and (x.name_key like cast(sqlc.arg(part3) as text) escape '\' or x.label like cast(sqlc.arg(part3) as text) escape '\')
  order by fit, x.name_key, x.id limit sqlc.arg(most)
) m join instance i on i.id = m.id join team t on t.id = i.team_id order by m.fit, m.name_key, m.id;

-- name: SearchSnapshots :many
select n.id, n.name, n.instance_id, n.instance_name, n.application_id, n.team_id, t.name as team_name, t.slug, m.fit from (
  select x.id, x.name_key, cast(case when x.name_key = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from snapshot x where x.kind in ('manual', 'import') and x.team_id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id) and o.role <> 'dashboard'
      union all select e.id from team e where cast(sqlc.arg(everywhere) as bigint) = 1)
    and (cast(sqlc.arg(team) as text) = '' or x.team_id = cast(sqlc.arg(team) as text))
    and x.name_key like cast(sqlc.arg(part1) as text) escape '\'
    and x.name_key like cast(sqlc.arg(part2) as text) escape '\'
    and x.name_key like cast(sqlc.arg(part3) as text) escape '\'
  order by fit, x.name_key, x.id limit sqlc.arg(most)
) m join snapshot n on n.id = m.id join team t on t.id = n.team_id order by m.fit, m.name_key, m.id;

-- name: SearchMembers :many
select u.id, u.username, u.name, u.suspended, k.team_id, t.name as team_name, t.slug, m.fit from (
  select x.id, x.username, min(y.team_id) as team_id, cast(case when x.username = cast(sqlc.arg(exact) as text) or x.name_key = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.username || '  ' || x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.username || '  ' || x.name_key, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from membership y join app_user x on x.id = y.user_id
  where y.team_id in (select o.team_id from membership o where o.user_id = sqlc.arg(user_id) and o.role <> 'dashboard'
      union all select e.id from team e where cast(sqlc.arg(everywhere) as bigint) = 1)
    and (cast(sqlc.arg(team) as text) = '' or y.team_id = cast(sqlc.arg(team) as text))
    and (x.username like cast(sqlc.arg(part1) as text) escape '\' or x.name_key like cast(sqlc.arg(part1) as text) escape '\')
    and (x.username like cast(sqlc.arg(part2) as text) escape '\' or x.name_key like cast(sqlc.arg(part2) as text) escape '\')
    and (x.username like cast(sqlc.arg(part3) as text) escape '\' or x.name_key like cast(sqlc.arg(part3) as text) escape '\')
  group by x.id, x.username, x.name_key
  order by fit, x.username limit sqlc.arg(most)
) m join app_user u on u.id = m.id join membership k on k.user_id = m.id and k.team_id = m.team_id join team t on t.id = k.team_id
order by m.fit, m.username;

-- name: SearchUsers :many
select u.id, u.username, u.name, u.email, u.suspended, m.fit from (
  select x.id, x.username, cast(case when x.username = cast(sqlc.arg(exact) as text) or x.name_key = cast(sqlc.arg(exact) as text) or x.email = cast(sqlc.arg(exact) as text) then 0
    when ' ' || replace(replace(x.username || '  ' || x.name_key || '  ' || x.email, '-', ' '), '_', ' ') like cast(sqlc.arg(prefix) as text) escape '\' then 1
    when ' ' || replace(replace(x.username || '  ' || x.name_key || '  ' || x.email, '-', ' '), '_', ' ') like cast(sqlc.arg(word) as text) escape '\' then 2 else 3 end as bigint) as fit
  from app_user x where (x.username like cast(sqlc.arg(part1) as text) escape '\' or x.name_key like cast(sqlc.arg(part1) as text) escape '\' or x.email like cast(sqlc.arg(part1) as text) escape '\')
    and (x.username like cast(sqlc.arg(part2) as text) escape '\' or x.name_key like cast(sqlc.arg(part2) as text) escape '\' or x.email like cast(sqlc.arg(part2) as text) escape '\')
    and (x.username like cast(sqlc.arg(part3) as text) escape '\' or x.name_key like cast(sqlc.arg(part3) as text) escape '\' or x.email like cast(sqlc.arg(part3) as text) escape '\')
  order by fit, x.username limit sqlc.arg(most)
) m join app_user u on u.id = m.id order by m.fit, m.username;
