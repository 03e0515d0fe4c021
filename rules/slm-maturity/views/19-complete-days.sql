-- 90 complete days of M, one row: whether every tool target of M that has results has them without gap over the last
-- 90 days with a completeness of at least `completeness_min`; `gaps` names the targets that have not.
-- Without any result the days are not complete: nothing was measured.
with measured as (
  select t.target_id,
    sum(date_diff('second', greatest(s.starts, $W90), least(s.ends, $T)))
      filter (where s.completeness >= $p.completeness_min and s.ends > $W90 and s.starts < $T) as covered_s
  from service_target as t
  join major_service as m on m.service_id = t.service_id and not m.undecided
  left join target_segment as s on s.target_id = t.target_id
  where t.origin in ('jsm', 'slo', 'zabbix_sla', 'config')
    and t.target_id in (select target_id from sli_result where met is not null)
  group by t.target_id
),
judged as (
  select target_id, coalesce(covered_s, 0) >= date_diff('second', $W90, $T) as complete from measured
)
select count(*) as targets, count(*) > 0 and count(*) filter (where not complete) = 0 as complete,
  coalesce(list(target_id order by target_id) filter (where not complete), []) as gaps
from judged
