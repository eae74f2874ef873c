-- What a benchmark is held against: the least SQL that leaves the same rows in the same tables with the same indexes.
-- Each statement is committed by itself. Parameters as psycopg2 names them.

-- name: first_feed_json
-- Every pending item as the JSON that the marketplace would get.
SELECT json_build_object('sku', item.sku, 'title', item.title, 'description', item.description, 'brand', item.brand,
                         'gtin', item.gtin, 'images', item.images, 'attributes', item.attributes,
                         'price', item.price::text, 'currency', item.currency,
                         'quantity', stock.on_hand - stock.reserved)
FROM channels_app_pendingchange AS change
JOIN inventory_item AS item ON item.id = change.item_id
JOIN inventory_stock AS stock ON stock.item_id = item.id
WHERE change.channel_id = {channel}
ORDER BY change.urgency, change.id

-- name: first_feed_submissions
INSERT INTO channels_app_submission
    (channel_id, kind, key, handle, phase, fence, line_count, confirmed_count, rejected_count, superseded_count,
     created_at, sent_at, next_poll_at, poll_count, overdue, reason)
SELECT %(channel)s, 'content', gen_random_uuid(), 'handle', 'open', 1, 5000, 0, 0, 0, now(), now(), now(), 0, false, ''
FROM generate_series(1, (%(n)s + 4999) / 5000)

-- name: first_feed_lines
INSERT INTO channels_app_feedline
    (submission_id, channel_id, sku, kind, state, price, quantity, content_hash, payload_hash, version, changed_at,
     created_at, overdue, code, reason)
SELECT (SELECT min(id) FROM channels_app_submission) + (row_number() OVER (ORDER BY change.id) - 1) / 5000,
       change.channel_id, change.sku, 'content', 'sent', item.price, stock.on_hand - stock.reserved, item.content_hash,
       'c' || left(md5(item.price || '||' || item.content_hash), 31), change.version, change.changed_at,
       now(), false, '', ''
FROM channels_app_pendingchange AS change
JOIN inventory_item AS item ON item.id = change.item_id
JOIN inventory_stock AS stock ON stock.item_id = item.id
WHERE change.channel_id = %(channel)s
ORDER BY change.id

-- name: first_feed_listings
INSERT INTO channels_app_listing
    (channel_id, sku, item_id, state, sent_price, sent_quantity, sent_content_hash, sent_withdrawn,
     confirmed_content_hash, rejected_hash, rejected_code, rejected_reason, last_line_at)
SELECT line.channel_id, line.sku, item.id, 'creating', line.price, line.quantity, line.content_hash, false,
       '', '', '', '', now()
FROM channels_app_feedline AS line
JOIN inventory_item AS item ON item.seller_id = 1 AND item.sku = line.sku
WHERE line.channel_id = %(channel)s
ORDER BY line.id

-- name: first_feed_settle
DELETE FROM channels_app_pendingchange WHERE channel_id = %(channel)s

-- name: orders_raws
-- The rows of an earlier run of ours, kept in bench_ tables, with every index and constraint of the real ones.
INSERT INTO channels_app_raworder SELECT * FROM bench_raworder ORDER BY id

-- name: orders_orders
INSERT INTO channels_app_order SELECT * FROM bench_order ORDER BY id

-- name: orders_lines
INSERT INTO channels_app_orderline SELECT * FROM bench_orderline ORDER BY id

-- name: orders_commands
INSERT INTO channels_app_command SELECT * FROM bench_command ORDER BY id

-- name: orders_movements
INSERT INTO inventory_stockmovement SELECT * FROM bench_movement ORDER BY id

-- name: orders_stock
UPDATE inventory_stock AS stock
SET reserved = stock.reserved + moved.reserved
FROM (
    SELECT item_id, location_id, sum(reserved_delta)::int AS reserved FROM bench_movement GROUP BY item_id, location_id
) AS moved
WHERE stock.item_id = moved.item_id AND stock.location_id = moved.location_id

-- name: reconcile_run
INSERT INTO channels_app_reconcilerun (channel_id, state, export_handle, as_of, counts, reason, created_at)
VALUES (%(channel)s, 'planned', '', now(), '{}', '', now())

-- name: reconcile_stage
-- What the channel shows; COPY and ANALYZE follow.
DROP TABLE IF EXISTS bench_shown;
CREATE UNLOGGED TABLE bench_shown (sku varchar(100) NOT NULL, price numeric(14, 4), quantity integer)

-- name: reconcile_to_end
-- Shown, but no item on the label.
INSERT INTO channels_app_difference (run_id, channel_id, sku, kind, state, reason, remote_price, remote_quantity)
SELECT (SELECT max(id) FROM channels_app_reconcilerun), %(channel)s, shown.sku, 'to_end', 'planned', '',
       shown.price, shown.quantity
