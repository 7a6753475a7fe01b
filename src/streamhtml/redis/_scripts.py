"""What Redis has to do in one step, in Lua. Each is sent with ``EVAL``: one command and one reply.

So a step is done or not done, and all tasks can share one connection. ``WATCH`` and ``MULTI`` would
need a connection of their own between two replies, and a plain pipeline cannot stop in the middle.

An answer is a stream with one entry for each entry of the log. Its id is ``EPOCH-NUMBER``, and its
fields are ``entry`` and, in the last one, ``end``. Its text is only stored and compared.

The keys are always the entries, the lease and the stop flag. The names of the first and the last
are also the names of the channels on which their changes are published.
"""

from typing import Final

_SHARED: Final = """
local entries, lease, stop = unpack(KEYS)

local function first() return redis.call('XRANGE', entries, '-', '+', 'COUNT', 1)[1] end
local function last() return redis.call('XREVRANGE', entries, '+', '-', 'COUNT', 1)[1] end
local function epoch_of(entry) return string.match(entry[1], '^%d+') end
local function text_of(entry) return entry[2][2] end
local function end_of(entry) return entry[2][4] end

local function add(epoch, number, text, ending, ttl)
    local fields = {'entry', text}
    if ending and ending ~= '' then fields = {'entry', text, 'end', ending} end
    -- This comes first: after another command that writes, Redis would ignore that it is full.
    local added = redis.pcall('XADD', entries, epoch .. '-' .. number, unpack(fields))
    if added.err then return added end
    redis.call('PEXPIRE', entries, ttl)
    redis.call('PUBLISH', entries, number)
end

local function hold(lease_time)
    -- If its memory is full, Redis refuses SET, but not PEXPIRE.
    if redis.call('PEXPIRE', lease, lease_time) == 0 then
        redis.call('SET', lease, '', 'PX', lease_time)
    end
end
"""

CREATE: Final = (
    _SHARED
    + """
local lease_time, ttl, text = unpack(ARGV)
local time = redis.call('TIME')
local epoch = time[1] * 1000 + math.floor(time[2] / 1000)
local before = last()
if before then
    if text_of(first()) == text then
        hold(lease_time)
        return epoch_of(before)
    end
    local ending = end_of(before)
    if ending == 'final' or not ending and redis.call('EXISTS', lease) == 1 then return false end
    epoch = math.max(epoch, epoch_of(before) + 1)
    redis.call('DEL', entries)
end
epoch = string.format('%.0f', epoch)
local failure = add(epoch, 0, text, nil, ttl)
if failure then return failure end
hold(lease_time)
redis.call('DEL', stop)
return epoch
"""
)
"""Begin an answer, and return its epoch: the time in milliseconds, or more. Return nothing if the
answer is not free. What the same writer has begun, by its header, is there already.

Arguments: lease and TTL in milliseconds, and the text of entry 0.
"""

APPEND: Final = (
    _SHARED
    + """
local lease_time, ttl, epoch, number, text, ending = unpack(ARGV)
local before = last()
if not before then return 'gone' end
if epoch_of(before) ~= epoch then return 'fenced' end
local id = epoch .. '-' .. number
local found = redis.call('XRANGE', entries, id, id)[1]
if found then
    if text_of(found) ~= text then return 'fenced' end
elseif end_of(before) then
    return 'fenced'
elseif before[1] ~= epoch .. '-' .. (number - 1) then
    return 'gone'
end
if not found then
    local failure = add(epoch, number, text, ending, ttl)
    if failure then
        redis.call('PEXPIRE', lease, lease_time)  -- The writer tries again.
        return failure
    end
end
hold(lease_time)
return redis.call('EXISTS', stop) == 1 and 'stop' or 'go on'
"""
)
"""Append an entry. Return "stop" or "go on", "gone" or "fenced".

Arguments: lease and TTL in milliseconds, the epoch, the number, the text and ``""`` or the end.
"""

RENEW: Final = (
    _SHARED
    + """
local lease_time, ttl, epoch = unpack(ARGV)
local before = last()
if not before then return 'gone' end
if epoch_of(before) ~= epoch or end_of(before) then return 'fenced' end
hold(lease_time)
redis.call('PEXPIRE', entries, ttl)
return redis.call('EXISTS', stop) == 1 and 'stop' or 'go on'
"""
)
"""Hold the lease. Return what ``APPEND`` returns.

Arguments: lease and TTL in milliseconds, and the epoch.
"""

READ: Final = (
    _SHARED
    + """
local before = last()
if not before then return false end
local epoch = epoch_of(before)
local lease_left = end_of(before) and 0 or math.max(redis.call('PTTL', lease), 0)
return {epoch, lease_left, redis.call('XRANGE', entries, epoch .. '-' .. ARGV[1], '+')}
"""
)
"""Return the epoch, what is left of the lease in milliseconds, and the entries from a number on.

Argument: the number.
"""

END_LOST: Final = (
    _SHARED
    + """
local ttl, epoch, number, text = unpack(ARGV)
local before = last()
if before and before[1] == epoch .. '-' .. (number - 1) and not end_of(before)
    and redis.call('EXISTS', lease) == 0
then
    return add(epoch, number, text, 'repeatable', ttl)
end
"""
)
"""End an answer whose writer has lost its lease, if the last entry is the one before ``number``.

Arguments: the TTL in milliseconds, the epoch, the number and the text of the entry.
"""

REQUEST_STOP: Final = (
    _SHARED
    + """
if redis.call('EXISTS', entries) == 1 then
    redis.call('SET', stop, '', 'PX', ARGV[1])
    redis.call('PUBLISH', stop, '')
end
"""
)
"""Set the stop flag of an answer that is stored.

Argument: the TTL in milliseconds.
"""
