-- A seller's year beside a catalogue of bench.n items: listings, feed lines, orders, runs, movements, differences.
-- Channels 1 to 3 are there already; channel 1 lists everything. Triggers are off: nothing here is a change.
-- What is rare on the first page is what makes it slow: refusals are old or gone, and one channel has none.

SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';

-- On channel 1 one listing in 50 was refused, on channel 2 one in 1,000; the third has none.
INSERT INTO channels_app_listing
    (channel_id, sku, item_id, state, sent_price, sent_quantity, sent_content_hash, sent_withdrawn, confirmed_price,
     confirmed_quantity, confirmed_content_hash, confirmed_at, rejected_hash, rejected_code, rejected_reason,
     rejected_at, last_line_at)
SELECT channel, item.sku, item.id,
       CASE WHEN item.id % 50 = 1 AND channel = 1 THEN 'rejected' WHEN item.id % 70 = 2 THEN 'ended' ELSE 'listed' END,
       price, 10, content_hash, false, price, 10, content_hash, '2026-11-01T00:00:00Z',
       CASE WHEN item.id % (CASE channel WHEN 1 THEN 50 WHEN 2 THEN 1000 END) = 1 THEN md5(item.id::text) ELSE '' END,
       '', CASE WHEN item.id % 50 = 1 THEN 'The brand is not allowed in this category.' ELSE '' END,
       '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z'
FROM generate_series(1, 3) AS channel
JOIN inventory_item AS item ON channel = 1 OR item.id % 5 = 1
ORDER BY channel, item.sku;

-- The marketplace has not answered some of the changes, and is late with a few.
INSERT INTO channels_app_submission
    (channel_id, kind, key, handle, phase, fence, line_count, confirmed_count, rejected_count, superseded_count, created_at,
     sent_at, next_poll_at, poll_count, overdue, reason)
SELECT 1, 'offer', uuidv7(), 'offer-' || n, 'open', n, 500, 10, 0, 0, now(), now(), now(), 2, n % 10 = 0, ''
FROM generate_series(1, 300) AS n;

-- A first feed in files of 5,000 lines is the newest of all; before it, changes in files of 500.
INSERT INTO channels_app_submission
    (channel_id, kind, key, handle, phase, fence, line_count, confirmed_count, rejected_count, superseded_count, created_at,
     sent_at, closed_at, poll_count, overdue, reason)
SELECT 1, 'content', uuidv7(), 'feed-' || n, 'closed', n, size, size - size / 50, size / 50, 0,
       '2026-10-01T00:00:00Z'::timestamptz + n * interval '20 minutes',
       '2026-10-01T00:00:00Z'::timestamptz + n * interval '20 minutes',
       '2026-10-01T00:00:00Z'::timestamptz + (n + 1) * interval '20 minutes', 2, false, ''
FROM generate_series(1, greatest(current_setting('bench.n')::int / 600, 60)) AS n,
     LATERAL (SELECT CASE WHEN n > current_setting('bench.n')::int / 600 - 60 THEN 5000 ELSE 500 END AS size) AS sized;

INSERT INTO channels_app_feedline
    (submission_id, channel_id, sku, kind, state, price, quantity, content_hash, payload_hash, version, created_at,
     closed_at, overdue, code, reason)
SELECT submission.id, 1, 'SKU-' || lpad((1 + (submission.id * 7919 + k) % current_setting('bench.n')::bigint)::text, 8, '0'),
       'content', CASE WHEN k % 50 = 1 THEN 'rejected' ELSE 'confirmed' END, 9.99, 10, md5(k::text), md5(k::text), 1,
       submission.created_at, submission.closed_at, false, '', ''
FROM channels_app_submission AS submission, generate_series(1, submission.line_count) AS k
WHERE submission.kind = 'content' AND k <= current_setting('bench.n')::int;

-- Orders: one for five items, each of two lines; few are open, few wait for their payment, few ask for a person, one in a hundred is not ours.
INSERT INTO channels_app_order
    (channel_id, seller_id, remote_id, version, remote_status, payment_status, shipping_status, managed_by, currency,
     tax_included, total, shipping, buyer, ship_to, placed_at, ship_by, imported_at, updated_at, oversold, attention)
