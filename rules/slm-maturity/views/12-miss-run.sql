-- Miss runs: at least two monthly periods of one target in a row that were missed (periods of about the target's own
-- window where that is longer than a month). Dated at the end of the second missed period.
with monthly as (
  select p.*, t.service_id, lag(p.period_end) over (partition by p.target_id order by p.period_start) as previous_end,
    lag(p.met) over (partition by p.target_id order by p.period_start) as previous_met
  from measured_period as p left join service_target as t on t.target_id = p.target_id
  where p.days >= case when t."window" > 31 then 0.9 * t."window" else 27 end
),
numbered as (
  select *, count(*) filter (where not (
      previous_met is not distinct from false and abs(date_diff('hour', previous_end, period_start)) <= 24))
    over (partition by target_id order by period_start) as run
  from monthly
)
select target_id, service_id, count(*) as periods, min(period_start) as starts, min(period_end) as first_missed_end,
  list(period_end order by period_end)[2] as dated_at, max(period_end) as ends,
  list(_ref order by period_end) as evidence
from numbered
where not met
group by target_id, service_id, run
having count(*) >= 2
