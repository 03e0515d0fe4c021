-- Clones: meetings whose minutes are near copies (one similarity cluster) or equal (one hash). In a group of three or
-- more none counts as held, in a pair only the earlier one does.
with minutes as (
  select m.meeting_id, m.planned_at, concat('cluster ', d.sim_cluster) as copies
  from meeting as m join document as d on d.doc_id = m.minutes_doc
  where d.sim_cluster is not null
  union
  select meeting_id, planned_at, concat('hash ', minutes_sha) from meeting where minutes_sha is not null
),
placed as (
  select meeting_id, count(*) over (partition by copies) as members,
    row_number() over (partition by copies order by planned_at, meeting_id) as place
  from minutes
)
select meeting_id, max(members) as members, bool_and(members = 2 and place = 1) as counts_as_held
from placed
where members >= 2
group by meeting_id
