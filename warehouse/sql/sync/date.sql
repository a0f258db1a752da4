-- What was staged on another day happens now.
UPDATE delta.run SET now = $now::TIMESTAMPTZ;
