-- Each request books a slot of its own for the next patient, under a key of its own, with the patient's token.
-- Arguments: file of tokens, first slot of this run, number of connections' threads are told apart by an id.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  tokens = {}
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  first, step = tonumber(args[2]), tonumber(args[3])
  n = 0
  body = '{"slot_id":"00000000-0000-7000-8000-%012x"}'
  -- By hand, because wrk.format would put the same headers together for every request. Answers are not looked at
  -- here, because wrk counts those that are not 2xx by itself, without handing each to Lua.
  before = "POST /api/bookings HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body:format(0) .. "\r\nAuthorization: Bearer "
end

function request()
  -- Threads take turns in the numbers, so that no two ask for one slot and the patients are walked through evenly.
  local number = first + n * step + id
  n = n + 1
  return before .. tokens[number % #tokens + 1] .. "\r\nIdempotency-Key: b" .. number .. "\r\n\r\n"
    .. body:format(number)
end
