-- Human substantive revisions: made by a person, or a proposal that a person approved; not rejected; and changing a
-- target, or at least `revision_min_chars` characters in a section that a document of its kind must have.
-- `unsure`: a field that decides is unknown. `unseen`: streams in which the approving person was not found.
with must_have as (
  select 'SLA' as kind, ['targets', 'workload_limits', 'exceptions'] as keys
  union all select 'SLR', ['service_outcome', 'requested_levels']
  union all select 'OLA', ['supported_sla', 'parties', 'targets', 'responsibilities']
  union all select 'UC', ['scope', 'requirements', 'targets', 'responsibilities']
  union all select 'catalogue', ['name', 'description', 'owner', 'users', 'dependencies']
  union all select 'review_minutes', ['date', 'attendees', 'results', 'actions']
  union all select 'procedure', ['incident', 'problem', 'change', 'request', 'availability', 'capacity', 'continuity',
    'supplier', 'catalogue', 'relationship']
  union all select 'training_plan', ['plan_per_role', 'owner', 'budget_or_hours', 'skills_gap', 'evaluation']
),
kind_of as (
  select doc_id, kind from agreement union select doc_id, kind from document
),
section_keys as (
  select k.doc_id,
    case when bool_or(k.kind <> 'agreement')
      then coalesce(flatten(list(m.keys) filter (where m.keys is not null)), []) end as keys
  from kind_of as k left join must_have as m on m.kind = k.kind
  group by k.doc_id
),
one_person as (
  select * from person
  qualify row_number() over (partition by person_id order by _reliability desc, _source_id) = 1
),
judged as (
  select r.*, p.person_id is null and r.decided_by is not null and r.decision = 'approved' as decider_unseen,
    (not r.is_bot or (r.decision is not distinct from 'approved' and r.decided_by is not null and not p.is_bot))
      and (r.targets_changed > 0
        or (r.chars_changed >= $p.revision_min_chars and list_has_any(r.sections_changed, k.keys))) as counts
  from document_revision as r
  left join section_keys as k on k.doc_id = r.doc_id
  left join one_person as p on p.person_id = r.decided_by
  where r.decision is distinct from 'rejected'
)
select j.doc_id, j.version, j.at, j.author, j.is_bot, j.targets_changed, j.sections_changed, j.cause_refs,
  j.counts is null as unsure,
  case when j.counts is null and j.is_bot and j.decider_unseen then ['person'] else [] end as unseen, j._ref
from judged as j
where j.counts is distinct from false