SELECT CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END, 1, 'R-' || n, 1, '',
       CASE WHEN n % 400 = 1 THEN 'pending' ELSE 'cleared' END,
       CASE WHEN n % 100 = 7 THEN 'third_party_managed' WHEN n % 40 = 1 THEN 'unshipped' ELSE 'shipped' END,
       CASE WHEN n % 100 = 7 THEN 'third_party' ELSE 'us' END, 'USD', true, 20, 0,
       jsonb_build_object(
           'name', (ARRAY['Ada', 'Bram', 'Chen', 'Dina', 'Emre', 'Faye', 'Goran'])[1 + n % 7] || ' '
                   || CASE WHEN n % 50 = 0 THEN 'Miller' ELSE initcap(substr(translate(md5((n / 3)::text), '0123456789', 'ghijklmnop'), 1, 8)) END,
           'email', 'buyer-' || n || '@example.com'
       ), '{}',
       '2025-11-01T00:00:00Z'::timestamptz + n * interval '2 minutes',
       CASE WHEN n % 10 > 0 THEN '2025-11-03T00:00:00Z'::timestamptz + n * interval '2 minutes' END, now(), now(), false,
       CASE WHEN n % 2000 = 3 THEN 'Oversold: 1 more unit was ordered than you had in stock.' ELSE '' END
FROM generate_series(1, current_setting('bench.n')::int / 5) AS n;

INSERT INTO channels_app_orderline
    (order_id, remote_id, sku, item_id, title, quantity, remote_shipped, remote_cancelled, shipped, cancelled, consumed,
     unit_price, amount, tax, refunded)
SELECT shown.id, k::text, item.sku, item.id, item.title, 1, 0, 0, (shown.shipping_status = 'shipped')::int, 0, 0,
       10, 10, 0, 0
FROM channels_app_order AS shown CROSS JOIN generate_series(1, 2) AS k
JOIN inventory_item AS item ON item.id = 1 + (shown.id * 31 + k * (shown.id % 3)) % current_setting('bench.n')::int;

-- Half of what is to ship was printed; some of it has changed since.
UPDATE channels_app_order
SET printed_at = placed_at, printed_sheet = '{"to": "44136fa355b3678a", "units": {"SKU-00000001": 1}}',
    changed_since_printed = id % 400 = 1
WHERE shipping_status = 'unshipped' AND id % 80 < 40;

INSERT INTO channels_app_ordernote (order_id, at, text)
SELECT id, placed_at, 'A gift: leave the invoice out.' FROM channels_app_order WHERE id % 50 = 0;

-- Each that was shipped left in one parcel.
INSERT INTO channels_app_shipment
    (channel_id, order_id, public_id, key, carrier_code, carrier_name, tracking_number, shipped_at, created_at)
SELECT channel_id, id, uuidv7(), uuidv7(), 'ups', 'UPS', '1Z' || lpad(id::text, 16, '0'), placed_at, placed_at
FROM channels_app_order WHERE shipping_status = 'shipped';

INSERT INTO channels_app_raworder (channel_id, remote_id, version, body, hash, state, reason, fetched_at)
SELECT channel_id, remote_id, 1, '{"lines": [{"sku": "SKU"}], "buyer": {"name": "Buyer"}}', md5(remote_id), 'done', '',
       placed_at
FROM channels_app_order ORDER BY id;
INSERT INTO channels_app_raworder (channel_id, remote_id, version, body, hash, state, reason, fetched_at)
SELECT 1, 'BAD-' || n, 1, '{}', n::text, 'needs_attention', 'The order has no currency.', now()
FROM generate_series(1, 200) AS n;

INSERT INTO channels_app_command
    (channel_id, order_id, line_id, kind, key, group_key, state, fence, handle, quantity, reason_code, restock, attempts,
     overdue, code, reason, created_at, sent_at, closed_at)
SELECT shown.channel_id, shown.id, line.id, 'accept', uuidv7(), uuidv7(),
       CASE WHEN shown.attention = '' THEN 'confirmed' ELSE 'rejected' END, 1, '', line.quantity, '', false,
       1, false, '', CASE WHEN shown.attention = '' THEN '' ELSE 'Oversold' END, shown.placed_at, shown.placed_at, shown.placed_at
FROM channels_app_order AS shown JOIN channels_app_orderline AS line ON line.order_id = shown.id;

