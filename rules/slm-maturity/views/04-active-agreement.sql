-- Active agreements: approved and in force at T, in a current document (or in a contract register alone), surely of
-- their kind, and naming a service of S or of corporate scope; one row per agreement id.
-- `unsure`: the kind is doubtful (between `classify_doubt` and `classify_min`) or a field that decides is unknown.
-- `document_unseen`: the document it stands in is not among the evidence.
with one_agreement as (
  select * from agreement
  qualify row_number() over (partition by agreement_id order by _reliability desc, _source_id) = 1
),
one_document as (
  select * from document
  qualify row_number() over (partition by doc_id order by _reliability desc, _source_id) = 1
),
in_force as (
  select a.*, d.owner as document_owner, d.placeholder_ratio, d._source_id as document_source_id,
    d._ref as document_ref, a.doc_id is not null and d.doc_id is null as document_unseen,
    (a.doc_id is null or d.status = 'current')
      and case when a.kind_conf >= $p.classify_min then true when a.kind_conf < $p.classify_doubt then false end
      and (a.scope = 'corporate'
        or list_has_any(a.service_ids, coalesce((select list(service_id) from live_service), []))) as active
  from one_agreement as a left join one_document as d on d.doc_id = a.doc_id
  where a.approved_at <= $T
    and (a.effective_from is null or a.effective_from <= cast($T as date))
    and (a.effective_to is null or a.effective_to >= cast($T as date))
)
select agreement_id, kind, scope, doc_id, service_ids, provider, consumer, signed_by, approved_at, review_interval,
  sections_found, document_owner, document_source_id, document_ref, document_unseen, placeholder_ratio,
  active is null as unsure, _ref
from in_force
where active is distinct from false
