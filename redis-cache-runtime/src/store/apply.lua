-- Applies touches and, where a value is given, makes room for it and stores it.
--
-- KEYS: recency set, meta hash[, entry]
-- ARGV: maxsize (-1: no bound), entry prefix, touched members, one after the other
--       [, member, envelope, generation of the last clear that the value's writer knew ('': any), ttl in ms ('': none)]
-- Returns how many entries were evicted, or -1 where a clear has come between; and the generation of the last clear.

local MEMBER = 16
local EVICTIONS = 128
local LOOK_FOR_EXPIRED = 16
local CHUNK = 256

-- Whatever else somebody has put into the recency set is not the name of an entry, and is only to go its way.
local function key_of(prefix, member)
  local length = math.min(#member, MEMBER)
  return prefix .. string.format(string.rep('%02x', length), string.byte(member, 1, length))
end

local recency, meta, entry = KEYS[1], KEYS[2], KEYS[3]
local maxsize, prefix, touched = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local member, envelope, generation, ttl = ARGV[4], ARGV[5], ARGV[6], ARGV[7]

-- Counted where it matters: uses that are only told change nothing about it.
local held
local function count_held()
  held = redis.pcall('ZCARD', recency)
  if type(held) == 'table' then
    -- Somebody wrote another type under a name that is ours.
    redis.call('UNLINK', recency)
    held = 0
  end
end
if member then
  count_held()
end

local marks = redis.pcall('HMGET', meta, 'clearing', 'generation')
local clearing, cleared = tonumber(marks[1] or ''), marks[2]
if marks.err then
  clearing, cleared = nil, nil
end
local refused = member and cleared and generation ~= '' and generation ~= cleared
if refused then
  member = nil
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

-- Takes up a touched entry whose place in the recency set was lost.
local function adopt(used, score)
  if not redis.call('ZSCORE', recency, used) and redis.pcall('EXISTS', key_of(prefix, used)) == 1 then
    redis.call('ZADD', recency, score, used)
    if held then
      held = held + 1
    else
      count_held()
    end
  end
end

local function touch(first, last)
  local scores = {}
  for i = first, last do
    local used = string.sub(touched, i * MEMBER + 1, (i + 1) * MEMBER)
    local score = clearing and redis.call('ZSCORE', recency, used)
    -- What is being cleared must not be saved by a use that is told late.
    if used ~= member and not (score and tonumber(score) <= clearing) then
      scores[#scores + 1] = clock - count + i
      scores[#scores + 1] = used
    end
  end
  if #scores == 0 then
    return
  end
  local changed = redis.pcall('ZADD', recency, 'XX', 'CH', unpack(scores))
  if type(changed) == 'table' then
    -- Another type under our name, or no memory left: what is said first is mended first.
    count_held()
    changed = redis.call('ZADD', recency, 'XX', 'CH', unpack(scores))
  end
  if changed < #scores / 2 then
    for i = 1, #scores, 2 do
      adopt(scores[i + 1], scores[i])
    end
  end
end

for first = 0, count - 1, CHUNK do
  touch(first, math.min(first + CHUNK, count) - 1)
end

if ttl and ttl ~= '' and member then
  -- An entry that has expired makes room without costing another its place. Few are far from the oldest.
  for _, oldest in ipairs(redis.call('ZRANGE', recency, 0, LOOK_FOR_EXPIRED - 1)) do
    if redis.pcall('EXISTS', key_of(prefix, oldest)) == 0 then
      redis.call('ZREM', recency, oldest)
      held = held - 1
    end
  end
end

local evicted = 0
local over = maxsize >= 0 and held and held - maxsize + (member and 1 or 0) or 0
if over > 0 then
  local victims = redis.call('ZRANGE', recency, 0, math.min(over, EVICTIONS) - 1)
  local keys = {}
  for i, victim in ipairs(victims) do
    keys[i] = key_of(prefix, victim)
  end
  if #keys > 0 then
    -- They stay on record until they are gone: while a slot moves, some lie on the other server and can't be deleted here.
    evicted = redis.pcall('UNLINK', unpack(keys))
    if type(evicted) == 'table' then
      if known then
        redis.call('ZADD', recency, known, member)
      end
      return redis.error_reply('TRYAGAIN the slot is on its way')
    end
    redis.call('ZREM', recency, unpack(victims))
  end
end

if member then
  if ttl and ttl ~= '' then
    redis.call('SET', entry, envelope, 'PX', ttl)
  else
    redis.call('SET', entry, envelope)
  end
  redis.call('ZADD', recency, clock, member)
end
return {refused and -1 or evicted, cleared or ''}
