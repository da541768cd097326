-- Counts some of the entries, from a rank on, and removes those from the recency set that have expired or that Redis has
-- evicted by itself.
--
-- KEYS: recency set
-- ARGV: entry prefix, the rank, how many to look at
-- Returns how many were looked at, how many of them are gone, and how many of those were removed.

local MEMBER = 16

local recency = KEYS[1]
local prefix, rank, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function key_of(member)
  local length = math.min(#member, MEMBER)
  return prefix .. string.format(string.rep('%02x', length), string.byte(member, 1, length))
end

if redis.call('TYPE', recency).ok ~= 'zset' then
  return {0, 0, 0}
end
local members = redis.call('ZRANGE', recency, rank, rank + limit - 1)
local gone = {}
for _, member in ipairs(members) do
  local key = key_of(member)
  if redis.call('EXISTS', key) == 0 then
    gone[#gone + 1] = member
  end
end
local forgotten = 0
if #gone > 0 then
  -- On a server that refuses writes entries are counted, and none is removed.
  local removed = redis.pcall('ZREM', recency, unpack(gone))
  forgotten = type(removed) == 'number' and removed or 0
end
return {#members, #gone, forgotten}
