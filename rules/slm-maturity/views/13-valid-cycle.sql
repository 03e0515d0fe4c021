-- SLA cycles with the services of their ticket, one row per cycle. `valid`: completed with time on the clock, or
-- ongoing and not paused inside its calendar. Null is undecided: ongoing outside of the calendar, where every clock
-- looks paused, or a field that decides is unknown.
with one_cycle as (
  select * from sla_cycle
  qualify row_number() over (
    partition by ticket_id, metric_name, cycle_no order by _reliability desc, _source_id) = 1
),
one_ticket as (
  select ticket_id, service_ids from ticket
  qualify row_number() over (partition by ticket_id order by _reliability desc, _source_id) = 1
)
select c.ticket_id, c.metric_name, c.cycle_no, c.target_id, k.service_ids, c.state, c.started, c.stopped, c.goal_ms,
  c.elapsed_ms, c.breach_at, c.breached,
  case when c.state = 'completed' then c.elapsed_ms > 0
    when c.state = 'ongoing' and c.in_calendar_now then not c.paused_now end as valid, c._ref
from one_cycle as c left join one_ticket as k on k.ticket_id = c.ticket_id
