-- Every message changes its conversation: with room on its page that costs no new entries in the indexes.
ALTER TABLE conversation SET (fillfactor = 70);
