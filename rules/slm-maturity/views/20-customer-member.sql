-- Who stands for which customer: the id of a party of kind customer or business unit, and the persons among its
-- contacts.
select party_id as member_id, party_id, kind from party where kind in ('customer', 'business_unit')
union
select unnest(contacts), party_id, kind from party where kind in ('customer', 'business_unit')
