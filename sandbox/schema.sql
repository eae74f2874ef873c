-- Times are microseconds since 1970 (UTC). Money is text, so that no digit is lost.

CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS account (
    account_id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash TEXT,                       -- NULL: any secret but "bad" opens it
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    tax_included INTEGER NOT NULL,
    capabilities TEXT NOT NULL DEFAULT '{}', -- what differs from the default ones
    created_at INTEGER NOT NULL
);

-- Accounts whose credentials open them until a moment only.
CREATE TABLE IF NOT EXISTS credential_end (
    account_id TEXT PRIMARY KEY,
    ends_at INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS token (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS submission (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of receipt
    submission_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    phase TEXT NOT NULL,                    -- received, processing, done, failed
    due_at INTEGER,                         -- when it is worked on next; NULL: finished, stuck, or waiting for polls
    stuck INTEGER NOT NULL DEFAULT 0,
    out_of_order INTEGER NOT NULL DEFAULT 0,
    polls INTEGER NOT NULL DEFAULT 0,
    line_count INTEGER NOT NULL,
    accepted_count INTEGER NOT NULL DEFAULT 0,
    rejected_count INTEGER NOT NULL DEFAULT 0,
    try_again_count INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    reason TEXT,
    received_at INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (account_id, idempotency_key)
);
CREATE INDEX IF NOT EXISTS submission_due ON submission (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS submission_body (
    seq INTEGER PRIMARY KEY,                -- kept until every line has its result
    lines TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS submission_line (
    seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    sku TEXT NOT NULL,
    status TEXT NOT NULL,                   -- accepted, rejected, try_again, pending
    code TEXT,
    reason TEXT,
    applied_at INTEGER,
    PRIMARY KEY (seq, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS listing (
    account_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL DEFAULT '{}',     -- description, brand, gtin, images, attributes
    price TEXT,
    currency TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    status TEXT NOT NULL,                   -- active, ended
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    content_seq INTEGER NOT NULL DEFAULT 0, -- the newest submission that set this part
    price_seq INTEGER NOT NULL DEFAULT 0,
    quantity_seq INTEGER NOT NULL DEFAULT 0,
    status_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, sku)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS export (
    export_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    export_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    idempotency_key TEXT,
    phase TEXT NOT NULL,                    -- received, done
    due_at INTEGER,
    received_at INTEGER NOT NULL,
    as_of INTEGER,
    total INTEGER,
    UNIQUE (account_id, idempotency_key)
);

CREATE TABLE IF NOT EXISTS export_row (
    export_seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    price TEXT,
    currency TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    status TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (export_seq, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS purchase (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    ref TEXT,                               -- the buyer's own reference; the same one is the same order
    version INTEGER NOT NULL,
    status TEXT NOT NULL,                   -- new, accepted, partially_shipped, shipped, cancelled
    payment_status TEXT NOT NULL,           -- pending, cleared, failed
    currency TEXT NOT NULL,
    tax_included INTEGER NOT NULL,
    shipping TEXT NOT NULL,
    shipping_refunded TEXT NOT NULL DEFAULT '0',
    total TEXT NOT NULL,
    buyer TEXT NOT NULL,
    ship_to TEXT NOT NULL,
    cancellation_request TEXT,
    placed_at INTEGER NOT NULL,
    ship_by INTEGER NOT NULL,               -- the parcel is late after that
    accepted_at INTEGER,
    updated_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (account_id, ref)
);
CREATE INDEX IF NOT EXISTS purchase_by_update ON purchase (account_id, updated_at, seq);

CREATE TABLE IF NOT EXISTS purchase_line (
    order_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    quantity_shipped INTEGER NOT NULL DEFAULT 0,
    quantity_cancelled INTEGER NOT NULL DEFAULT 0,
    quantity_refunded INTEGER NOT NULL DEFAULT 0,
    unit_price TEXT NOT NULL,
    amount TEXT NOT NULL,
    tax TEXT NOT NULL,
    amount_refunded TEXT NOT NULL DEFAULT '0',
    PRIMARY KEY (order_id, line_id)
) WITHOUT ROWID;

-- What the seller did to an order: accept, ship, cancel, refund, approve, refuse. One row per idempotency key.
CREATE TABLE IF NOT EXISTS operation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_id TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (account_id, idempotency_key)
);
CREATE INDEX IF NOT EXISTS operation_by_order ON operation (order_id);

CREATE TABLE IF NOT EXISTS errand (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,                    -- a JSON list of what it is found by
    request TEXT NOT NULL,
    state TEXT NOT NULL,                    -- pending, done, refused, given_up
    reason TEXT,
    due_at INTEGER,                         -- NULL: it was run
    began_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS errand_due ON errand (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS errand_by_kind ON errand (account_id, kind, number);

CREATE TABLE IF NOT EXISTS return_case (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    return_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS return_case_by_order ON return_case (order_id);
CREATE INDEX IF NOT EXISTS return_case_by_account ON return_case (account_id, seq);

CREATE TABLE IF NOT EXISTS return_line (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- unique among all lines of all returns
    return_id TEXT NOT NULL,
    line_id TEXT NOT NULL,                  -- of the order
    quantity INTEGER NOT NULL,
    quantity_refunded INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS return_line_by_return ON return_line (return_id);

-- What the seller decided about a line, in the marketplace's own words; the last row of a line counts.
CREATE TABLE IF NOT EXISTS return_decision (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    return_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL,
    decision TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    refund INTEGER NOT NULL,                -- units refunded with it
    decided_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (account_id, idempotency_key, number)
);
CREATE INDEX IF NOT EXISTS return_decision_by_line ON return_decision (number);

CREATE TABLE IF NOT EXISTS event (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    received_at INTEGER,                    -- when the request that caused it came in
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sku TEXT,
    order_id TEXT,
    submission_id TEXT,
    quantity_before INTEGER,
    quantity_after INTEGER,
    price_before TEXT,
    price_after TEXT,
    data TEXT
);
