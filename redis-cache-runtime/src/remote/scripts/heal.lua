-- Deletes an entry that is not a value, unless it was replaced since it was found.
--
-- KEYS: recency set, entry
-- ARGV: member[, the bytes that were found; absent: another type than a string]
-- Returns how many keys were deleted.

local recency, entry = KEYS[1], KEYS[2]
local member, found = ARGV[1], ARGV[2]

local is_string = redis.call('TYPE', entry).ok == 'string'
if is_string and not found then
  return 0
end
if found and not (is_string and redis.call('GET', entry) == found) then
  return 0
end
redis.pcall('ZREM', recency, member)
return redis.call('UNLINK', entry)
