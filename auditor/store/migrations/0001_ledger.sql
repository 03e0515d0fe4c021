-- The ledger from the start. Instants are ISO 8601 text in UTC; bodies are canonical JSON; hashes are SHA-256 in hex.

create table run (
    number integer primary key autoincrement,
    scope text not null,
    command text not null,
    status text not null check (status in ('running', 'complete', 'interrupted')),
    started text not null,
    ended text,
    as_of text,
    -- The run whose evidence was judged; differs from number when an earlier instant was asked for.
    evidence_run integer not null,
    source_order text,
    state_sha256 text,
    schema_sha256 text,
    engine_version text,
    config_sha256 text,
    rule_pack text,
    assessment_sha256 text references assessment (sha256),
    observations_sha256 text
);

create table source_run (
    run integer not null references run (number),
    scope text not null,
    source_id text not null,
    kind text not null,
    body text not null,
    cursors text not null,
    snapshot_streams text not null,
    records text not null,
    gap_count integer not null,
    gaps_sha256 text not null,
    primary key (run, source_id)
) without rowid;

-- Gaps of one pull as a list; a list that comes again is kept once.
create table gap (
    list_sha256 text not null,
    position integer not null,
    body text not null,
    primary key (list_sha256, position)
) without rowid;

create table payload (
    sha256 text primary key,
    size integer not null
) without rowid;

-- An envelope stands here once per request and answer; reading the same bytes again is counted in envelope_set.
create table envelope (
    run integer not null references run (number),
    scope text not null,
    source_id text not null,
    sha256 text not null,
    identity text not null,
    payload_sha256 text not null references payload (sha256),
    body text not null
);
create unique index envelope_identity on envelope (scope, identity);
create index envelope_run on envelope (run, source_id, sha256);

create table envelope_set (
    run integer not null references run (number),
    scope text not null,
    source_id text not null,
    again_count integer not null,
    again_sha256 text not null,
    total_count integer not null,
    total_sha256 text not null,
    primary key (run, source_id)
) without rowid;

create table segment (
    run integer not null references run (number),
    scope text not null,
    stream text not null,
    record_count integer not null,
    content_sha256 text not null,
    file_sha256 text not null,
    primary key (run, stream)
) without rowid;

create table assessment (
    sha256 text primary key,
    size integer not null,
    -- The hashes of its pieces in order, joined by a blank.
    pieces text not null
) without rowid;

create table piece (
    sha256 text primary key,
    body blob not null
);

create table observation (
    list_sha256 text not null,
    position integer not null,
    body text not null,
    primary key (list_sha256, position)
) without rowid;

create table manifest (
    sequence integer primary key,
    run integer not null unique references run (number),
    sha256 text not null unique,
    previous_sha256 text,
    body text not null
);

create table review (
    number integer primary key autoincrement,
    scope text not null,
    at text not null,
    body text not null
);
create trigger review_is_not_edited before update on review
begin
    select raise(abort, 'reviews are append-only');
end;
create trigger review_is_not_deleted before delete on review
begin
    select raise(abort, 'reviews are append-only');
end;

create table publication (
    scope text not null,
    target text not null,
    body text not null,
    primary key (scope, target)
) without rowid;

create table schedule (
    scope text not null,
    job text not null,
    body text not null,
    primary key (scope, job)
) without rowid;
