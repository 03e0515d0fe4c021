-- The documents that DOC level 2 looks into: the active SLAs that name a major service, and the catalogue documents
-- that alone document the level of one (no active SLA does).
-- `unsure`: it is undecided whether the document belongs here.
with named as (
  select l.agreement_id, bool_or(not l.unsure and not m.undecided) as sure
  from active_sla as l join major_service as m on m.service_id = l.service_id
  group by l.agreement_id
),
by_agreement as (
  select service_id, bool_or(counts is not distinct from true) as sure
  from level_document where kind = 'agreement'
  group by service_id
),
alone as (
  select c.doc_id,
    bool_or(c.counts is not distinct from true and a.service_id is null and not c.service_undecided) as sure
  from level_document as c left join by_agreement as a on a.service_id = c.service_id
  where c.kind = 'catalogue' and not coalesce(a.sure, false)
  group by c.doc_id
),
catalogue as (
  select * from document where kind = 'catalogue'
  qualify row_number() over (partition by doc_id order by _reliability desc, _source_id) = 1
)
select 'agreement' as kind, a.agreement_id as id, a.doc_id, a.document_unseen, a.document_owner as owner,
  a.document_source_id as source_id, a.service_ids, a.provider is not null and a.consumer is not null as names_parties,
  not n.sure as unsure, [a._ref, a.document_ref] as evidence
from named as n join active_agreement as a on a.agreement_id = n.agreement_id
union all
select 'catalogue', c.doc_id, c.doc_id, false, c.owner, c._source_id, c.service_ids,
  list_contains(map_keys(c.sections_found), 'owner') and c.sections_found['owner']
    and list_contains(map_keys(c.sections_found), 'users') and c.sections_found['users'],
  not n.sure, [c._ref]
from alone as n join catalogue as c on c.doc_id = n.doc_id
