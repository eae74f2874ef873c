-- What an item lacks, a label or stock or more than a little of it, for the lists of such items (search.py): the few that
-- do, among a million that do not, could else only be found by reading all. Whoever writes, every item that lacks one has
-- its row, by SKU, in the order in which items are listed. A row may outlast its reason: readers look again, and lacks.py
-- takes such rows away, so nothing is deleted here and giving a label or stock costs nothing.
--
-- lacks: a bit each, 1 a label, the others stock (models/lack.py); all together are 15. A row that says so already is
-- locked, not written: lacks.py cannot take it away before this transaction has ended. In the order of SKUs, so that two
-- writers never wait for each other in a circle.

-- An item lacks this if at most so many units of it can be sold, all locations taken together.
CREATE FUNCTION inventory_lack_levels() RETURNS TABLE (lack smallint, at_most integer) LANGUAGE sql IMMUTABLE AS $$
    VALUES (2::smallint, 0), (4, 5), (8, 20)
$$;

CREATE FUNCTION inventory_may_lack(wanted smallint, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT item.seller_id, item.sku, wanted
    FROM (SELECT DISTINCT id FROM unnest(ids) AS id) AS touched
    JOIN inventory_item AS item ON item.id = touched.id
    ORDER BY item.seller_id, item.sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = known.lacks | excluded.lacks
        WHERE known.lacks & excluded.lacks <> excluded.lacks;
END
$$;

-- New, under another SKU, no parent any more, or brought back: it may lack all. -----------------------------------------

CREATE FUNCTION inventory_lacks_item_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT seller_id, sku, 15
    FROM new_rows
    WHERE NOT is_parent AND archived_at IS NULL
    ORDER BY seller_id, sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = 15 WHERE known.lacks <> 15;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_lacks_item_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT seller_id, sku, 15
    FROM (
        SELECT seller_id, sku, id FROM new_rows WHERE NOT is_parent AND archived_at IS NULL
        EXCEPT
        SELECT seller_id, sku, id FROM old_rows WHERE NOT is_parent AND archived_at IS NULL
    ) AS placed
    ORDER BY seller_id, sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = 15 WHERE known.lacks <> 15;
    RETURN NULL;
END
$$;

CREATE TRIGGER lacks_insert AFTER INSERT ON inventory_item
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_item_insert();
CREATE TRIGGER lacks_update AFTER UPDATE ON inventory_item
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_item_update();

-- Off a label: perhaps off its last one. --------------------------------------------------------------------------------

CREATE FUNCTION inventory_lacks_labelitem_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_may_lack(1::smallint, array_agg(item_id))
    FROM (
        SELECT label_id, item_id FROM old_rows WHERE source <> 'excluded'
        EXCEPT
        SELECT label_id, item_id FROM new_rows WHERE source <> 'excluded'
    ) AS off
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_lacks_labelitem_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_may_lack(1::smallint, array_agg(item_id))
    FROM old_rows WHERE source <> 'excluded'
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER lacks_update AFTER UPDATE ON inventory_labelitem
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_labelitem_update();
CREATE TRIGGER lacks_delete AFTER DELETE ON inventory_labelitem
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_labelitem_delete();

-- Little left at one location: perhaps at all of them together. Each change that leaves it little holds a row that says
-- so already: what comes in elsewhere meanwhile must not have it taken away. Writers share it and do not wait. ----------

CREATE FUNCTION inventory_lacks_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM new_rows JOIN inventory_lack_levels() AS level ON on_hand - reserved <= level.at_most
    ) THEN
        RETURN NULL;  -- nearly always
    END IF;
    WITH little AS MATERIALIZED (
        SELECT item.seller_id, item.sku, bit_or(level.lack) AS lacks
        FROM (
            SELECT id, item_id, on_hand, reserved FROM new_rows
            EXCEPT
            SELECT id, item_id, on_hand, reserved FROM old_rows
        ) AS moved
        JOIN inventory_lack_levels() AS level ON moved.on_hand - moved.reserved <= level.at_most
        JOIN inventory_item AS item ON item.id = moved.item_id
        GROUP BY item.seller_id, item.sku
    ), kept AS MATERIALIZED (
        SELECT little.seller_id, little.sku, little.lacks
        FROM inventory_lack AS known JOIN little USING (seller_id, sku)
        WHERE known.lacks & little.lacks = little.lacks
        FOR KEY SHARE OF known
    )
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT seller_id, sku, lacks FROM little
    EXCEPT
    SELECT seller_id, sku, lacks FROM kept
    ORDER BY seller_id, sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = known.lacks | excluded.lacks
        WHERE known.lacks & excluded.lacks <> excluded.lacks;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_lacks_stock_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_may_lack((SELECT bit_or(lack) FROM inventory_lack_levels()), array_agg(item_id))
    FROM old_rows WHERE on_hand > reserved
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER lacks_update AFTER UPDATE ON inventory_stock
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_stock_update();
CREATE TRIGGER lacks_delete AFTER DELETE ON inventory_stock
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_lacks_stock_delete();

-- How many lack it. Without these the planner takes them for few, and goes through the marks from the first one to a late
-- page where nearly every item has one. --------------------------------------------------------------------------------

CREATE STATISTICS inventory_lack_label ON (lacks & 1) FROM inventory_lack;
CREATE STATISTICS inventory_lack_stock ON (lacks & 2) FROM inventory_lack;
CREATE STATISTICS inventory_lack_more_than_5 ON (lacks & 4) FROM inventory_lack;
CREATE STATISTICS inventory_lack_more_than_20 ON (lacks & 8) FROM inventory_lack;
