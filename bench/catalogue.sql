-- A seller's catalogue of bench.n items: the same rows every time. Triggers are off: nothing here is a change.
-- Titles and descriptions are as long as real ones; words repeat as they do in a shop, so that searches find some or many.

SET session_replication_role = replica;
DROP INDEX item_sku_trgm, item_title_trgm;

INSERT INTO inventory_seller (id, name, slug, time_zone, currency, created_at)
VALUES (1, 'Bench', 'bench', 'UTC', 'USD', '2026-01-01T00:00:00Z');

INSERT INTO inventory_location (id, seller_id, code, name, is_default) VALUES (1, 1, 'main', 'Main warehouse', true);

INSERT INTO inventory_item (id, seller_id, public_id, sku, title, description, brand, gtin, price, currency, images,
                            attributes, variation, is_parent, blocked, created_at, updated_at)
SELECT n, 1, uuidv7(),
       'SKU-' || lpad(n::text, 8, '0'),
       (ARRAY['Ceramic', 'Wooden', 'Steel', 'Cotton', 'Linen', 'Glass', 'Bamboo', 'Leather'])[1 + n % 8] || ' '
           || (ARRAY['mug', 'bowl', 'tray', 'lamp', 'basket', 'apron', 'board', 'clock', 'vase', 'towel'])[1 + n % 10]
           || ' no. ' || n || ', ' || (ARRAY['red', 'green', 'blue', 'grey', 'white', 'black', 'sand'])[1 + n % 7],
       'Made in small batches and checked by hand. Suits kitchen, office and garden; easy to clean. Batch '
           || md5(n::text) || ', ' || md5((n * 7)::text) || '. Delivered in recycled paper, without plastic.',
       'Brand ' || n % 200,
       lpad((200000000000 + n)::text, 13, '0'),
       (5 + n % 200) + 0.99, 'USD',
       jsonb_build_array('https://img.example.com/' || n || '/a.jpg', 'https://img.example.com/' || n || '/b.jpg'),
       jsonb_build_object('material', 'no. ' || n % 8, 'color', 'no. ' || n % 7, 'weight_g', (100 + n % 900)::text),
       '{}', false, false, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
FROM generate_series(1, current_setting('bench.n')::int) AS n;

INSERT INTO inventory_stock (item_id, location_id, on_hand, reserved)
SELECT id, 1, 10 + id % 90, 0 FROM inventory_item ORDER BY id;

INSERT INTO inventory_stockmovement (item_id, location_id, on_hand_delta, reserved_delta, reason, note, at, key)
SELECT item_id, 1, on_hand, 0, 'imported', '', '2026-01-01T00:00:00Z', uuidv7() FROM inventory_stock ORDER BY item_id;

INSERT INTO inventory_label (id, seller_id, public_id, name, kind, rule, match, created_at)
VALUES (1, 1, uuidv7(), 'Everything', 'manual', '[]', 'all', '2026-01-01T00:00:00Z');

INSERT INTO inventory_labelitem (label_id, item_id, source) SELECT 1, id, 'hand' FROM inventory_item ORDER BY id;

SELECT setval(pg_get_serial_sequence('inventory_seller', 'id'), 1),
       setval(pg_get_serial_sequence('inventory_location', 'id'), 1),
       setval(pg_get_serial_sequence('inventory_label', 'id'), 1),
       setval(pg_get_serial_sequence('inventory_item', 'id'), (SELECT max(id) FROM inventory_item));

CREATE INDEX item_sku_trgm ON inventory_item USING gin (upper(sku) gin_trgm_ops);
CREATE INDEX item_title_trgm ON inventory_item USING gin (upper(title) gin_trgm_ops);
RESET session_replication_role;
