-- Target-months of M over the last 12 full months: every counted target times every month it counts in.
-- A month has a result when one result of at least 27 days with value and verdict counts for it (its midpoint lies in
-- it), or shorter ones that together last `month_cover_min` of it. `has_timely_result`: the same over those results
-- that were computed within `late_result_d` days after their period.
-- `unsure`: it is undecided whether the target, or the month of it, counts.
with expected as (
  select c.target_id, c.service_id, c._ref as target_ref, m.n, m.starts, m.ends,
    date_diff('second', m.starts, m.ends) / 86400.0 as days,
    c.unsure or (c.approval_unseen and not coalesce(m.ends > c.first_result_at, false)) as unsure
  from counted_target as c join calendar_month as m on m.n <= 12
    and case when c.approved_at is not null then m.starts >= c.approved_at
      else m.ends > c.first_result_at or c.approval_unseen end
),
result as (
  select e.target_id, e.n, p.period_start, p.period_end, p.days, p._ref,
    coalesce(p.first_computed_at <= p.period_end + to_days(cast($p.late_result_d as integer)), false) as timely
  from expected as e join measured_period as p
    on p.target_id = e.target_id and p.midpoint >= e.starts and p.midpoint < e.ends
  where p.actual is not null and p.met is not null
),
after as (  -- per result the end of those before it, so that overlaps count once
  select *, max(period_end) over (partition by target_id, n order by period_start, period_end
      rows between unbounded preceding and 1 preceding) as seen_until,
    max(period_end) over (partition by target_id, n, timely order by period_start, period_end
      rows between unbounded preceding and 1 preceding) as timely_until
  from result
),
adding as (
  select *,
    greatest(0, least(days, date_diff('second', coalesce(seen_until, period_start), period_end) / 86400.0)) as adds,
    greatest(0, least(days, date_diff('second', coalesce(timely_until, period_start), period_end) / 86400.0))
      as adds_timely
  from after
),
counted as (
  select target_id, n, count(*) as results, count(*) filter (where timely) as timely_results,
    max(days) as longest, max(days) filter (where timely) as longest_timely,
    sum(adds) as covered, sum(adds_timely) filter (where timely) as covered_timely,
    list(_ref order by period_end) as evidence
  from adding
  group by target_id, n
)
select e.target_id, e.service_id, e.unsure, e.n, e.starts, e.ends,
  coalesce(c.results, 0) as results, coalesce(c.timely_results, 0) as timely_results,
  coalesce(c.longest >= 27 or c.covered >= round($p.month_cover_min * e.days, 9), false) as has_result,
  coalesce(c.longest_timely >= 27 or c.covered_timely >= round($p.month_cover_min * e.days, 9), false)
    as has_timely_result,
  list_concat([e.target_ref], c.evidence) as evidence
from expected as e left join counted as c on c.target_id = e.target_id and c.n = e.n