INSERT INTO channels_app_cancellationrequest (order_id, seller_id, remote_id, reason, state, line_remote_ids, requested_at)
SELECT id, seller_id, 'C-1', 'Found it cheaper.', CASE WHEN id % 1000 = 0 THEN 'open' ELSE 'approved' END, '[]', placed_at
FROM channels_app_order WHERE id % 100 = 0;

-- Runs of the jobs of all channels, in turns.
INSERT INTO channels_app_jobrun (job_id, channel_id, kind, fence, started_at, finished_at, outcome, counts, error)
SELECT job.id, job.channel_id, job.kind, n, run_at, run_at + interval '2 seconds',
       CASE WHEN n % 1000 = 7 THEN 'retry' ELSE 'done' END, '{"sent": 120}', ''
FROM generate_series(1, current_setting('bench.n')::int / 10) AS n
CROSS JOIN LATERAL (SELECT '2026-10-01T00:00:00Z'::timestamptz + n * interval '40 seconds' AS run_at) AS timed
JOIN channels_app_channeljob AS job
    ON job.id = (SELECT min(id) FROM channels_app_channeljob) + n % (SELECT count(*) FROM channels_app_channeljob);

-- The best seller has many movements, and every item has its own.
INSERT INTO inventory_stockmovement (item_id, location_id, on_hand_delta, reserved_delta, reason, note, at, key)
SELECT CASE WHEN n % 20 = 0 THEN 1 ELSE 1 + n % current_setting('bench.n')::int END, 1, 0, 0, 'counted', '',
       '2026-06-01T00:00:00Z'::timestamptz + n * interval '10 seconds', uuidv7()
FROM generate_series(1, current_setting('bench.n')::int) AS n;

-- A plan with one difference for ten items waits; older runs were decided.
INSERT INTO channels_app_reconcilerun
    (channel_id, state, export_handle, as_of, remote_count, counts, reason, created_at, finished_at)
SELECT 1, CASE WHEN n = 30 THEN 'planned' ELSE 'applied' END, '', now(), current_setting('bench.n')::int,
       '{"to_end": 1}', '', now() - (30 - n) * interval '1 day', now() - (30 - n) * interval '1 day'
FROM generate_series(1, 30) AS n;
INSERT INTO channels_app_difference (run_id, channel_id, sku, kind, state, reason, our_price, our_quantity)
SELECT run.id, 1, item.sku, CASE WHEN item.id % 20000 = 10 THEN 'missing' ELSE 'to_end' END, 'planned',
       'Not on the label.', 9.99, 1
FROM channels_app_reconcilerun AS run
JOIN inventory_item AS item ON item.id % 10 = 0 AND (run.state = 'planned' OR item.id % 1000 = 0);

-- The brake holds endings, and changes wait.
INSERT INTO channels_app_pendingchange
    (channel_id, sku, item_id, kinds, urgency, version, held, not_before, changed_at)
SELECT 1, sku, id, 8, 4, 1, id % 2 = 0, NULL, now() FROM inventory_item WHERE id % 5 = 0;

INSERT INTO channels_app_channelhistory (channel_id, at, what, before, after, reason)
SELECT 1, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute', 'buffer', '1', '2', ''
FROM generate_series(1, 10000) AS n;

-- A small label beside the one that everything is on, one kept by rule, and labels enough for a long list.
INSERT INTO inventory_label (seller_id, public_id, name, kind, rule, match, rule_changed_at, recalculated_at, created_at)
SELECT 1, uuidv7(), CASE n WHEN 1 THEN 'Rare' WHEN 2 THEN 'By rule' ELSE 'Label ' || n END,
       CASE WHEN n = 2 THEN 'rule' ELSE 'manual' END,
       CASE WHEN n = 2 THEN '[{"field": "brand", "op": "is", "value": "Brand 7"}]'::jsonb ELSE '[]' END, 'all', now(), now(),
       '2026-01-01T00:00:00Z'
FROM generate_series(1, 40) AS n;
INSERT INTO inventory_labelitem (label_id, item_id, source)
SELECT label.id, item.id, CASE WHEN label.kind = 'rule' AND item.id % 9 = 0 THEN 'excluded' ELSE 'hand' END
FROM inventory_label AS label
JOIN inventory_item AS item ON item.id % (CASE label.name WHEN 'Rare' THEN 100000 WHEN 'By rule' THEN 3 ELSE 200 END) = 0
WHERE label.name <> 'Everything';

