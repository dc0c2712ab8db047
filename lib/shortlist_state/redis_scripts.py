"""Scripts of the Redis store. Redis runs each script as a whole, so nobody sees a partial result.

The keys, all below a prefix: `events` (hash: sequence number -> event as JSON, or `!` and a pseudonym for an erasure),
`ids` (hash: event id -> sequence number), `user:ID` (sorted set whose members are time and sequence number, padded so
that they sort as text in the order of time), `shown:ID` (the same of impressions, in files of before among the others),
`attributes` (hash: user id -> what was written of the user, as JSON),
`erased` (hash: pseudonym -> sequence number), `taken` (how far a training
has read the log), `next`, `salt` and `version`. Those of the catalogue are in `redis_catalog.py`.

All scripts get the prefix and the caller's salt as arguments. A Redis that lost its data gets the salt back with the
first call. If it has another salt by then, the script answers with an error, and the caller has to read the salt.

A Redis may also lose single keys, such as those that it evicts. So every row is read with the user whose it is (`own`),
and numbers are never given twice: where the counter is lost or behind, it is made of the rows that are there (`free`).
"""

START = """
local p, salt = ARGV[1], redis.call('GET', ARGV[1] .. 'salt')
if not salt then redis.call('SET', p .. 'salt', ARGV[2])
elseif salt ~= ARGV[2] then return redis.error_reply('SALT is another one') end

local function payloads(members)
  local found = {}
  for first = 1, #members, 500 do
    local fields = {}
    for i = first, math.min(first + 499, #members) do fields[#fields + 1] = tonumber(string.sub(members[i], 17)) end
    for _, payload in ipairs(redis.call('HMGET', p .. 'events', unpack(fields))) do found[#found + 1] = payload end
  end
  return found
end

local function event(payload)
  if not payload or string.sub(payload, 1, 1) ~= '[' then return nil end
  local whole, fields = pcall(cjson.decode, payload)
  return whole and fields or nil
end

local function own(payload, user)
  local fields = event(payload)
  return fields and fields[2] == user and fields or nil
end

local function recount()
  local next = tonumber(redis.call('GET', p .. 'next') or '0')
  for _, number in ipairs(redis.call('HKEYS', p .. 'events')) do next = math.max(next, tonumber(number) + 1) end
  for _, number in ipairs(redis.call('HVALS', p .. 'erased')) do next = math.max(next, tonumber(number) + 1) end
  redis.call('SET', p .. 'next', string.format('%.0f', next))
  return next
end

local function newest(key, limit)
  if limit == 0 then return {} end
  return redis.call('ZRANGE', key, 0, limit - 1, 'REV')
end

local function all(user)  -- members of both kinds, in the order of time
  local members = redis.call('ZRANGE', p .. 'user:' .. user, 0, -1)
  local shown = redis.call('ZRANGE', p .. 'shown:' .. user, 0, -1)
  if #shown == 0 then return members end
  for _, member in ipairs(shown) do members[#members + 1] = member end
  table.sort(members)
  return members
end

local function free() return tonumber(redis.call('GET', p .. 'next') or recount()) end
"""

APPEND = (
    START
    + """
local next, accepted = free(), 0
for i = 3, #ARGV, 5 do  -- event id, kind of event, user id, time, event
  local before = redis.call('HGET', p .. 'ids', ARGV[i])
  local there = before and event(redis.call('HGET', p .. 'events', before))
  if not (there and there[1] == ARGV[i]) then
    if redis.call('HSETNX', p .. 'events', next, ARGV[i + 4]) == 0 then
      next = recount()
      redis.call('HSET', p .. 'events', next, ARGV[i + 4])
    end
    redis.call('HSET', p .. 'ids', ARGV[i], next)
    redis.call('ZADD', p .. ARGV[i + 1] .. ARGV[i + 2], 0, ARGV[i + 3] .. string.format('%016d', next))
    next, accepted = next + 1, accepted + 1
  end
end
redis.call('SET', p .. 'next', string.format('%.0f', next))
return accepted
"""
)

DESCRIBE = (
    START
    + """
for i = 3, #ARGV, 2 do  -- user id, attributes
  if ARGV[i + 1] == '' then redis.call('HDEL', p .. 'attributes', ARGV[i])
  else redis.call('HSET', p .. 'attributes', ARGV[i], ARGV[i + 1]) end
end
return 1
"""
)

POSITION = START + "return free() - 1"

