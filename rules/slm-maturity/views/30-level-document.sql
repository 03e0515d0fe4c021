-- What can document the service level of a major service: the active SLAs that name it, and the current catalogue
-- documents that list it with service levels. One row per service and document.
-- `counts`: null is undecided. A document full of placeholders (more than `placeholder_max`) is a template and out.
-- A document whose kind the source states without a confidence is taken at its word.
with catalogue as (
  select doc_id, service_ids, placeholder_ratio, owner, _source_id, _ref,
    status = 'current'
      and case when coalesce(kind_conf, 1) >= $p.classify_min then true
        when kind_conf < $p.classify_doubt then false end
      and list_contains(map_keys(sections_found), 'service_levels') and sections_found['service_levels'] as sound
  from document
  where kind = 'catalogue'
  qualify row_number() over (partition by doc_id order by _reliability desc, _source_id) = 1
),
judged as (
  select service_id, 'agreement' as kind, agreement_id as id, doc_id, document_unseen,
    case when not unsure then true end and (doc_id is null or placeholder_ratio <= $p.placeholder_max) as counts,
    [_ref, document_ref] as evidence
  from active_sla
  union all
  select m.service_id, 'catalogue', c.doc_id, c.doc_id, false,
    c.sound and list_contains(c.service_ids, m.service_id) and c.placeholder_ratio <= $p.placeholder_max, [c._ref]
  from major_service as m cross join catalogue as c
)
select j.service_id, j.kind, j.id, j.doc_id, j.document_unseen, j.counts, m.undecided as service_undecided, j.evidence
from judged as j join major_service as m on m.service_id = j.service_id
where j.counts is distinct from false
