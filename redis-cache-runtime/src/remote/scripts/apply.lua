-- Applies touches and, where a value is given, makes room for it and stores it.
--
-- KEYS: recency set, meta hash[, entry, tombstones]
-- ARGV: maxsize (-1: no bound), entry prefix, touched members, one after the other
--       [, member, envelope, the epoch in which the value's body began: generation of the last clear ('': none,
--       '?': not known),
--       base and number of the last invalidation ('' and 0: none), ttl in ms ('' or absent: none)]
-- Returns how many entries were evicted, or -1 where a clear or an invalidation came after the body had begun; and the cache's
-- generation, base and number now.

local MEMBER = 16
local EVICTIONS = 128
local LOOK_FOR_EXPIRED = 16
local CHUNK = 256
-- Our scores and numbers stay below TOP: higher ones are another program's.
local TOP, ROOM = 2 ^ 52, 2 ^ 40
local RESCORED = 128

-- A member that another program has put into the recency set gets a key as well, so that it is evicted like others.
local function key_of(prefix, member)
  local length = math.min(#member, MEMBER)
  return prefix .. string.format(string.rep('%02x', length), string.byte(member, 1, length))
end

local recency, meta, entry, tombstones = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local maxsize, prefix, touched = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local member, envelope, generation = ARGV[4], ARGV[5], ARGV[6]
local base, number, ttl = ARGV[7], tonumber(ARGV[8]), ARGV[9]

-- The number of entries, counted only where it matters: for a store, and where a touch adds an entry.
local held
local function count_held()
  held = redis.pcall('ZCARD', recency)
  if type(held) == 'table' then
    -- Another program has written another type under our key.
    redis.call('UNLINK', recency)
    held = 0
  end
end
if member then
  count_held()
end

local marks = redis.pcall('HMGET', meta, 'clock', 'clearing', 'generation', 'invbase', 'inv', 'invfloor')
if marks.err then
  if not string.find(marks.err, 'WRONGTYPE', 1, true) then
    return marks
  end
  redis.call('UNLINK', meta)
  marks = {}
end
local clock, clearing, cleared = tonumber(marks[1] or ''), tonumber(marks[2] or ''), marks[3] or ''
local invbase, inv, floor = '', 0, 0
-- The fields of the meta hash that another program has written.
local foreign
local function is_nonce(text)
  return text and #text == 16 and not string.find(text, '[^0-9a-f]')
end
if cleared ~= '' and not is_nonce(cleared) then
  foreign = {'generation'}
  cleared = ''
end
if marks[4] or marks[5] or marks[6] then
  invbase, inv, floor = marks[4], tonumber(marks[5] or ''), tonumber(marks[6] or '0')
  local is_ours = is_nonce(invbase) and inv and floor and floor >= 0 and floor <= inv and inv < TOP
  if not (is_ours and inv % 1 == 0 and floor % 1 == 0) then
    foreign = {'invbase', 'inv', 'invfloor', foreign and 'generation'}
    invbase, inv, floor = '', 0, 0
  end
end

-- Whether the value's body began before the last clear, or before an invalidation of its entry. In doubt the value is refused.
local refused = member and cleared ~= '' and generation ~= cleared
if member and invbase ~= '' and not refused then
  local tombstone = redis.pcall('ZSCORE', tombstones, member)
  if type(tombstone) == 'table' then
    redis.call('UNLINK', tombstones)
    tombstone = nil
  end
  tombstone = tonumber(tombstone or '0')
  if tombstone > inv then
    redis.call('ZREM', tombstones, member)
    tombstone = 0
  end
  local is_of_others = base ~= '' and base ~= invbase
  refused = is_of_others or number > inv or number < floor or number < tombstone
end
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
  -- a script's writes unless it has written already; this script frees as much as it takes, so it may go on.
  redis.call('ZREM', recency, member)
end
if foreign then
  redis.call('HDEL', meta, unpack(foreign))
end

local latest = redis.pcall('ZREVRANGE', recency, 0, 0, 'WITHSCORES')
if latest.err then
  if not string.find(latest.err, 'WRONGTYPE', 1, true) then
    return latest
  end
  redis.call('UNLINK', recency)
  latest = {}
end
local top = math.max(0, math.ceil(tonumber(latest[2] or '0')))
local is_foreign = top >= TOP - ROOM
if is_foreign then
  top = 0
end
-- A clock that was lost, or that another program has set, goes on after the latest score.
if not clock or not (clock >= top and clock <= top + ROOM) or clock % 1 ~= 0 then
  clock = top
end
local count = #touched / MEMBER
local set = redis.pcall('HSET', meta, 'clock', clock + count + 1)
if type(set) == 'table' then
  return set
end
if is_foreign then
  -- Foreign scores are replaced, in their order, by scores right above the highest of ours.
  local function score_at(rank)
    return tonumber(redis.call('ZRANGE', recency, rank, rank, 'WITHSCORES')[2])
  end
  local limit, behind, first = TOP
  repeat
    local low, high = 0, redis.call('ZCARD', recency)
    while low < high do
      local middle = math.floor((low + high) / 2)
      if score_at(middle) < limit then
        low = middle + 1
      else
        high = middle
      end
    end
    first = low
    behind = first > 0 and math.max(0, math.ceil(score_at(first - 1))) or 0
    -- Scores just below the limit may be foreign as well.
    local is_close = behind >= limit - ROOM
    limit = limit / 2
  until not is_close or limit <= ROOM
  local scores = {}
  for place, high in ipairs(redis.call('ZRANGE', recency, first, first + RESCORED - 1)) do
    behind = behind + 1
    scores[2 * place - 1] = behind
    scores[2 * place] = high
  end
  redis.call('ZADD', recency, unpack(scores))
  clock = math.max(clock, behind)
  redis.call('HSET', meta, 'clock', clock + count + 1)
end
clock = clock + count + 1
if clearing and not (clearing < clock) then
  redis.call('HDEL', meta, 'clearing')
  clearing = nil
end

-- Adds a touched entry whose place in the recency set was lost.
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
    -- A touch that arrives late must not save an entry that is being cleared.
    if used ~= member and not (score and tonumber(score) <= clearing) then
      scores[#scores + 1] = clock - count + i
      scores[#scores + 1] = used
    end
  end
  if #scores == 0 then
    return
  end
  local changed = redis.call('ZADD', recency, 'XX', 'CH', unpack(scores))
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
  -- Expired entries are removed before others are evicted. Most of them are among the least recent.
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
    -- Victims stay in the recency set until they are deleted: while a slot is migrated, some lie on the other node, out of reach.
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
return {refused and -1 or evicted, cleared, invbase, inv}