READ = (
    START
    + """
local users, limit, most = {}, tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 5, #ARGV, 2 do  -- user id, pseudonym
  local members = newest(p .. 'user:' .. ARGV[i], limit)
  for _, member in ipairs(newest(p .. 'shown:' .. ARGV[i], most)) do members[#members + 1] = member end
  users[#users + 1] = {
    redis.call('HEXISTS', p .. 'erased', ARGV[i + 1]), payloads(members), redis.call('HGET', p .. 'attributes', ARGV[i])
  }
end
return users
"""
)

SUMMARY = (
    START
    + """
local members, types, flat = all(ARGV[3]), {}, {}
for i, payload in ipairs(payloads(members)) do
  local fields = own(payload, ARGV[3])
  if fields then
    local of_type = types[fields[5]] or {0, members[i]}
    types[fields[5]] = {of_type[1] + 1, of_type[2], members[i]}
  end
end
for type, of_type in pairs(types) do  -- count, first, last
  for _, value in ipairs({type, unpack(of_type)}) do flat[#flat + 1] = value end
end
return {redis.call('HEXISTS', p .. 'erased', ARGV[4]), flat, redis.call('HGET', p .. 'attributes', ARGV[3])}
"""
)

EXPORT = (
    START
    + """
local after, limit, later = tonumber(ARGV[4]), tonumber(ARGV[5]), {}
for _, member in ipairs(all(ARGV[3])) do
  local sequence = string.sub(member, 17)
  if tonumber(sequence) > after then later[#later + 1] = sequence end
end
table.sort(later)
local page = {after, #later > limit and 1 or 0}
for i = 1, math.min(limit, #later) do
  page[1] = tonumber(later[i])
  page[#page + 1] = page[1]
  page[#page + 1] = redis.call('HGET', p .. 'events', page[1])
end
return page
"""
)

ERASE = (
    START
    + """
local user, members, deleted = ARGV[4], all(ARGV[3]), 0
for i, payload in ipairs(payloads(members)) do
  local fields = own(payload, ARGV[3])
  if fields then
    redis.call('HDEL', p .. 'ids', fields[1])
    deleted = deleted + redis.call('HDEL', p .. 'events', tonumber(string.sub(members[i], 17)))
  end
end
redis.call('DEL', p .. 'user:' .. ARGV[3], p .. 'shown:' .. ARGV[3])
redis.call('HDEL', p .. 'attributes', ARGV[3])
local before = redis.call('HGET', p .. 'erased', user)
if before then redis.call('HDEL', p .. 'events', before) end
local sequence = free()
redis.call('SET', p .. 'next', string.format('%.0f', sequence + 1))
redis.call('HSET', p .. 'erased', user, sequence)
redis.call('HSET', p .. 'events', sequence, '!' .. user)
return deleted
"""
)

LOG = (
    START
    + """
local at, limit = tonumber(ARGV[3]) + 1, tonumber(ARGV[4])
local last, most = free() - 1, at + limit + 10000
local page = {0, 0}
while at <= last and at < most and #page < 2 * limit + 2 do
  local fields = {}
  for i = at, math.min(last, at + math.min(500, limit - #page / 2 + 1) - 1) do fields[#fields + 1] = i end
  for i, payload in ipairs(redis.call('HMGET', p .. 'events', unpack(fields))) do
    if payload then page[#page + 1] = fields[i]; page[#page + 1] = payload end
  end
  at = at + #fields
end
page[1], page[2] = at - 1, at <= last and 1 or 0
return page
"""
)

# The events that are due are the first ones of a user and kind in the order of time, whichever rule they are due by.
EXPIRE = (
    START
    + """
local before, most, limit = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local key = p .. ARGV[3] .. ARGV[4]
local taken = tonumber(redis.call('GET', p .. 'taken'))
local count = before == '' and 0 or redis.call('ZLEXCOUNT', key, '-', '(' .. before)
if most then count = math.max(count, redis.call('ZCARD', key) - most) end
local deleted, waiting = 0, 0
local due = count > 0 and redis.call('ZRANGE', key, 0, math.min(count, limit) - 1) or {}
for i, payload in ipairs(payloads(due)) do
  local sequence = tonumber(string.sub(due[i], 17))
  if taken and sequence > taken then
    waiting = waiting + 1
  else
    local fields = own(payload, ARGV[4])
    if fields then
      redis.call('HDEL', p .. 'ids', fields[1])
      redis.call('HDEL', p .. 'events', sequence)
    end
    redis.call('ZREM', key, due[i])
    deleted = deleted + 1
  end
end
return {deleted, waiting, (count > limit and deleted > 0) and 1 or 0}
"""
)

TAKE = (
    START
    + """
local before = tonumber(redis.call('GET', p .. 'taken'))
if not before or tonumber(ARGV[3]) > before then redis.call('SET', p .. 'taken', ARGV[3]) end
return 1
"""
)
