-- S: the live services in scope, one row per service id; of several rows the most reliable one counts.
-- `unsure`: its status is not known, so that it may or may not be live.
with one_row as (
  select * from service
  qualify row_number() over (partition by service_id order by _reliability desc, _source_id) = 1
)
select service_id, name, tier, major, owner, customer_parties, supplier_parties, support_teams, process_ids,
  status is null as unsure, _ref
from one_row
where coalesce(status, 'live') = 'live' and in_scope is distinct from false
