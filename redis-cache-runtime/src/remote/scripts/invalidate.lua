-- Deletes one entry and leaves a tombstone: `apply.lua` then refuses values of this entry whose bodies have begun by now.
--
-- KEYS: recency set, meta hash, entry, tombstones
-- ARGV: member, a base for the numbers of invalidations if there is none yet, the most tombstones to keep
-- Returns how many entries were deleted, the base, this invalidation's number, and the number of the last earlier one that may
-- have been of the same entry.

local TOP = 2 ^ 52
local TRIM = 128

local recency, meta, entry, tombstones = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local member, fresh, most = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function is_nonce(text)
  return text and #text == 16 and not string.find(text, '[^0-9a-f]')
end

-- A write that frees memory comes first: once out of memory, Redis refuses other writes in a script that has not written yet.
local deleted = redis.call('UNLINK', entry)
redis.pcall('ZREM', recency, member)

if redis.call('TYPE', meta).ok ~= 'hash' then
  redis.call('UNLINK', meta)
end
local marks = redis.call('HMGET', meta, 'invbase', 'inv', 'invfloor')
local base, number, floor = marks[1], tonumber(marks[2] or ''), tonumber(marks[3] or '0')
local is_ours = is_nonce(base) and number and floor and floor >= 0 and floor <= number and number + 1 < TOP
if not (is_ours and number % 1 == 0 and floor % 1 == 0) then
  base, number, floor = fresh, 0, 0
  redis.call('UNLINK', tombstones)
  redis.call('HDEL', meta, 'invfloor')
elseif redis.call('TYPE', tombstones).ok ~= 'zset' then
  -- The tombstones were deleted or overwritten: the latest invalidation may have been of any entry.
  redis.call('UNLINK', tombstones)
  floor = number
end

local before = math.max(floor, tonumber(redis.call('ZSCORE', tombstones, member) or '0'))
number = number + 1
redis.call('ZADD', tombstones, number, member)
local over = redis.call('ZCARD', tombstones) - most
if over > 0 then
  local oldest = redis.call('ZRANGE', tombstones, 0, math.min(over, TRIM) - 1, 'WITHSCORES')
  local members = {}
  for i = 1, #oldest, 2 do
    members[#members + 1] = oldest[i]
    floor = math.max(floor, math.min(number - 1, math.ceil(tonumber(oldest[i + 1]))))
  end
  redis.call('ZREM', tombstones, unpack(members))
end
redis.call('HSET', meta, 'invbase', base, 'inv', number)
if floor > 0 then
  redis.call('HSET', meta, 'invfloor', floor)
end
return {deleted, base, number, before}
