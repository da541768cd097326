-- One step of a clear: deletes entries that were last used up to a moment, the oldest first.
--
-- KEYS: recency set, meta hash, tombstones
-- ARGV: entry prefix, the moment as a score ('' in the first step: now), the most entries to delete; the generation, and base and
--   number of the last invalidation, as known when the clear was called; its own generation, and the one if Redis has others
-- Returns the moment, how many entries were deleted, how many are left, later ones included, and the generation now.

local MEMBER = 16

local recency, meta, tombstones = KEYS[1], KEYS[2], KEYS[3]
local prefix, moment, limit = ARGV[1], ARGV[2], ARGV[3]
local known, base, number, generation, otherwise = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]

local function key_of(member)
  local length = math.min(#member, MEMBER)
  return prefix .. string.format(string.rep('%02x', length), string.byte(member, 1, length))
end

local function of(field, default)
  return redis.call('HGET', meta, field) or default
end

local is_set = redis.call('TYPE', recency).ok == 'zset'
-- A write that frees memory comes first: once out of memory, Redis refuses other writes in a script that has not written yet.
if is_set then
  redis.call('ZREM', recency, '')
else
  redis.call('UNLINK', recency)
end
if redis.call('TYPE', meta).ok ~= 'hash' then
  redis.call('UNLINK', meta)
end
if moment == '' then
  -- If another process has cleared or invalidated since this clear was called, values with this clear's generation may be older
  -- than that. So the other generation is taken, and they are refused.
  if of('generation', '') ~= known or of('invbase', '') ~= base or of('inv', '0') ~= number then
    generation = otherwise
  end
  -- From now on `apply.lua` refuses values whose bodies began earlier, in any process. So earlier invalidations have nothing
  -- left to refuse.
  redis.call('HDEL', meta, 'invbase', 'inv', 'invfloor')
  redis.call('UNLINK', tombstones)
  redis.call('HSET', meta, 'generation', generation)
  local latest = is_set and redis.call('ZREVRANGE', recency, 0, 0, 'WITHSCORES')[2]
  moment = latest or '0'
end
local now = of('generation', '')
if not is_set then
  return {moment, 0, 0, now}
end

local members = redis.call('ZRANGEBYSCORE', recency, '-inf', moment, 'LIMIT', 0, limit)
local keys = {}
for i, member in ipairs(members) do
  keys[i] = key_of(member)
end
if #keys > 0 then
  redis.call('HSET', meta, 'clearing', moment)
  redis.call('UNLINK', unpack(keys))
  redis.call('ZREM', recency, unpack(members))
else
  redis.call('HDEL', meta, 'clearing')
end
return {moment, #keys, redis.call('ZCARD', recency), now}
