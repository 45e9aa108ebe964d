-- Each request books a slot of its own for the next patient, under a key of its own, with the patient's token.
-- Arguments: the file of tokens, the first slot of this run, and the number of connections. The threads have different
-- ids.
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
  -- The request is written by hand, because wrk.format would repeat the same headers for every request. Lua reads no
  -- responses, because wrk itself counts those other than 2xx.
  before = "POST /api/bookings HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body:format(0) .. "\r\nAuthorization: Bearer "
end

function request()
  -- Threads take the numbers in turn, so that no two request one slot and every patient comes equally often.
  local number = first + n * step + id
  n = n + 1
  return before .. tokens[number % #tokens + 1] .. "\r\nIdempotency-Key: b" .. number .. "\r\n\r\n"
    .. body:format(number)
end
