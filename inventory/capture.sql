-- Change capture: whoever writes (page, admin, import, raw SQL), the queue says which items changed and how.
-- Statement-level, with transition tables: one trigger call per statement, and cost follows the rows that changed.
-- An UPDATE that leaves the compared columns as they were appends nothing. Old and new rows are compared by EXCEPT, whose
-- cost stays linear whatever plan a session has cached (a join planned for one row would be run for 5,000).
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
    SELECT seller_id, id, bit_or(kind)
    FROM (
        SELECT seller_id, id, 2 AS kind
        FROM (
            SELECT seller_id, id, price, currency FROM new_rows
            EXCEPT
            SELECT seller_id, id, price, currency FROM old_rows
        ) AS priced
        UNION ALL
        SELECT seller_id, id, 4
        FROM (
            SELECT seller_id, id, content_hash FROM new_rows
            EXCEPT
            SELECT seller_id, id, content_hash FROM old_rows
        ) AS described
        UNION ALL
        SELECT seller_id, id, 8
        FROM (
            SELECT seller_id, id, sku, blocked, is_parent, archived_at IS NULL FROM new_rows
            EXCEPT
            SELECT seller_id, id, sku, blocked, is_parent, archived_at IS NULL FROM old_rows
        ) AS placed
    ) AS changed
    GROUP BY seller_id, id;
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
        SELECT DISTINCT item_id
        FROM (
            SELECT id, item_id, on_hand, reserved FROM new_rows
            EXCEPT
            SELECT id, item_id, on_hand, reserved FROM old_rows
        ) AS moved
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
-- one row per label instead: walking the label costs less than so long a queue. While a label's rule is being worked
-- out, slice by slice (labels.py), nothing is appended for it; its end appends the one row.

-- These labels are locked against that end, which therefore comes after what is being written now.
CREATE FUNCTION inventory_labels_being_worked_out(ids bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    found bigint[];
BEGIN
    SELECT array_agg(stale.id) INTO found
    FROM (
        SELECT id FROM inventory_label
        WHERE id = ANY (ids) AND kind = 'rule' AND recalculated_at IS NULL
        ORDER BY id FOR SHARE
    ) AS stale;
    RETURN coalesce(found, '{}');
END
$$;

CREATE FUNCTION inventory_capture_labelitem_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (
        SELECT label_id, item_id FROM new_rows WHERE source <> 'excluded'
    ), announced AS (
        SELECT label_id, item_id FROM moved
        WHERE label_id <> ALL (inventory_labels_being_worked_out(ARRAY(SELECT DISTINCT label_id FROM moved)))
    ), sized AS (
        SELECT count(*) > 5000 AS is_bulk FROM announced
    ), bulk AS (
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (SELECT DISTINCT label_id FROM announced) AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id
        WHERE (SELECT is_bulk FROM sized)
    )
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 8
    FROM (SELECT DISTINCT item_id FROM announced) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id
    WHERE NOT (SELECT is_bulk FROM sized);
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_labelitem_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (  -- only the step between "on it" and "kept off" matters; from rule to hand nothing moves
        (SELECT id, label_id, item_id FROM new_rows WHERE source <> 'excluded'
         EXCEPT
         SELECT id, label_id, item_id FROM old_rows WHERE source <> 'excluded')
        UNION ALL
        (SELECT id, label_id, item_id FROM old_rows WHERE source <> 'excluded'
         EXCEPT
         SELECT id, label_id, item_id FROM new_rows WHERE source <> 'excluded')
    ), announced AS (
        SELECT label_id, item_id FROM moved
        WHERE label_id <> ALL (inventory_labels_being_worked_out(ARRAY(SELECT DISTINCT label_id FROM moved)))
    ), sized AS (
        SELECT count(*) > 5000 AS is_bulk FROM announced
    ), bulk AS (
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (SELECT DISTINCT label_id FROM announced) AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id
        WHERE (SELECT is_bulk FROM sized)
    )
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 8
    FROM (SELECT DISTINCT item_id FROM announced) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id
    WHERE NOT (SELECT is_bulk FROM sized);
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_capture_labelitem_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (
        SELECT label_id, item_id FROM old_rows WHERE source <> 'excluded'
    ), announced AS (
        SELECT label_id, item_id FROM moved
        WHERE label_id <> ALL (inventory_labels_being_worked_out(ARRAY(SELECT DISTINCT label_id FROM moved)))
    ), sized AS (
        SELECT count(*) > 5000 AS is_bulk FROM announced
    ), bulk AS (
        INSERT INTO inventory_bulkchange (seller_id, label_id)
        SELECT label.seller_id, label.id
        FROM (SELECT DISTINCT label_id FROM announced) AS touched
        JOIN inventory_label AS label ON label.id = touched.label_id
        WHERE (SELECT is_bulk FROM sized)
    )
    INSERT INTO inventory_itemchange (seller_id, item_id, kinds)
    SELECT item.seller_id, item.id, 8
    FROM (SELECT DISTINCT item_id FROM announced) AS touched
    JOIN inventory_item AS item ON item.id = touched.item_id
    WHERE NOT (SELECT is_bulk FROM sized);
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
    SELECT seller_id, id
    FROM (
        SELECT seller_id, id, kind, rule, match, recalculated_at IS NULL FROM new_rows
        WHERE kind <> 'rule' OR recalculated_at IS NOT NULL  -- else its items are still to be found
        EXCEPT
        SELECT seller_id, id, kind, rule, match, recalculated_at IS NULL FROM old_rows
    ) AS changed;
    RETURN NULL;
END
$$;

CREATE TRIGGER capture_update AFTER UPDATE ON inventory_label
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_capture_label_update();
