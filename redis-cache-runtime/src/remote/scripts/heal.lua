-- Deletes what stands under an entry's key and is not a value, unless somebody has written there since.
--
-- KEYS: recency set, entry
-- ARGV: member[, what was found]
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
