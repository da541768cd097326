-- Deletes one entry.
--
-- KEYS: recency set, entry
-- ARGV: member
-- Returns how many were deleted.

redis.pcall('ZREM', KEYS[1], ARGV[1])
return redis.call('UNLINK', KEYS[2])
