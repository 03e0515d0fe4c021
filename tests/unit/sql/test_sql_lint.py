"""The lint: what a statement may be, and what its author is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sql_attacks import ENDLESS, REFUSED

from auditor.errors import EvidenceError, RulePackError
from auditor.sql.bind import Binder
from auditor.sql.faults import StatementError
from auditor.sql.lint import Linted, Rules, lint_select, names_used
from auditor.sql.parameters import SAMPLES

_TABLES = {
    "service": {"service_id": "VARCHAR", "tier": "BIGINT", "supplier_parties": "VARCHAR[]", "_ref": "VARCHAR"},
    "target": {"target_id": "VARCHAR", "service_id": "VARCHAR", "value": "DOUBLE", "window": "BIGINT"},
    "evidence_row": {"id": "VARCHAR", "n": "BIGINT"},
}


@pytest.fixture(scope="module")
def binder() -> Iterator[Binder]:
    with Binder(_TABLES) as opened:
        yield opened


def _lint(text: str, binder: Binder, **more: Any) -> Linted:
    return lint_select(text, tables=binder, file="x.yaml", line=10, parameters={**SAMPLES, "p_share": 0.5}, **more)


def _refused(text: str, binder: Binder, **more: Any) -> tuple[str, str, str]:
    with pytest.raises(RulePackError) as refused:
        _lint(text, binder, **more)
    return refused.value.what, str(refused.value.where), str(refused.value.cure)


@pytest.mark.parametrize("name", REFUSED)
def test_the_form_alone_refuses_every_attack(name: str) -> None:
    with pytest.raises(StatementError) as refused:
        names_used(REFUSED[name].format(file="/etc/hostname", folder="/tmp"), _TABLES, Rules({}))
    assert "\n" not in refused.value.what
    assert refused.value.line == 1


@pytest.mark.parametrize("name", ENDLESS)
def test_what_only_time_can_stop_binds_without_running(name: str, binder: Binder) -> None:
    assert _lint(ENDLESS[name], binder).columns == ("v",)


def test_a_statement_tells_what_it_reads_uses_and_answers(binder: Binder) -> None:
    linted = _lint(
        """with own as (select service_id from target where "window" > $p.share and $T > $W90)
        select s.service_id as item, s.tier >= $goal as met from service as s join own using (service_id)""",
        binder,
    )
    assert linted.tables == {"service", "target"}
    assert linted.parameters == {"p_share", "T", "W90", "goal"}
    assert linted.columns == ("item", "met")
    assert linted.types == {"item": "VARCHAR", "met": "BOOLEAN"}
    assert "$p_share" in linted.text


def test_a_parameter_inside_a_string_or_a_remark_is_none(binder: Binder) -> None:
    linted = _lint("select '$p.share' as v -- $p.other\n/* $W */", binder)
    assert linted.parameters == frozenset()
    assert "'$p.share'" in linted.text


_MESSAGES = {
    "unknown table": ("select 1 as v\nfrom servce", "there is no table 'servce'", 11, "did you mean service?"),
    "unknown column": ("select\n  tier,\n  teir from service", 'column "teir" not found', 12, '"tier"'),
    "unknown qualified column": ("select s.x from service as s", 'does not have a column named "x"', 10, "Candidate"),
    "unknown function": (
        "select\nmediam(tier) from service",
        "the function mediam is not allowed",
        11,
        "did you mean median?",
    ),
    "strange function": ("select zzzzqq(tier) as v from service", "zzzzqq is not allowed", 10, "same rows"),
    "wrong argument": ("select 1 as a,\n date_diff('day', 'x', 1) as b", "No function matches", 11, ""),
    "missing group": ("select tier, count(*) as n\nfrom service", "GROUP BY", 10, ""),
    "syntax": ("select 1\nfrom service\nwhere (", "SQL syntax near '('", 12, "SELECT"),
    "open string": ("select 1 as a,\n 'x as b", "does not end", 11, "close it"),
    "open remark": ("select 'it''s' as a\n\n/* x", "does not end", 12, "close it"),
    "semicolon": ("select 1 as v\n;", "only one SELECT", 11, "semicolon"),
    "two": ("select 1 as v;\nselect 2 as v", "only one SELECT", 10, "semicolon"),
    "nothing": ("-- only a remark", "only one SELECT", 10, "SELECT"),
    "values": ("values (1)", "only one SELECT", 10, "SELECT"),
    "remark in a remark": ("select 1 as v\n/* /* */ ; drop table service -- */", "inside a comment", 11, "end"),
    "parameter": ("select 1 as v\nwhere $Z", "no parameter $Z", 11, "known are"),
    "pack parameter": ("select $p.shar as v", "no parameter $p.shar", 10, "did you mean $p.share?"),
    "written out": ("select $p_other as v", "no parameter $p.other", 10, ""),
    "position": ("select $1 as v", "no parameter $1", 10, ""),
    "question mark": ("select ? as v", "no parameter", 10, ""),
    "now": ("select\n\nnow() as v", "the function now is not allowed", 12, "use $T"),
    "today": ("select current_date as v", "clock", 10, "use $T"),
    "timestamp": ("select current_timestamp as v", "clock", 10, "use $T"),
    "clock in quotes": ('select tier as a,\n"Current_Date" as v from service', "clock", 11, "use $T"),
    "timestamp in quotes": ('select "localtimestamp" as v', "clock", 10, "use $T"),
    "letters before": ("select 'ü€😀' as a,\nNOW() as v", "the function now is not allowed", 11, "use $T"),
    "method": ("select s._ref.now() as v from service as s", "the function now", 10, "use $T"),
    "local time": ("select localtimestamp as v", "clock", 10, "use $T"),
    "random": ("select random() as v", "the function random", 10, ""),
    "uuid": ("select gen_random_uuid() as v", "the function gen_random_uuid", 10, ""),
    "sample": ("select tier from service using sample 3", "random sample", 10, "leave"),
    "tablesample": ("select tier from service tablesample 10%", "random sample", 10, "leave"),
    "hash": ("select hash(tier) as v from service", "the function hash", 10, "md5"),
    "tilde": ("select _ref ~ 'x' as v from service", "something else in DuckDB 2", 10, "regexp_matches"),
    "arrow": ("select list_filter(supplier_parties, x -> x > 'a') as v from service", "arrow", 10, "lambda x"),
    "pivot": ("select * from (pivot service on tier using count(*))", "PIVOT", 10, "FILTER"),
    "version": ("select tier from service at (version => 1)", "no other versions", 10, "AT"),
    "into": ("select tier into other from service", "INTO", 10, "INTO"),
    "for update": ("select tier from service for update", "lock", 10, "FOR UPDATE"),
    "escape string": ("select e'x' as v", "kind of string", 10, "single quotes"),
    "dollar string": ("select $$x$$ as v", "kind of string", 10, "single quotes"),
    "schema": ("select 1 as v from main.service", "named with a schema", 10, "alone"),
    "hidden table": ("with service as (select 1 as x) select x from service", "name of a table", 10, "another"),
    "list range": ("select range(3) as v", "the function range", 10, "from range(n)"),
    "same name": ("select 1 as a, 2 as a", "two columns named a", 10, "as"),
    "columns": ("select columns('t.*') from service", "columns", 10, ""),
    "getvariable": ("select getvariable('x') as v", "getvariable", 10, "$p.<name>"),
}


@pytest.mark.parametrize("name", _MESSAGES)
def test_a_refusal_says_what_where_and_what_to_do(name: str, binder: Binder) -> None:
    text, what, line, cure = _MESSAGES[name]
    found = _refused(text, binder)
    assert what in found[0]
    assert found[1] == f"x.yaml:{line}"
    assert cure in found[2]


def test_deep_nesting_and_length_are_refused_before_they_hurt(binder: Binder) -> None:
    assert "nested too deeply" in _refused("select " + "(" * 20_000 + "1" + ")" * 20_000, binder)[0]
    assert "longer than" in _refused("select 1 as v" + " " * 100_000, binder)[0]


def test_columns_must_be_those_that_are_expected(binder: Binder) -> None:
    text = "select service_id as item, tier as note from service"
    assert _lint(text, binder, required_columns=["item"], optional_columns=["note"]).columns == ("item", "note")
    assert _refused(text, binder, required_columns=["item", "met"])[0] == "the column met is missing"
    what, _, cure = _refused(text, binder, required_columns=["item"], optional_columns=["notes"])
    assert what == "there is no use for the column note"
    assert cure == "did you mean notes?"


def test_tables_can_be_given_without_a_binder_and_errors_have_the_class_that_is_asked_for() -> None:
    with pytest.raises(EvidenceError, match="map\\.yaml:3"):
        lint_select(
            "select x from t",
            tables={"t": {"a": "VARCHAR"}},
            file="map.yaml",
            line=3,
            parameters={},
            error=EvidenceError,
        )
    assert lint_select("select a from t", tables={"t": {"a": "VARCHAR"}}, file="f", line=1, parameters={}).tables == {
        "t"
    }


def test_macros_can_be_called_where_they_are_made_and_named() -> None:
    macro = "create macro local_time(text, zone) as timezone('UTC', timezone(zone, text::timestamp))"
    text = "select local_time(a, 'Europe/Berlin') as at_utc from t"
    with Binder({"t": {"a": "VARCHAR"}}, [macro]) as binder:
        allowed = lint_select(text, tables=binder, file="f", line=1, parameters={}, extra_functions=["local_time"])
        assert allowed.types == {"at_utc": "TIMESTAMP"}
        with pytest.raises(RulePackError, match="local_time is not allowed"):
            lint_select(text, tables=binder, file="f", line=1, parameters={})


_USEFUL = """
select service_id, tier from service qualify row_number() over (partition by service_id order by tier desc) = 1

