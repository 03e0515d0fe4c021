-- Shadow services: ids that no service row knows and that each stand on more than `shadow_ticket_share` of the tickets
-- created in the last 90 days. `evidence` lists the first 20 of their tickets.
with recent as (
  select ticket_id, service_ids, _ref from ticket where created >= $W90 and created <= $T
),
named as (
  select ticket_id, _ref, unnest(list_distinct(service_ids)) as service_id from recent
)
select service_id, count(distinct ticket_id) as tickets,
  count(distinct ticket_id) / (select count(distinct ticket_id) from recent) as share,
  list(_ref order by _ref)[1:20] as evidence
from named
where service_id not in (select service_id from service)
group by service_id
having count(distinct ticket_id) > $p.shadow_ticket_share * (select count(distinct ticket_id) from recent)
