-- Target breaches: periods as long as the target's window (27 days are enough) in which the target was not met.
-- The instant is `breached_at`; null: not known, undecided wherever an instant is asked for.
select p.target_id, t.service_id, t."window", p.period_start, p.period_end, p.breached_at, p._ref
from measured_period as p left join service_target as t on t.target_id = p.target_id
where not p.met and p.days >= least(coalesce(t."window", 27), 27)
