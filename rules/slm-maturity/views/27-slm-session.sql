-- Sessions that teach service level management: where a source answers for training records, the completed sessions of
-- one course on one day with a topic other than tooling; else the training meetings that were held.
-- `unsure`: the topics are unknown.
with answered as (
  select count(*) > 0 as yes from source_run where list_contains(streams, 'training_record')
),
attended as (
  select course_id, cast(completed_at as date) as day, person_id, _ref,
    list_has_any(topics, ['sla_mgmt', 'reporting', 'negotiation', 'analytics', 'adv_analytics', 'crm', 'strategy'])
      as teaches
  from training_record
  where kind = 'session' and completed_at <= $T
)
select concat(course_id, ' ', strftime(day, '%Y-%m-%d')) as session, day,
  not coalesce(bool_or(teaches), false) as unsure, list(distinct person_id order by person_id) as persons,
  list(_ref order by _ref) as evidence
from attended
where teaches is distinct from false
group by course_id, day
union all
select meeting_id, cast(planned_at as date), false, attendees, [_ref]
from meeting
where kind = 'training' and held and planned_at <= $T and not (select yes from answered)
