-- Ticket-clock breaches: valid cycles that ran out; the instant is `breach_at`.
-- `unsure`: it is undecided whether the cycle is valid, or not known whether it ran out.
select ticket_id, metric_name, cycle_no, target_id, service_ids, breach_at, goal_ms,
  valid is null or breached is null as unsure, _ref
from valid_cycle
where (valid and breached) is distinct from false
