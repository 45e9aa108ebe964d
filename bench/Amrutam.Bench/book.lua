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
end

function request()
  -- Threads take turns in the numbers, so that no two ask for one slot and the patients are walked through evenly.
  local number = first + n * step + id
  n = n + 1
  local slot = string.format("00000000-0000-7000-8000-%012x", number)
  return wrk.format("POST", "/api/bookings", {
    ["Authorization"] = "Bearer " .. tokens[number % #tokens + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = "b" .. number,
  }, '{"slot_id":"' .. slot .. '"}')
end

function response(status)
  if status ~= 201 then failed = (failed or 0) + 1 end
end
