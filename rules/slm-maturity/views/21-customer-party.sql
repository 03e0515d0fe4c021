-- P_c by service: the active customers and business units among `customer_parties` of the services of S.
-- `undecided`: the service's list is unknown (null; `party_id` is null then), or whether the party is active is.
-- `unseen`: no row describes the party.
with one_party as (
  select * from party
  qualify row_number() over (partition by party_id order by _reliability desc, _source_id) = 1
),
named as (
  select service_id, unnest(customer_parties) as party_id, _ref from live_service
)
select n.service_id, n.party_id, p.party_id is not null and p.active is null as undecided,
  p.party_id is null as unseen, coalesce(p._ref, n._ref) as _ref
from named as n left join one_party as p on p.party_id = n.party_id
where p.party_id is null or (p.kind in ('customer', 'business_unit') and p.active is distinct from false)
union all
select service_id, null, true, false, _ref from live_service where customer_parties is null