FROM bench_shown AS shown
WHERE NOT EXISTS (SELECT FROM inventory_item AS item JOIN inventory_labelitem AS member ON member.item_id = item.id
                  WHERE member.label_id = %(label)s AND item.seller_id = 1 AND item.sku = shown.sku)

-- name: reconcile_missing
-- Confirmed, on the label, and not shown.
INSERT INTO channels_app_difference (run_id, channel_id, sku, kind, state, reason, our_price, our_quantity)
SELECT (SELECT max(id) FROM channels_app_reconcilerun), %(channel)s, listing.sku, 'missing', 'planned', '',
       listing.confirmed_price, listing.confirmed_quantity
FROM channels_app_listing AS listing
WHERE listing.channel_id = %(channel)s AND listing.state = 'listed'
  AND NOT EXISTS (SELECT FROM bench_shown AS shown WHERE shown.sku = listing.sku)
  AND EXISTS (SELECT FROM inventory_item AS item JOIN inventory_labelitem AS member ON member.item_id = item.id
              WHERE member.label_id = %(label)s AND item.seller_id = 1 AND item.sku = listing.sku)

-- name: reconcile_adoptable
-- Shown, on the label, and no listing of ours.
INSERT INTO channels_app_difference (run_id, channel_id, sku, kind, state, reason, remote_price, remote_quantity)
SELECT (SELECT max(id) FROM channels_app_reconcilerun), %(channel)s, shown.sku, 'adoptable', 'planned', '',
       shown.price, shown.quantity
FROM bench_shown AS shown
JOIN inventory_item AS item ON item.seller_id = 1 AND item.sku = shown.sku
JOIN inventory_labelitem AS member ON member.item_id = item.id AND member.label_id = %(label)s
WHERE NOT EXISTS (SELECT FROM channels_app_listing AS listing
                  WHERE listing.channel_id = %(channel)s AND listing.sku = shown.sku)

-- name: reconcile_drifted
-- Shown, on the label, and not as it was confirmed.
INSERT INTO channels_app_difference
    (run_id, channel_id, sku, kind, state, reason, our_price, our_quantity, remote_price, remote_quantity)
SELECT (SELECT max(id) FROM channels_app_reconcilerun), %(channel)s, shown.sku, 'drifted', 'planned', '',
       listing.confirmed_price, listing.confirmed_quantity, shown.price, shown.quantity
FROM bench_shown AS shown
JOIN channels_app_listing AS listing ON listing.channel_id = %(channel)s AND listing.sku = shown.sku
JOIN inventory_item AS item ON item.seller_id = 1 AND item.sku = shown.sku
JOIN inventory_labelitem AS member ON member.item_id = item.id AND member.label_id = %(label)s
WHERE (shown.price, shown.quantity) IS DISTINCT FROM (listing.confirmed_price, listing.confirmed_quantity)

-- name: csv_file
-- What the file holds: the catalogue, in the order of its ids.
SELECT item.sku, item.title, item.description, item.brand, right(item.gtin, 12), item.price, item.currency, stock.on_hand,
       (item.images ->> 0) || ' ' || (item.images ->> 1), item.attributes ->> 'material', item.attributes ->> 'color'
FROM inventory_item AS item JOIN inventory_stock AS stock ON stock.item_id = item.id
ORDER BY item.id

-- name: csv_stage
CREATE UNLOGGED TABLE bench_cells (
    sku text, title text, description text, brand text, barcode text, price numeric(14, 4), currency text, quantity int,
    images text, material text, color text
)

-- name: csv_items
INSERT INTO inventory_item (seller_id, sku, title, description, brand, gtin, price, currency, images, attributes,
                            variation, is_parent, blocked, created_at, updated_at)
SELECT 1, sku, title, description, brand, barcode, price, currency, to_jsonb(string_to_array(images, ' ')),
       jsonb_build_object('material', material, 'color', color), '{}', false, false, now(), now()
FROM bench_cells

-- name: csv_stock
INSERT INTO inventory_stock (item_id, location_id, on_hand, reserved)
SELECT item.id, 1, cells.quantity, 0
FROM bench_cells AS cells JOIN inventory_item AS item ON item.seller_id = 1 AND item.sku = cells.sku

-- name: csv_movements
INSERT INTO inventory_stockmovement (item_id, location_id, on_hand_delta, reserved_delta, reason, note, at, key)
SELECT item_id, location_id, on_hand, 0, 'imported', 'items.csv', now(), gen_random_uuid() FROM inventory_stock

-- name: label_rule
INSERT INTO inventory_labelitem (label_id, item_id, source)
SELECT %(label)s, id, 'rule' FROM inventory_item
WHERE seller_id = 1 AND archived_at IS NULL AND NOT is_parent AND price >= 105 AND upper(brand) <> upper('Brand 150')
