"""The statements of the reconciler: staging, one comparison, and an application that re-checks every row.

They are put together from constants only; values travel as parameters.
"""
# ruff: noqa: S608

#: What the channel shows to buyers, a row a line of its list. Temporary: a worker that dies leaves nothing behind.
STAGE = "CREATE TEMPORARY TABLE reconcile_remote (sku varchar(100) NOT NULL, price numeric(14, 4), quantity integer)"
UNSTAGE = "DROP TABLE IF EXISTS reconcile_remote, reconcile_found"
COPY = "COPY reconcile_remote (sku, price, quantity) FROM STDIN WITH (FORMAT csv)"
#: A million SKUs are joined in memory instead of in files.
ROOM = "SET LOCAL work_mem = '64MB'"

#: Items that belong on the channel: on its label, sellable, priced.
WANTED = """
    wanted AS (
        SELECT item.id, item.sku
        FROM inventory_labelitem on_label
        JOIN inventory_item item ON item.id = on_label.item_id
        WHERE on_label.label_id = %(label)s AND on_label.source IN ('hand', 'rule')
          AND item.archived_at IS NULL AND NOT item.blocked AND NOT item.is_parent AND item.price IS NOT NULL
    )
"""

#: SKUs that something is under way for: the export may show them before or after it.
BUSY = """
    busy AS MATERIALIZED (
        SELECT sku FROM channels_app_pendingchange WHERE channel_id = %(channel)s
        UNION
        SELECT sku FROM channels_app_feedline
        WHERE channel_id = %(channel)s AND state IN ('pending', 'sent', 'unknown')
        UNION
        SELECT sku FROM channels_app_listing WHERE channel_id = %(channel)s AND last_line_at >= %(quiet_since)s
    )
"""

# Drift is remote against last confirmed: what we want now is the feed's business.
# A channel that shows a SKU twice sells it from either: the lower price and the higher quantity are the risk.
# One pass over each table, all hash joins. A row is kept if it differs, or if its reading must be written: one that
# shows what was confirmed needs no words, so a quiet catalogue costs the joins alone.
COMPARE = f"""
    CREATE TEMPORARY TABLE reconcile_found AS
    WITH {WANTED}, {BUSY}, remote AS (
        SELECT sku, min(price) AS price, max(quantity) AS quantity FROM reconcile_remote GROUP BY sku
    ), listing AS (
        SELECT
            id, sku, state, confirmed_price, confirmed_quantity,
            remote_price AS read_price, remote_quantity AS read_quantity, remote_active AS read_active
        FROM channels_app_listing WHERE channel_id = %(channel)s
    ), paired AS (
        SELECT
            coalesce(remote.sku, listing.sku) AS sku,
            remote.sku IS NOT NULL AS is_shown,
            remote.price AS remote_price, remote.quantity AS remote_quantity,
            listing.id AS listing_id, listing.state, listing.confirmed_price, listing.confirmed_quantity,
            remote.price <> listing.confirmed_price AS price_differs,
            %(orders_are_known)s AND remote.quantity <> listing.confirmed_quantity AS quantity_differs,
            CASE
                WHEN listing.id IS NULL THEN false
                WHEN remote.sku IS NULL THEN read_active IS DISTINCT FROM false
                WHEN (remote.price, remote.quantity) IS NOT DISTINCT FROM (confirmed_price, confirmed_quantity)
                    THEN read_active IS NOT NULL
                ELSE (read_price, read_quantity, read_active) IS DISTINCT FROM (remote.price, remote.quantity, true)
            END AS is_read_anew
        FROM remote FULL JOIN listing ON listing.sku = remote.sku
    ), judged AS (
        SELECT
            paired.*,
            CASE
                WHEN is_shown AND wanted.id IS NULL THEN 'to_end'
                WHEN NOT is_shown AND wanted.id IS NOT NULL AND state = 'listed' THEN 'missing'
                WHEN is_shown AND wanted.id IS NOT NULL AND (state IS NULL OR state IN ('ended', 'rejected'))
                    THEN 'adoptable'
                WHEN is_shown AND wanted.id IS NOT NULL AND state = 'listed' AND (price_differs OR quantity_differs)
                    THEN 'drifted'
            END AS judgement
        FROM paired LEFT JOIN wanted ON wanted.sku = paired.sku
    ), calm AS (
        SELECT
            judged.*,
            CASE WHEN NOT EXISTS (SELECT FROM busy WHERE busy.sku = judged.sku) THEN judgement END AS kind
        FROM judged WHERE judgement IS NOT NULL OR is_read_anew
    )
    SELECT * FROM calm WHERE kind IS NOT NULL OR is_read_anew
"""

COUNT_WANTED = f"WITH {WANTED} SELECT count(*) FROM (SELECT FROM wanted LIMIT 1) one"
COUNT_LISTED = "SELECT count(*) FROM channels_app_listing WHERE channel_id = %(channel)s AND state = 'listed'"
COUNT_FOUND = "SELECT kind, count(*) FROM reconcile_found WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind"

