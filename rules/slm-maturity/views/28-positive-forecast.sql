-- Positive forecasts: a probability of breach of at least `fc_positive`, or a predicted value that violates the target.
-- `predicted_at` is the moment the forecast speaks of; `acted_at` the creation of the ticket it was acted on with, null
-- where nobody acted. `action_unseen`: it names an action that is no ticket of the evidence: undecided.
-- `unsure`: it is undecided whether the forecast is positive.
with ticket_created as (select ticket_id, min(created) as created from ticket group by ticket_id),
judged as (
  select f.*, t.service_id, coalesce(f.p_breach >= $p.fc_positive, false)
    or case when f.value is null and f.p_breach is not null then false
      when t.op = '>=' then f.value < t.value when t.op = '>' then f.value <= t.value
      when t.op = '<=' then f.value > t.value when t.op = '<' then f.value >= t.value
      when t.op in ('=', '==') then f.value <> t.value end as positive
  from forecast as f left join service_target as t on t.target_id = f.target_id
)
select j.forecast_id, j.target_id, j.service_id, j.made_at, j.made_at + to_seconds(j.horizon_s) as predicted_at,
  j.outcome, j.simulated, k.created as acted_at, j.action_ref is not null and k.ticket_id is null as action_unseen,
  j.positive is null as unsure, j._ref
from judged as j left join ticket_created as k on k.ticket_id = j.action_ref
where j.positive is distinct from false
