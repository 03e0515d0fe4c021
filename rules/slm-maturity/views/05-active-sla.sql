-- Active SLAs by service: one row for each pair of an active agreement of kind SLA and a service of S that it names.
-- An agreement whose list of services is unknown (null) may name any of them: `unsure`.
select s.service_id, a.agreement_id, a.doc_id, a.document_unseen, a.document_ref, a.placeholder_ratio,
  a.unsure or a.service_ids is null as unsure, a._ref
from active_agreement as a
join live_service as s on coalesce(list_contains(a.service_ids, s.service_id), true)
where a.kind = 'SLA'
