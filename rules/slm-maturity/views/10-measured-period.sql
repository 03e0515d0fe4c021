-- Results, one row per target and period: computed twice, the auditor's own computation counts before the system's.
-- `first_computed_at` is the earliest computation of the period; `midpoint` decides the month a period counts for.
select target_id, period_start, period_end, date_diff('second', period_start, period_end) / 86400.0 as days,
  period_start + (period_end - period_start) / 2 as midpoint, actual, met, breached_at, completeness, lag_s,
  min(computed_at) over (partition by target_id, period_start, period_end) as first_computed_at, _ref
from sli_result
where period_end > period_start
qualify row_number() over (
  partition by target_id, period_start, period_end
  order by computed_by = 'auditor' desc nulls last, _reliability desc, computed_at desc nulls last, _source_id) = 1
