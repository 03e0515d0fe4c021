"""The functions that a statement of a pack or a mapping may call.

All of them give the same answer for the same rows: nothing here reads a clock, a random number, a setting, a file or a
variable, and nothing makes much out of little. Names differ between versions only where both are listed.
"""

from __future__ import annotations

_CONDITIONAL = "coalesce ifnull nullif if greatest least"
_NUMBERS = "abs ceil ceiling floor round trunc sign mod pow power sqrt exp ln log log10 log2 isnan isinf isfinite fdiv"
_TEXT = (
    "lower upper lcase ucase trim ltrim rtrim length len strlen substr substring left right reverse replace concat "
    "concat_ws starts_with ends_with prefix suffix contains instr strpos position split string_split str_split "
    "string_split_regex split_part regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace "
    "regexp_escape strip_accents translate ascii chr unicode levenshtein jaccard jaro_similarity "
    "jaro_winkler_similarity md5 sha256 url_decode url_encode nfc_normalize"
)
_DATES = (
    "date_diff datediff date_sub datesub date_trunc datetrunc date_part datepart date_add extract year quarter month "
    "week day hour minute second dayofweek dayofmonth dayofyear isodow isoyear weekday weekofyear yearweek dayname "
    "monthname last_day days_in_month time_bucket make_date make_time make_timestamp epoch epoch_ms epoch_us strftime "
    "strptime try_strptime timezone to_years to_quarters to_months to_weeks to_days to_hours to_minutes to_seconds "
    "to_milliseconds to_timestamp"
)
_LISTS = (
    "list_value list_contains list_has list_has_any list_has_all list_concat list_cat list_append list_prepend "
    "list_distinct list_unique list_filter list_transform list_apply list_reduce list_sort list_reverse_sort "
    "list_reverse list_slice list_extract list_element list_position list_indexof list_intersect list_zip list_sum "
    "list_avg list_min list_max list_median list_count list_bool_and list_bool_or list_first list_last list_any_value "
    "array_length array_to_string array_contains flatten unnest"
)
_MAPS_AND_JSON = (
    "map map_keys map_values map_entries map_contains map_extract map_extract_value map_from_entries map_concat "
    "cardinality element_at row struct_pack struct_extract struct_keys json_extract json_extract_string json_keys "
    "json_array_length json_type json_valid json_exists json_contains to_json typeof"
)
_AGGREGATES = (
    "count count_if countif sum avg mean min max median mode bool_and bool_or any_value first last arg_min arg_max "
    "min_by max_by list array_agg string_agg stddev stddev_pop stddev_samp variance var_pop var_samp quantile_cont "
    "quantile_disc percentile_cont percentile_disc fsum kahan_sum favg product histogram corr regr_slope "
    "regr_intercept regr_r2 grouping bit_and bit_or"
)
_WINDOWS = "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value"

ALLOWED_FUNCTIONS = frozenset(
    name
    for names in (_CONDITIONAL, _NUMBERS, _TEXT, _DATES, _LISTS, _MAPS_AND_JSON, _AGGREGATES, _WINDOWS)
    for name in names.split()
)
"""Names as DuckDB spells them, in lower case."""

_CLOCK = "use $T, the instant of the audit"
_AS_TABLE = "join it as a table: `from range(n) as r(k)`"

CURES = {
    **dict.fromkeys(
        (
            "now",
            "today",
            "age",
            "ago",
            "current_date",
            "current_time",
            "current_timestamp",
            "current_localtime",
            "current_localtimestamp",
            "get_current_time",
            "get_current_timestamp",
            "localtime",
            "localtimestamp",
            "transaction_timestamp",
        ),
        _CLOCK,
    ),
    **dict.fromkeys(("range", "generate_series"), _AS_TABLE),
    "getvariable": "use a parameter of the pack: $p.<name>",
    "hash": "use md5, which is the same in every version",
}
"""What to do instead of calling a function that is not allowed."""