STORE_FOUND = """
    INSERT INTO channels_app_difference
        (run_id, channel_id, sku, kind, state, reason, our_price, our_quantity, remote_price, remote_quantity)
    SELECT
        %(run)s, %(channel)s, found.sku, found.kind, 'planned',
        CASE found.kind
            WHEN 'missing' THEN 'The marketplace confirmed it, but no longer shows it.'
            WHEN 'adoptable' THEN 'Listed elsewhere, with the SKU of an item on your label.'
            WHEN 'drifted' THEN CASE
                WHEN coalesce(price_differs, false) AND coalesce(quantity_differs, false)
                    THEN 'Price and quantity are not what the marketplace confirmed.'
                WHEN price_differs THEN 'The price is not what the marketplace confirmed.'
                ELSE 'The quantity is not what the marketplace confirmed.'
            END
            ELSE CASE
                WHEN item.id IS NULL THEN 'None of your items has this SKU.'
                WHEN item.archived_at IS NOT NULL THEN 'The item is archived.'
                WHEN item.blocked THEN 'The item is blocked.'
                WHEN item.is_parent THEN 'The item is a parent of variations, which is not sold itself.'
                WHEN item.price IS NULL THEN 'The item has no price.'
                ELSE left('The item is not on the label ' || %(label_name)s || '.', 200)
            END
        END,
        found.confirmed_price, found.confirmed_quantity, found.remote_price, found.remote_quantity
    FROM reconcile_found found
    LEFT JOIN inventory_item item
        ON item.seller_id = %(seller)s AND item.sku = found.sku AND found.kind = 'to_end'
    WHERE found.kind IS NOT NULL
    ORDER BY found.sku
"""

# A reading is written when it changed, and cleared when it is again what was confirmed; that the rest was read too
# stands on the run (flows/shown.py puts both together). Rows are locked in the order of their SKUs, as the feed does.
STORE_READINGS = """
    WITH anew AS (
        SELECT
            listing.id, found.is_shown, found.remote_price, found.remote_quantity,
            found.is_shown AND (found.remote_price, found.remote_quantity)
                IS NOT DISTINCT FROM (found.confirmed_price, found.confirmed_quantity) AS is_as_confirmed
        FROM reconcile_found found JOIN channels_app_listing listing ON listing.id = found.listing_id
        WHERE found.is_read_anew
        ORDER BY listing.sku
        FOR UPDATE OF listing
    )
    UPDATE channels_app_listing listing
    SET remote_price = CASE WHEN is_as_confirmed THEN NULL WHEN is_shown THEN anew.remote_price
            ELSE listing.remote_price END,
        remote_quantity = CASE WHEN is_as_confirmed THEN NULL WHEN is_shown THEN anew.remote_quantity
            ELSE listing.remote_quantity END,
        remote_active = CASE WHEN is_as_confirmed THEN NULL ELSE is_shown END,
        remote_as_of = %(as_of)s
    FROM anew WHERE listing.id = anew.id
"""

# Every row is judged once more in the statement that applies it.
APPLY = f"""
    WITH {WANTED}, {BUSY}, fresh AS (
        SELECT difference.id
        FROM channels_app_difference difference
        LEFT JOIN wanted ON wanted.sku = difference.sku
        WHERE difference.run_id = %(run)s AND difference.state = 'planned' AND difference.kind = ANY(%(kinds)s)
          AND (%(skus)s::text[] IS NULL OR difference.sku = ANY(%(skus)s))
          AND (difference.kind = 'to_end') = (wanted.id IS NULL)
          AND NOT EXISTS (SELECT FROM busy WHERE busy.sku = difference.sku)
    ), applied AS (
        UPDATE channels_app_difference difference SET state = 'applied'
        FROM fresh WHERE difference.id = fresh.id
        RETURNING difference.kind, difference.sku
    )
    SELECT kind, array_agg(sku ORDER BY sku) FROM applied GROUP BY kind ORDER BY kind
"""
SKIP_THE_REST = """
    UPDATE channels_app_difference SET state = 'skipped'
    WHERE run_id = %(run)s AND state = 'planned' AND kind = ANY(%(kinds)s)
      AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
"""

# What the channel shows becomes what it confirmed last: the feed then compares the truth with it, like with any other
# confirmation. The pending changes are locked by now, so no feed can write a line for these SKUs; one that it has
# written since they were judged knows more than the export.
NOTE_APPLIED = """
    INSERT INTO channels_app_listing AS listing (
        channel_id, sku, item_id, state, sent_price, sent_quantity, sent_content_hash, sent_withdrawn,
        confirmed_price, confirmed_quantity, confirmed_content_hash, rejected_hash, rejected_code, rejected_reason,
        remote_price, remote_quantity, remote_active, remote_as_of
    )
    SELECT
        %(channel)s, difference.sku, item.id, CASE kind WHEN 'missing' THEN 'ended' ELSE 'listed' END,
        remote_price, remote_quantity, '', false, remote_price, remote_quantity, '', '', '', '',
        remote_price, remote_quantity, kind <> 'missing', %(as_of)s
    FROM channels_app_difference difference
    LEFT JOIN inventory_item item ON item.seller_id = %(seller)s AND item.sku = difference.sku
    WHERE difference.run_id = %(run)s AND difference.sku = ANY(%(applied)s)
      AND NOT EXISTS (
          SELECT FROM channels_app_feedline line
          WHERE line.channel_id = %(channel)s AND line.sku = difference.sku
            AND line.state IN ('pending', 'sent', 'unknown')
      )
    ORDER BY difference.sku
    ON CONFLICT (channel_id, sku) DO UPDATE SET
        item_id = coalesce(excluded.item_id, listing.item_id),
        state = excluded.state,
        sent_price = excluded.sent_price,
        sent_quantity = excluded.sent_quantity,
        sent_withdrawn = false,
        confirmed_price = excluded.confirmed_price,
        confirmed_quantity = excluded.confirmed_quantity,
        sent_content_hash = CASE WHEN listing.state = 'listed' AND excluded.state = 'listed'
            THEN listing.sent_content_hash ELSE '' END,
        confirmed_content_hash = CASE WHEN listing.state = 'listed' AND excluded.state = 'listed'
            THEN listing.confirmed_content_hash ELSE '' END
"""
