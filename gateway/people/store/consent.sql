-- name: opt_out!
-- Enter opt-outs in the ledger, put them in force, and suppress what is queued; purposes holds one text a row, comma
-- separated. A reversible one, from a sender nobody vouches for, stops every address with the same uri.
-- A phone and the WhatsApp ids of its owner ring in one hand: what is said from one holds for the others.
WITH wish AS (
    SELECT address.id AS address_id, address.contact_id, string_to_array(w.purposes, ',') AS purposes, w.how,
           w.reversible, w.message_id
    FROM unnest(:address_ids::bigint[], :purposes::text[], :hows::text[], :reversibles::boolean[],
                :message_ids::bigint[]) AS w (address_id, purposes, how, reversible, message_id)
    JOIN address AS named ON named.id = w.address_id
    JOIN address ON address.id = named.id OR (w.reversible AND address.uri = named.uri)
        OR (address.contact_id = named.contact_id AND same_hand(address.uri, named.uri))
), entered AS (
    INSERT INTO consent (contact_id, address_id, purpose, state, how, reversible, message_id)
    SELECT contact_id, address_id, purpose, 'opted_out', how, reversible, message_id
    FROM wish CROSS JOIN unnest(purposes) AS purpose
), stopped AS (
    UPDATE delivery SET status = 'suppressed', reason = 'opted out', updated_at = now()
    FROM wish
    WHERE delivery.address_id = wish.address_id AND delivery.status = 'queued' AND delivery.purpose <> 'confirmation'
      AND ('any' = ANY(wish.purposes) OR delivery.purpose = ANY(wish.purposes))
)
UPDATE address
SET opted_out = ARRAY(SELECT DISTINCT purpose FROM unnest(address.opted_out || wish.purposes) AS purpose ORDER BY 1)
FROM wish WHERE address.id = wish.address_id;

-- name: entered
-- Which of these (address, how) stand in the ledger already.
SELECT DISTINCT address_id, how FROM consent
WHERE (address_id, how) IN (SELECT * FROM unnest(:address_ids::bigint[], :hows::text[]));

-- name: opt_in!
-- Enter opt-ins in the ledger and lift the opt-outs they answer; any lifts them all.
WITH wish AS (
    SELECT address.id AS address_id, address.contact_id, string_to_array(w.purposes, ',') AS purposes, w.how, w.message_id
    FROM unnest(:address_ids::bigint[], :purposes::text[], :hows::text[], :message_ids::bigint[])
        AS w (address_id, purposes, how, message_id)
    JOIN address AS named ON named.id = w.address_id
    JOIN address ON address.id = named.id
        OR (address.contact_id = named.contact_id AND same_hand(address.uri, named.uri))
), entered AS (
    INSERT INTO consent (contact_id, address_id, purpose, state, how, message_id)
    SELECT contact_id, address_id, purpose, 'opted_in', how, message_id
    FROM wish CROSS JOIN unnest(purposes) AS purpose
)
UPDATE address
SET opted_out = CASE WHEN 'any' = ANY(wish.purposes) THEN '{}'
                     ELSE ARRAY(SELECT purpose FROM unnest(address.opted_out) AS purpose
                                WHERE purpose <> ALL(wish.purposes)) END
FROM wish WHERE address.id = wish.address_id;
