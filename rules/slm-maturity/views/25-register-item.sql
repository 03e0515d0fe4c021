-- Register items: improvements and experiments. Open: status open or in progress; closed: with a closing instant.
select item_id, kind, tags, origin, origin_ref, target_id, proposer, owner, priority, opened, due, original_due, closed,
  closed_by, status, metric, baseline, goal_value, result_value, result_at, service_ids, goal_ids,
  status in ('open', 'in_progress') as is_open, closed is not null as is_closed, _ref
from improvement
where kind in ('improvement', 'experiment')
