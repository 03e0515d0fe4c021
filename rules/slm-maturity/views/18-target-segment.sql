-- The time of each target in the last 180 days cut at every start and end of a result with a verdict; per piece the
-- highest completeness of the results that cover it. `doubtful`: one of them does not say how complete it is.
with result as (
  select target_id, period_start, period_end, completeness from sli_result
  where met is not null and period_end > $W180 and period_end > period_start
),
edge as (
  select target_id, period_start as instant from result union select target_id, period_end from result
),
piece as (
  select target_id, instant as starts, lead(instant) over (partition by target_id order by instant) as ends from edge
)
select p.target_id, p.starts, p.ends, max(r.completeness) as completeness,
  bool_or(r.completeness is null) as doubtful
from piece as p join result as r
  on r.target_id = p.target_id and r.period_start <= p.starts and r.period_end >= p.ends
group by p.target_id, p.starts, p.ends
