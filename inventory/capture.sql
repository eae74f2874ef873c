-- Change capture: whoever writes (page, admin, import, raw SQL), the queue says which items changed and how.
-- Statement-level, with transition tables: one trigger call per statement, and cost follows the rows that changed.
-- An UPDATE that leaves the compared columns as they were appends nothing.
--
-- kinds: 1 stock, 2 price, 4 content, 8 membership (models/capture.py).

-- Items ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION inventory_capture_item_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT seller_id, id, 1 | 2 | 4 | 8
    FROM new_rows;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_item_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT seller_id, id, kinds
    FROM (
        SELECT
            now_row.seller_id,
            now_row.id,
            CASE WHEN (was.price, was.currency) IS DISTINCT FROM (now_row.price, now_row.currency) THEN 2 ELSE 0 END
            | CASE WHEN was.content_hash <> now_row.content_hash THEN 4 ELSE 0 END
            | CASE WHEN (was.sku, was.seller_id, was.blocked, was.is_parent, was.archived_at IS NULL)
                    <> (now_row.sku, now_row.seller_id, now_row.blocked, now_row.is_parent, now_row.archived_at IS NULL)
                THEN 8 ELSE 0 END AS kinds
        FROM old_rows AS was
        JOIN new_rows AS now_row USING (id)
    ) AS compared
    WHERE kinds <> 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_item_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT seller_id, id, 8
    FROM old_rows;
    RETURN NULL;
END
$$;

CREATE TRIGGER capture_insert AFTER INSERT ON inventory_item
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_item_insert();
CREATE TRIGGER capture_update AFTER UPDATE ON inventory_item
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_item_update();
CREATE TRIGGER capture_delete AFTER DELETE ON inventory_item
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_item_delete();

-- Stock ---------------------------------------------------------------------------------------------------------------
-- A row of nothing on hand and nothing reserved says the same as no row.

CREATE FUNCTION inventory_capture_stock_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 1
    FROM (SELECT DISTINCT item_id FROM new_rows WHERE on_hand <> 0 OR reserved <> 0) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 1
    FROM (
        SELECT DISTINCT now_row.item_id
        FROM old_rows AS was
        JOIN new_rows AS now_row USING (id)
        WHERE (was.on_hand, was.reserved) <> (now_row.on_hand, now_row.reserved)
    ) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_stock_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 1
    FROM (SELECT DISTINCT item_id FROM old_rows WHERE on_hand <> 0 OR reserved <> 0) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER capture_insert AFTER INSERT ON inventory_stock
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_stock_insert();
CREATE TRIGGER capture_update AFTER UPDATE ON inventory_stock
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_stock_update();
CREATE TRIGGER capture_delete AFTER DELETE ON inventory_stock
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_stock_delete();

-- Labels --------------------------------------------------------------------------------------------------------------
-- An item is on a label unless its row says 'excluded'. A statement that moves more than 5,000 rows on or off appends
-- one row per label instead: walking the label costs less than so long a queue.

CREATE FUNCTION inventory_capture_labelitem_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM new_rows WHERE source <> 'excluded') > 5000 THEN
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (SELECT DISTINCT label_id FROM new_rows WHERE source <> 'excluded') AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id;
    ELSE
        INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
        SELECT item.seller_id, item.id, 8
        FROM (SELECT DISTINCT item_id FROM new_rows WHERE source <> 'excluded') AS touched
        JOIN inventory_item AS item ON item.id = touched.item_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_labelitem_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only the step between "on it" and "kept off" matters; from rule to hand nothing moves.
    IF (
        SELECT count(*)
        FROM old_rows AS was
        JOIN new_rows AS now_row USING (id)
        WHERE (was.source = 'excluded') <> (now_row.source = 'excluded')
    ) > 5000 THEN
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (
            SELECT DISTINCT now_row.label_id
            FROM old_rows AS was
            JOIN new_rows AS now_row USING (id)
            WHERE (was.source = 'excluded') <> (now_row.source = 'excluded')
        ) AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id;
    ELSE
        INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
        SELECT item.seller_id, item.id, 8
        FROM (
            SELECT DISTINCT now_row.item_id
            FROM old_rows AS was
            JOIN new_rows AS now_row USING (id)
            WHERE (was.source = 'excluded') <> (now_row.source = 'excluded')
        ) AS touched
        JOIN inventory_item AS item ON item.id = touched.item_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_labelitem_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM old_rows WHERE source <> 'excluded') > 5000 THEN
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (SELECT DISTINCT label_id FROM old_rows WHERE source <> 'excluded') AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id;
    ELSE
        INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
        SELECT item.seller_id, item.id, 8
        FROM (SELECT DISTINCT item_id FROM old_rows WHERE source <> 'excluded') AS touched
        JOIN inventory_item AS item ON item.id = touched.item_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER capture_insert AFTER INSERT ON inventory_labelitem
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_labelitem_insert();
CREATE TRIGGER capture_update AFTER UPDATE ON inventory_labelitem
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_labelitem_update();
CREATE TRIGGER capture_delete AFTER DELETE ON inventory_labelitem
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_labelitem_delete();

CREATE FUNCTION inventory_capture_label_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_bulkchange (seller_id, label_id)
    SELECT now_row.seller_id, now_row.id
    FROM old_rows AS was
    JOIN new_rows AS now_row USING (id)
    WHERE (was.rule, was.kind) <> (now_row.rule, now_row.kind);
    RETURN NULL;
END
$$;

CREATE TRIGGER capture_update AFTER UPDATE ON inventory_label
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_label_update();
