-- Reviews of agreements that count; `how` says in which of two ways.
-- `stated`: the last review on the agreement's record, made by a person (no service account) and borne out by what
-- it cites: a meeting, a human substantive revision of its own document, or `no change:` with a reason.
-- `revision`: the last human substantive revision of its document.
-- `unsure`: a field or a row that decides is unknown (with `at` null: when it was); `unseen` names the streams where a
-- row it names was not found; where the reviewer and what the review led to both are missing, either (`a|b`) decides it.
with one_person as (
  select * from person
  qualify row_number() over (partition by person_id order by _reliability desc, _source_id) = 1
),
meeting_ref as (select meeting_id, min(_ref) as ref from meeting group by meeting_id),
version_ref as (
  select concat(doc_id, '@', version) as version_id, min(_ref) as ref from document_revision group by doc_id, version
),
own_revision as (
  select a.agreement_id, concat(h.doc_id, '@', h.version) as version_id, h.at, h.unsure or h.at is null as unsure,
    h.unseen,
    a._ref as agreement_ref, h._ref
  from agreement as a join human_revision as h on h.doc_id = a.doc_id
  where coalesce(h.at <= $T, true)
),
stated as (
  select a.agreement_id, a.last_review_at as at, a.last_review_ref as cites, not p.is_bot as by_person,
    p.person_id is null as person_unseen,
    case
      when starts_with(lower(a.last_review_ref), 'no change:') then trim(substr(a.last_review_ref, 11)) <> ''
      when m.meeting_id is not null or not o.unsure then true
      when v.version_id is not null and o.version_id is null then false
    end as borne_out,
    m.meeting_id is null and v.version_id is null as cited_unseen,
    [a._ref, p._ref, m.ref, v.ref] as evidence
  from agreement as a
  left join one_person as p on p.person_id = a.last_review_by
  left join meeting_ref as m on m.meeting_id = a.last_review_ref
  left join version_ref as v on v.version_id = a.last_review_ref
  left join own_revision as o on o.agreement_id = a.agreement_id and o.version_id = a.last_review_ref
  where coalesce(a.last_review_at <= $T, true) and a.last_review_by is not null and a.last_review_ref is not null
)
select s.agreement_id, 'stated' as how, s.at, s.cites, s.at is null or (s.by_person and s.borne_out) is null as unsure,
  case when s.person_unseen and s.borne_out is null and s.cited_unseen
    then ['person|meeting', 'person|document_revision']
    when s.person_unseen then ['person']
    when s.borne_out is null and s.cited_unseen then ['meeting', 'document_revision'] else [] end as unseen,
  s.evidence
from stated as s
where (s.by_person and s.borne_out) is distinct from false
union all
select o.agreement_id, 'revision', max(o.at), max_by(o.version_id, o.at), o.unsure, o.unseen,
  [min(o.agreement_ref), max_by(o._ref, o.at)]
from own_revision as o
group by o.agreement_id, o.unsure, o.unseen, o.at is null
