-- What the senders need: due work found per endpoint and lane, the daily count of promotions, and dead letters that
-- know what took their place.

DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (endpoint_id, lane, due_at, id) WHERE status = 'queued';

CREATE INDEX delivery_promotions ON delivery (contact_id, sent_at)
    WHERE purpose IN ('marketing', 'survey') AND part = 0 AND sent_at IS NOT NULL;

-- superseded_by is the delivery that went on where this one failed: by the next channel, or as a replay.
ALTER TABLE delivery ADD COLUMN superseded_by bigint;
DROP INDEX delivery_dead;
CREATE INDEX delivery_dead ON delivery (id) WHERE status = 'failed' AND superseded_by IS NULL;
CREATE UNIQUE INDEX delivery_replayed_once ON delivery (replayed_from) WHERE replayed_from IS NOT NULL;

-- The values its template was filled with, so that an approved template can carry the same message.
ALTER TABLE message ADD COLUMN template_values jsonb NOT NULL DEFAULT '{}';
