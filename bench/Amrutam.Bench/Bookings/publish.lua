-- Each request publishes a slot of half an hour for the next doctor, with the doctor's token.
-- Arguments: the file of tokens, the first slot's time in seconds since 1970, and the number of threads.
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

local function instant(number)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", first + number * 1800)
end

function request()
  local number = n * step + id
  n = n + 1
  local half_hour = math.floor(number / #tokens)
  return wrk.format("POST", "/api/slots", {
    ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. tokens[number % #tokens + 1] },
    '{"starts_at":"' .. instant(half_hour) .. '","ends_at":"' .. instant(half_hour + 1) .. '"}')
end
