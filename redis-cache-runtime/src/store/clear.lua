-- Deletes some of the entries that were used up to a moment, the oldest first.
--
-- KEYS: recency set, meta hash
-- ARGV: entry prefix, the moment ('' means now), how many at most
-- Returns the moment, and how many were deleted.

local recency, meta = KEYS[1], KEYS[2]
local prefix, moment, limit = ARGV[1], ARGV[2], ARGV[3]

if redis.call('TYPE', meta).ok ~= 'hash' then
  redis.call('UNLINK', meta)
end
if redis.call('TYPE', recency).ok ~= 'zset' then
  redis.call('UNLINK', recency)
  return {'0', 0}
end
if moment == '' then
  local latest = redis.call('ZREVRANGE', recency, 0, 0, 'WITHSCORES')
  moment = latest[2] or '0'
end

local members = redis.call('ZRANGEBYSCORE', recency, '-inf', moment, 'LIMIT', 0, limit)
local keys = {}
for i, member in ipairs(members) do
  keys[i] = prefix .. string.gsub(member, '.', function(byte)
    return string.format('%02x', string.byte(byte))
  end)
end
if #keys > 0 then
  redis.call('HSET', meta, 'clearing', moment)
  redis.call('UNLINK', unpack(keys))
  redis.call('ZREM', recency, unpack(members))
else
  redis.call('HDEL', meta, 'clearing')
end
return {moment, #keys}
