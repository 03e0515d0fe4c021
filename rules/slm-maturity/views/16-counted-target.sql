-- Targets of M that target-months count: those of tools, and document targets that a tool could measure and that no
-- tool target stands for, so that a document target and the tool targets bound to it count once.
-- A target counts from the first full month after `approved_at` of its agreement (a bound one: of the agreement that
-- carries its document target); without either from the month of `first_result_at`.
-- `approval_unseen`: it names an agreement that is not among the evidence, so that it may count from earlier on.
-- `unsure`: it is not known where it comes from, or whether a tool could measure it.
with approval as (select agreement_id, min(approved_at) as approved_at from agreement group by agreement_id),
carrier as (
  select target_id, agreement_id from service_target where agreement_id is not null
  union all
  select unnest(bound_to), agreement_id from service_target where origin = 'doc' and agreement_id is not null
),
carried as (
  select c.target_id, min(v.approved_at) as approved_at, bool_or(v.agreement_id is null) as unseen
  from carrier as c left join approval as v on v.agreement_id = c.agreement_id
  group by c.target_id
),
first_result as (select target_id, min(midpoint) as midpoint from measured_period group by target_id)
select t.target_id, t.service_id, coalesce(v.approved_at, c.approved_at) as approved_at, f.midpoint as first_result_at,
  coalesce(v.approved_at, c.approved_at) is null and coalesce(c.unseen, false) as approval_unseen,
  t.origin is null or (t.origin = 'doc' and t.tool_measurable is null) as unsure, t._ref
from service_target as t
join major_service as m on m.service_id = t.service_id and not m.undecided
left join approval as v on v.agreement_id = t.agreement_id
left join carried as c on c.target_id = t.target_id
left join first_result as f on f.target_id = t.target_id
where t.origin is null or t.origin in ('jsm', 'slo', 'zabbix_sla', 'config')
  or (t.origin = 'doc' and t.tool_measurable is distinct from false and coalesce(len(t.bound_to), 0) = 0)
