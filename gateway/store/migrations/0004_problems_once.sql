-- A payload nothing could be made of is kept once, however often it is sent again.
DELETE FROM raw_payload AS again USING raw_payload AS first
WHERE again.problem IS NOT NULL AND first.problem IS NOT NULL AND again.source = first.source
  AND again.body = first.body AND again.id > first.id;
CREATE UNIQUE INDEX raw_payload_problem_once ON raw_payload (source, sha256(body)) WHERE problem IS NOT NULL;
