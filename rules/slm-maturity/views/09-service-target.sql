-- Targets, one row per target id (the most reliable row).
-- `tool_measurable`: where the source does not say, by the metric. `is_stated`: it has a value and a unit.
select target_id, service_id, agreement_id, metric, op, value, unit, "window", conditions, origin, bound_to,
  coalesce(tool_measurable, metric not in ('satisfaction', 'workload_limit', 'other')) as tool_measurable,
  value is not null and unit is not null as is_stated, _ref
from target
qualify row_number() over (partition by target_id order by _reliability desc, _source_id) = 1
