-- Due dates of report schedules up to T: the due dates of their deliveries, and every date that the cadence, stepped
-- from the first due date on record (none: from 180 days before T), expects and no delivery's due date meets within
-- half a step. A switched-off schedule expects nothing after its last delivery; a cron string is not stepped.
-- `delivered` and `on_time` are null where undecided; on time is delivered at most `report_grace_h` hours late, and
-- `react_by` is when that time runs out.
with one_schedule as (
  select * from report_schedule
  qualify row_number() over (partition by report_id order by _reliability desc, _source_id) = 1
),
delivery as (
  select report_id, due_at, active_recipients, generated_by, _ref,
    case status when 'delivered' then true when 'late' then delivered_at is not null when 'failed' then false end
      as delivered,
    coalesce(delivered_at <= due_at + to_hours(cast($p.report_grace_h as integer)), false) as in_time
  from report_delivery
  where due_at <= $T
),
stepping as (
  select s.report_id, s.enabled, s._ref, coalesce(min(d.due_at), $W180) as first_due, max(d.due_at) as last_due,
    case s.cadence when 'monthly' then 1 when 'bimonthly' then 2 when 'quarterly' then 3 when 'half-yearly' then 6
      when 'yearly' then 12 else 0 end as months,
    case s.cadence when 'daily' then 1 when 'weekly' then 7 else 0 end as days
  from one_schedule as s left join delivery as d on d.report_id = s.report_id
  group by s.report_id, s.enabled, s._ref, s.cadence
),
expected as (
  select s.report_id, s.enabled, s.last_due, s._ref,
    s.first_due + to_days(cast(r.k * s.days as integer)) + to_months(cast(r.k * s.months as integer)) as due_at,
    s.first_due + to_days(cast((r.k + 1) * s.days as integer)) + to_months(cast((r.k + 1) * s.months as integer))
      as next_due_at
  from stepping as s join range(4000) as r(k) on r.k * (s.days + 28 * s.months) <= date_diff('day', s.first_due, $T)
  where s.days + s.months > 0
)
select report_id, due_at, true as has_row, delivered,
  case when delivered is not null then delivered and in_time end as on_time, active_recipients, generated_by,
  due_at + to_hours(cast($p.report_grace_h as integer)) as react_by, _ref
from delivery
union all
select e.report_id, e.due_at, false, case when e.enabled is not null then false end,
  case when e.enabled is not null then false end, null, null,
  e.due_at + to_hours(cast($p.report_grace_h as integer)), e._ref
from expected as e
where e.due_at <= $T and (e.enabled is distinct from false or e.due_at <= e.last_due)
  and not exists (
    select 1 from delivery as d
    where d.report_id = e.report_id
      and abs(date_diff('second', e.due_at, d.due_at)) <= date_diff('second', e.due_at, e.next_due_at) / 2)
