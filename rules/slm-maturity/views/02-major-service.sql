-- M: the services of S that are marked as major or, unmarked, have a tier of at most `major_tier_max`.
-- `major_unknown`: no service of S has a mark or a tier, and all of them stand in for M.
-- `undecided`: the service has neither while others do, or is not surely live: one undecided item of every coverage.
with known as (
  select coalesce(bool_or(major is not null or tier is not null), false) as any_known from live_service
)
select s.service_id, s.name, not k.any_known as major_unknown,
  s.unsure or (k.any_known and s.major is null and s.tier is null) as undecided, s._ref
from live_service as s cross join known as k
where coalesce(s.major, s.tier <= $p.major_tier_max, true)
