-- The last 180 days of each target, cut at every start and end of a result with a verdict and once a day (so that
-- many short results are compared within their day only); per piece the highest completeness that covers it.
-- `doubtful`: a result that covers it does not say how complete it is.
with slice as (
  select k as day, $W180 + to_days(cast(k as integer)) as starts, $W180 + to_days(cast(k + 1 as integer)) as ends
  from range(180) as r(k)
),
result as (
  select r.target_id, d.day, r.completeness, greatest(r.period_start, d.starts) as starts,
    least(r.period_end, d.ends) as ends
  from sli_result as r join slice as d on r.period_start < d.ends and r.period_end > d.starts
  where r.met is not null and r.period_end > r.period_start
),
edge as (
  select target_id, day, starts as instant from result union select target_id, day, ends from result
),
piece as (
  select target_id, day, instant as starts, lead(instant) over (partition by target_id, day order by instant) as ends
  from edge
)
select p.target_id, p.starts, p.ends, max(r.completeness) as completeness,
  bool_or(r.completeness is null) as doubtful
from piece as p join result as r
  on r.target_id = p.target_id and r.day = p.day and r.starts <= p.starts and r.ends >= p.ends
group by p.target_id, p.starts, p.ends
