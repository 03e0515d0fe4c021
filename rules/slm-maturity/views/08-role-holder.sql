-- Role-holders: active persons with a role of service level management, and active IT persons who own the document
-- of an active agreement. `unsure`: a field that decides is unknown.
with owner as (
  select document_owner as person_id, bool_or(not unsure) as sure
  from active_agreement where document_owner is not null
  group by document_owner
),
judged as (
  select p.*, list_has_any(p.roles, ['slm_manager', 'service_owner', 'brm', 'supplier_mgr'])
    or (p.is_it and case when o.person_id is null then false when o.sure then true end) as holds
  from active_person as p left join owner as o on o.person_id = p.person_id
)
select person_id, team, roles, is_it, unsure or holds is null as unsure, _ref
from judged
where holds is distinct from false
