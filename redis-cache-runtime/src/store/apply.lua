-- Applies touches and, where a value is given, makes room for it and stores it.
--
-- KEYS: recency set, meta hash[, entry]
-- ARGV: maxsize (-1: no bound), entry prefix, touched members, one after the other[, member, envelope[, ttl in ms]]
-- Returns how many entries were evicted.

local MEMBER = 16
local EVICTIONS = 128
local LOOK_FOR_EXPIRED = 16

local function key_of(prefix, member)
  return prefix .. string.gsub(member, '.', function(byte)
    return string.format('%02x', string.byte(byte))
  end)
end

local recency, meta, entry = KEYS[1], KEYS[2], KEYS[3]
local maxsize, prefix, touched = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local member, envelope, ttl = ARGV[4], ARGV[5], ARGV[6]

local held = redis.pcall('ZCARD', recency)
if type(held) == 'table' then
  -- Somebody wrote another type under a name that is ours.
  redis.call('UNLINK', recency)
  held = 0
end

local known = member and redis.call('ZSCORE', recency, member)
if known then
  held = held - 1
end
local full = member and maxsize >= 0 and held >= maxsize
if known or full then
  -- The entry is put back below as the latest. The removal also comes first because Redis, once out of memory, refuses
  -- a script's writes unless it has written already; this one frees what it takes, so it may go on.
  redis.call('ZREM', recency, member)
end

local count = #touched / MEMBER
local clock = redis.pcall('HINCRBY', meta, 'clock', count + 1)
if type(clock) == 'table' then
  if not (string.find(clock.err, 'WRONGTYPE', 1, true) or string.find(clock.err, 'ERR', 1, true)) then
    return clock
  end
  -- Somebody wrote something else under a name that is ours.
  redis.call('UNLINK', meta)
  clock = redis.call('HINCRBY', meta, 'clock', count + 1)
end
if clock == count + 1 then
  local latest = redis.call('ZREVRANGE', recency, 0, 0, 'WITHSCORES')
  if latest[2] then
    -- The clock was lost: go on after the latest use that is on record.
    clock = redis.call('HINCRBY', meta, 'clock', latest[2])
  end
end

local clearing = tonumber(redis.call('HGET', meta, 'clearing') or '')
for i = 0, count - 1 do
  local used = string.sub(touched, i * MEMBER + 1, (i + 1) * MEMBER)
  local score = clearing and redis.call('ZSCORE', recency, used)
  -- What is being cleared must not be saved by a use that is told late.
  if not (score and tonumber(score) <= clearing) then
    redis.call('ZADD', recency, 'XX', clock - count + i, used)
  end
end
if not member then
  return 0
end

if ttl and member then
  -- An entry that has expired makes room without costing another its place. Few are far from the oldest.
  for _, oldest in ipairs(redis.call('ZRANGE', recency, 0, LOOK_FOR_EXPIRED - 1)) do
    if redis.call('EXISTS', key_of(prefix, oldest)) == 0 then
      redis.call('ZREM', recency, oldest)
      held = held - 1
    end
  end
end

local evicted = 0
if full and held >= maxsize then
  local victims = redis.call('ZPOPMIN', recency, math.min(held - maxsize + 1, EVICTIONS))
  local keys = {}
  for i = 1, #victims, 2 do
    keys[#keys + 1] = key_of(prefix, victims[i])
  end
  evicted = redis.call('UNLINK', unpack(keys))
end

if ttl then
  redis.call('SET', entry, envelope, 'PX', ttl)
else
  redis.call('SET', entry, envelope)
end
redis.call('ZADD', recency, clock, member)
return evicted
