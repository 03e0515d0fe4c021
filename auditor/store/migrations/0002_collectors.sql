-- Name and version of the collector that made a pull; null in pulls that an earlier version of the auditor recorded.

alter table source_run add column collector text;
