-- The target a cycle belongs to: the one it names, else the one `jsm` target of its ticket's services whose metric
-- answers to the name of the clock. `unsure`: several could be meant, the name answers to no metric or to several, or
-- the target does not say its metric or where it comes from.
with metric_pattern as (
  select 'incident_response' as metric, 'first response|respond' as pattern
  union all select 'resolution', 'resol'
  union all select 'request_fulfilment', 'fulfil'
  union all select 'change_success', 'change'
),
clock as (
  select c.metric_name, coalesce(list(m.metric) filter (where m.metric is not null), []) as metrics
  from (select distinct metric_name from valid_cycle) as c
  left join metric_pattern as m on regexp_matches(lower(c.metric_name), m.pattern)
  group by c.metric_name
),
unnamed as (
  select ticket_id, metric_name, cycle_no, started, stopped, valid, _ref,
    unnest(list_distinct(service_ids)) as service_id
  from valid_cycle where target_id is null
)
select ticket_id, metric_name, cycle_no, started, stopped, valid, target_id, false as unsure, _ref
from valid_cycle where target_id is not null
union all
select u.ticket_id, u.metric_name, u.cycle_no, u.started, u.stopped, u.valid, t.target_id,
  len(k.metrics) <> 1 or t.metric is null or t.origin is null
    or count(*) over (partition by u.ticket_id, u.metric_name, u.cycle_no) > 1, u._ref
from unnamed as u
join clock as k on k.metric_name = u.metric_name
join service_target as t on t.service_id = u.service_id and coalesce(t.origin, 'jsm') = 'jsm'
  and (t.metric is null or list_contains(k.metrics, t.metric) or len(k.metrics) = 0)
