-- Targets whose series only asks whether a host answers: every recording or SLO rule that names the target uses no
-- other series than `up`. What is left of an expression without label filters, ranges, groupings and function names are
-- its series.
with rule as (
  select target_id, _ref,
    list_distinct(regexp_extract_all(
      regexp_replace(
        regexp_replace(
          regexp_replace(expr, '\{[^}]*\}|\[[^\]]*\]', ' ', 'g'),
          '\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)', ' ', 'g'),
        '\b[a-zA-Z_]\w*\s*\(', '(', 'g'),
      '\b[a-zA-Z_:][\w:]*')) as series
  from monitoring_rule
  where kind in ('recording', 'slo') and target_id is not null
)
select target_id, list(_ref order by _ref) as evidence
from rule
group by target_id
having count(*) filter (where series is distinct from ['up']) = 0