select s.service_id, k from service as s, range(3) as r(k)

select s.service_id, p from service as s, unnest(s.supplier_parties) as u(p)

select list_filter(supplier_parties, lambda x: x <> 'a') as a, [x for x in supplier_parties if x > 'b'] as b
from service

select m['k'] as a, map_keys(m) as b from (select map {'k': true} as m)

select string_agg(distinct service_id, ', ' order by service_id) as a, max_by(tier, value) as b,
  quantile_cont(value, 0.5) as c, any_value(tier) as d, min(tier) filter (where tier > 1) as e, count(*) as f
from service join target using (service_id)

select date_trunc('month', $T) as a, $T - interval 30 day as b, to_days(3) as c, cast($T as date) as d,
  extract(year from $T) as e, $T at time zone $tz as f, date_diff('day', $W90, $T) as g, strftime($T, '%Y') as h

select avg(value) over (partition by service_id order by target_id rows between 2 preceding and current row) as a,
  lag(value) over w as b
from target window w as (partition by service_id order by target_id)

with recursive n as (select 1 as i union all select i + 1 from n where i < 10) select i from n

select service_id from service union all by name select service_id from target except select 'x' order by 1 limit 5

select tier from service
where exists (select 1 from target as t where t.service_id = service.service_id)
  and tier is distinct from 3 and service_id like 'a%' and tier in (1, 2) and tier between 1 and 4 and not tier = 2

select case when tier > 1 then 'low' end as a, coalesce(tier, 1) as b, nullif(tier, 2) as c, if(tier > 1, 1, 0) as d,
  greatest(tier, 1) as e, try_cast(service_id as bigint) as f, tier::double as g, null as h
from service

select s.* exclude (tier), t.* exclude (service_id) replace (1 as value)
from service as s join target as t using (service_id) anti join evidence_row as e on e.id = s.service_id

select {'a': 1}.a as a, [1, 2][1] as b, [1, 2, 3][1:2] as c, trim(both 'x' from 'xyx') as d,
  substring('abc' from 1 for 2) as e, position('b' in 'abc') as f, 7 // 2 as g, 7 % 2 as h, 2 ** 3 as i, -1 as j

from service
""".strip().split("\n\n")


@pytest.mark.parametrize("text", _USEFUL)
def test_what_packs_need_is_allowed(text: str, binder: Binder) -> None:
    assert _lint(text, binder).columns
