-- Customer deliveries: reports delivered to a customer, and service reviews held with one. `at` is the instant that
-- places them in a window.
-- `unsure`: the delivery's status, whether the review was held, or who it reached is unknown.
with judged as (
  select 'report' as kind, d.report_id as id,
    case when d.status = 'unknown' or d.delivered_at is null then d.due_at else d.delivered_at end as at,
    a.service_ids, a.customers, d.content_tags, d.refs, d._ref,
    case d.status when 'delivered' then true when 'late' then d.delivered_at is not null when 'failed' then false end
      and len(a.customers) > 0 as counts
  from report_delivery as d join delivery_audience as a on a._ref = d._ref
  union all
  select 'meeting', m.meeting_id, m.planned_at, m.service_ids, m.parties, m.content_tags, m.refs, m._ref,
    m.held and list_has_any(m.parties, coalesce((select list(party_id) from customer_member), []))
  from meeting as m
  where m.kind = 'service_review'
)
select j.kind, j.id, j.at, j.service_ids, j.customers, j.content_tags, j.refs, j.counts is null as unsure, j._ref
from judged as j
where j.counts is distinct from false
