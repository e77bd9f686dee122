-- A delivery of an unknown purpose would end every sender that claims it.
ALTER TABLE delivery ADD CONSTRAINT delivery_purpose
    CHECK (purpose IN ('reply', 'notice', 'survey', 'marketing', 'confirmation')) NOT VALID;
