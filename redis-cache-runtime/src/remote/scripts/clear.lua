-- Deletes some of the entries that were used up to a moment, the oldest first.
--
-- KEYS: recency set, meta hash, tombstones
-- ARGV: entry prefix, the moment ('' means now), how many at most, what was known when this clear was called (generation, base
--   and number of the latest invalidation), the generation of this clear, the same where something else is found
-- Returns the moment, how many were deleted, how many there are still, later ones included, and the generation.

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
-- A write that frees comes first: Redis, once out of memory, refuses all others in a script that has not written yet.
if is_set then
  redis.call('ZREM', recency, '')
else
  redis.call('UNLINK', recency)
end
if redis.call('TYPE', meta).ok ~= 'hash' then
  redis.call('UNLINK', meta)
end
if moment == '' then
  -- Where another process has cleared or invalidated since this clear was called, what was computed in between has this clear's
  -- generation, and is refused as well.
  if of('generation', '') ~= known or of('invbase', '') ~= base or of('inv', '0') ~= number then
    generation = otherwise
  end
  -- Values whose computation began earlier are refused from now on, whoever computes them. So there is nothing left for
  -- earlier invalidations to refuse.
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
