r"""The transitions of `keys.py` and the effects in Lua: one script a step, which Redis runs whole and alone.

Keys, behind the prefix: `record:KEY` is a string `deadline\nowner\nfingerprint\nanswer`, its last part empty while the
work runs; `unfinished` and `done` are sorted sets of keys by deadline, for the sweep and the limit; `resources:PLACE` are
hashes of identifier to `number value`; `order` is the sorted set of all resources by number; `sequence` gives the numbers;
`counts` is a hash. Redis drops a record by itself some time after its deadline; whether one is over is told by `now`.
An effect takes seven arguments: kind, 1 if it is counted, operation, place, identifier, value, and the value before.
Only commands of Redis 5 are used, which Valkey has too, and no modules.
"""

from __future__ import annotations

from typing import Final

_COMMON: Final = r"""
local prefix = KEYS[1]
local key = ARGV[1]
local name = prefix .. 'record:' .. key

local function parts(record)
  local deadline, owner, rest = string.match(record, '^([^\n]*)\n([^\n]*)\n[^\n]*\n()')
  return tonumber(deadline), owner, rest <= #record
end

local function held(owner)
  local record = redis.call('GET', name)
  if not record then return false end
  local _, whose, finished = parts(record)
  return whose == owner and not finished and record
end

local function keep(record, ttl, set, deadline)
  if ttl == '' then redis.call('SET', name, record) else redis.call('SET', name, record, 'PX', ttl) end
  redis.call('ZADD', prefix .. set, deadline, key)
end

local function value(stored)
  return string.sub(stored, (string.find(stored, ' ', 1, true)) + 1)
end

local function happen(first, limit)
  for at = first, #ARGV, 7 do
    local kind, _, _, place, identifier, _, before = unpack(ARGV, at, at + 6)
    if kind == 'update' or kind == 'delete' then
      local stored = redis.call('HGET', prefix .. 'resources:' .. place, identifier)
      if not stored or value(stored) ~= before then return false end
    end
  end
  for at = first, #ARGV, 7 do
    local kind, counted, operation, place, identifier, after = unpack(ARGV, at, at + 5)
    local resources = prefix .. 'resources:' .. place
    if counted == '1' then redis.call('HINCRBY', prefix .. 'counts', operation, 1) end
    if kind == 'delete' then
      redis.call('HDEL', resources, identifier)
      redis.call('ZREM', prefix .. 'order', place .. identifier)
    elseif kind ~= 'other' then
      local stored = redis.call('HGET', resources, identifier)
      local number = stored and string.match(stored, '^%d+') or redis.call('INCR', prefix .. 'sequence')
      redis.call('HSET', resources, identifier, number .. ' ' .. after)
      redis.call('ZADD', prefix .. 'order', number, place .. identifier)
      while redis.call('ZCARD', prefix .. 'order') > tonumber(limit) do
        local oldest = redis.call('ZPOPMIN', prefix .. 'order')[1]
        redis.call('HDEL', prefix .. 'resources:' .. string.sub(oldest, 1, 32), string.sub(oldest, 33))
      end
    end
  end
  return true
end
"""

CLAIM: Final = (
    _COMMON
    + r"""
local now, deadline, ttl, head, limit = unpack(ARGV, 2, 6)
local record = redis.call('GET', name)
local expired = 0
if record then
  local ends, _, finished = parts(record)
  if tonumber(now) < ends then return record end
  if finished then
    expired = 1
    redis.call('ZREM', prefix .. 'done', key)
  end
end
keep(head, ttl, 'unfinished', deadline)
if redis.call('ZCARD', prefix .. 'done') + redis.call('ZCARD', prefix .. 'unfinished') > tonumber(limit) then
  local first = redis.call('ZPOPMIN', prefix .. 'done')[1] or redis.call('ZPOPMIN', prefix .. 'unfinished')[1]
  redis.call('UNLINK', prefix .. 'record:' .. first)
end
return expired
"""
)
"""The record in the way, else 1 if a finished one was over, else 0."""

COMPLETE: Final = (
    _COMMON
    + r"""
local owner, deadline, ttl, answer, limit = unpack(ARGV, 2, 6)
local record = held(owner)
if not record then return 0 end
if not happen(7, limit) then return 2 end
local _, start = string.find(record, '\n', 1, true)
keep(deadline .. string.sub(record, start) .. answer, ttl, 'done', deadline)
redis.call('ZREM', prefix .. 'unfinished', key)
return 1
"""
)
"""0: lost; 1: done; 2: stale. So do RELEASE and APPLY."""

RELEASE: Final = (
    _COMMON
    + r"""
local owner, limit = unpack(ARGV, 2, 3)
if not held(owner) then return 0 end
if not happen(4, limit) then return 2 end
redis.call('UNLINK', name)
redis.call('ZREM', prefix .. 'unfinished', key)
return 1
"""
)

APPLY: Final = (
    _COMMON
    + r"""
return happen(3, ARGV[2]) and 1 or 2
"""
)

RENEW: Final = (
    _COMMON
    + r"""
local owner, deadline, ttl = unpack(ARGV, 2, 4)
local record = held(owner)
if not record then return 0 end
local _, start = string.find(record, '\n', 1, true)
keep(deadline .. string.sub(record, start), ttl, 'unfinished', deadline)
return 1
"""
)

SWEEP: Final = r"""
local prefix = KEYS[1]
local swept = 0
for _, set in ipairs({'unfinished', 'done'}) do
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', prefix .. set, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
    redis.call('UNLINK', prefix .. 'record:' .. key)
    redis.call('ZREM', prefix .. set, key)
    swept = swept + 1
  end
end
return swept
"""