-- What a filter asks for: some blocked, archived, priceless, sold out.
UPDATE inventory_item SET blocked = true WHERE id % 2000 = 5;
UPDATE inventory_item SET archived_at = now() WHERE id % 500 = 9;
UPDATE inventory_item SET price = NULL WHERE id % 5000 = 11;
UPDATE inventory_stock SET reserved = on_hand WHERE item_id % 1000 = 13;
DELETE FROM inventory_labelitem WHERE item_id % 30000 = 17;

-- Marks as the triggers leave them, and some whose reason is gone since.
INSERT INTO inventory_lack (seller_id, sku, lacks)
SELECT seller_id, sku, lacks
FROM (
    SELECT seller_id, sku,
        CASE
            WHEN item.id % 1000 = 500 THEN 15
            ELSE (NOT EXISTS (SELECT FROM inventory_labelitem WHERE item_id = item.id AND source <> 'excluded'))::int
                + (SELECT coalesce(sum(level.lack), 0)::int FROM inventory_lack_levels() AS level WHERE level.at_most >=
                    coalesce(
                        (SELECT sum(greatest(on_hand - reserved, 0)) FROM inventory_stock WHERE item_id = item.id), 0))
        END AS lacks
    FROM inventory_item AS item
    WHERE archived_at IS NULL
) AS item
WHERE lacks > 0
ORDER BY seller_id, sku;

INSERT INTO inventory_csvimport
    (seller_id, public_id, file_name, encoding, state, layout, columns, summary, rows_done, last_place, attempts, error,
     offered_encoding, created_at, finished_at, undone)
SELECT 1, uuidv7(), 'items ' || n || '.csv', 'utf-8',
       CASE n % 100 WHEN 0 THEN 'preview' WHEN 1 THEN 'failed' ELSE 'done' END,
       'columns', '[{"name": "sku", "field": "sku"}, {"name": "title", "field": "title"}]',
       '{"rows": 5000, "new": 10, "changed": 3, "unchanged": 4987, "errors": 1000}', 5000, 5000, 1, '', '', now(),
       now(), '{}'
FROM generate_series(1, 400) AS n;
INSERT INTO inventory_csvimportproblem (csv_import_id, number, line, reasons, cells)
SELECT one.id, n, n + 1, '[{"column": "sku", "reason": "Missing."}]', '["", "A title"]'
FROM inventory_csvimport AS one, generate_series(1, 500) AS n WHERE one.id % 4 = 0;

-- Edits of many items, three a day.
INSERT INTO inventory_bulkedit
    (seller_id, public_id, action, words, state, count, done_count, changed_count, undone_count, last_item, attempts, error,
     made_at)
SELECT 1, uuidv7(), 'price', 'with +10 % on the price', CASE WHEN n % 100 = 0 THEN 'failed' ELSE 'done' END,
       1000, 1000, 1000, 0, 0, 0, '', now() - (1000 - n) * interval '8 hours'
FROM generate_series(1, 1000) AS n;

-- Files of parcels, one a day; each of 1,000 rows, one in ten to be mended.
INSERT INTO channels_app_shippingfile (seller_id, public_id, file_name, state, attempts, created_at)
SELECT 1, uuidv7(), 'parcels ' || n || '.csv', CASE n WHEN 90 THEN 'preview' ELSE 'done' END, 0, now()
FROM generate_series(1, 90) AS n;
INSERT INTO channels_app_shippingrow
    (file_id, line, cells, state, problem, order_id, sku, units, carrier_code, carrier_name, tracking_number, parcel)
SELECT file.id, n + 1, '{"order": "R-1", "marketplace": "", "sku": "", "units": "", "carrier": "UPS", "tracking": "1Z"}',
       CASE WHEN n % 10 = 0 THEN 'wrong' WHEN file.state = 'preview' THEN 'ready' ELSE 'shipped' END,
       CASE WHEN n % 10 = 0 THEN 'There is no such order.' ELSE '' END,
       (SELECT min(id) FROM channels_app_order) + n, '', 1, 'ups', 'UPS', '1Z', n + 1
FROM channels_app_shippingfile AS file, generate_series(1, 1000) AS n;
RESET session_replication_role;
