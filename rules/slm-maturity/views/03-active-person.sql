-- Active persons: not a service account, already there and not gone at T; one row per person id.
-- `unsure`: nobody says whether the id is a service account.
with one_row as (
  select * from person
  qualify row_number() over (partition by person_id order by _reliability desc, _source_id) = 1
)
select person_id, team, roles, is_it, is_bot is null as unsure, _ref
from one_row
where is_bot is distinct from true and (joined is null or joined <= $T) and ("left" is null or "left" > $T)
