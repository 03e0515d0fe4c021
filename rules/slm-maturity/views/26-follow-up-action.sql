-- Follow-up actions: the follow-up of one failure or review (kind action). Open and closed as for register items.
select item_id, origin, origin_ref, owner, opened, due, original_due, closed, closed_by, status, service_ids,
  status in ('open', 'in_progress') as is_open, closed is not null as is_closed, _ref
from improvement
where kind = 'action'
