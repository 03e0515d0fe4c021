-- The audience of a delivery: its recipients, or that of its schedule where it names none. `customers` are the
-- customers and business units that it reaches, a person standing for the parties whose contact it is.
-- Both lists are null where the audience is unknown.
with one_schedule as (
  select * from report_schedule
  qualify row_number() over (partition by report_id order by _reliability desc, _source_id) = 1
),
addressed as (
  select d.report_id, d.due_at, s.service_ids, d._ref,
    case when len(d.recipients) > 0 then d.recipients else s.audience end as audience
  from report_delivery as d left join one_schedule as s on s.report_id = d.report_id
)
select a.report_id, a.due_at, a.audience, a.service_ids,
  case when a.audience is not null
    then coalesce(list(distinct c.party_id order by c.party_id) filter (where c.party_id is not null), [])
  end as customers,
  a._ref
from addressed as a left join customer_member as c on list_contains(a.audience, c.member_id)
group by a.report_id, a.due_at, a.audience, a.service_ids, a._ref
