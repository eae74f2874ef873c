-- What an item lacks, a label or stock, for the lists of such items (search.py): the few that do, among a million that do
-- not, could else only be found by reading all. Whoever writes, every item that lacks one has its row, by SKU, in the
-- order in which items are listed. A row may outlast its reason: readers look again, and lacks.py takes such rows away,
-- so nothing is deleted here and giving a label or stock costs nothing.
--
-- lacks: 1 a label, 2 stock, 3 both (models/lack.py). A row that says so already is locked, not written: lacks.py cannot
-- take it away before this transaction has ended. In the order of SKUs, so that two writers never wait for each other in
-- a circle.

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

-- New, under another SKU, no parent any more, or brought back: it may lack both. ----------------------------------------

CREATE FUNCTION inventory_lacks_item_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT seller_id, sku, 3
    FROM new_rows
    WHERE NOT is_parent AND archived_at IS NULL
    ORDER BY seller_id, sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = 3 WHERE known.lacks <> 3;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_lacks_item_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_lack AS known (seller_id, sku, lacks)
    SELECT seller_id, sku, 3
    FROM (
        SELECT seller_id, sku, id FROM new_rows WHERE NOT is_parent AND archived_at IS NULL
        EXCEPT
        SELECT seller_id, sku, id FROM old_rows WHERE NOT is_parent AND archived_at IS NULL
    ) AS placed
    ORDER BY seller_id, sku
    ON CONFLICT (seller_id, sku) DO UPDATE SET lacks = 3 WHERE known.lacks <> 3;
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

-- Nothing left at one location: perhaps at none. ------------------------------------------------------------------------

CREATE FUNCTION inventory_lacks_stock_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_may_lack(2::smallint, array_agg(item_id))
    FROM (
        SELECT item_id, location_id FROM old_rows WHERE on_hand > reserved
        EXCEPT
        SELECT item_id, location_id FROM new_rows WHERE on_hand > reserved
    ) AS emptied
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION inventory_lacks_stock_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM inventory_may_lack(2::smallint, array_agg(item_id))
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
